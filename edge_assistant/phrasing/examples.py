"""The examples of free phrasings, and sentences drawn from them, each said in a home made up for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from edge_assistant.devices.home import Home
from edge_assistant.errors import ConfigError
from edge_assistant.phrasing.spotting import Phrase
from edge_assistant.phrasing.words import stem, words
from edge_assistant.yaml_file import read_yaml

_TOKEN: Final = re.compile(r"[()\[\]|?]|\{[^{}]+\}|<[^<>]+>|[^()\[\]|?{}<>]+")
_KINDS: Final = {
    "colors": "color",
    "tones": "tone",
    "levels": "level",
}


class Examples:
    """The examples of one language."""

    def __init__(self, folder: Path, language: str) -> None:
        self.language = language
        self._folder = folder
        self.words: Mapping[str, Any] = _mapping(folder / "words.yaml")
        self._homes: Mapping[str, Any] = _mapping(folder / "homes.yaml")
        self.acts: dict[str, list[tuple[str, Mapping[str, str]]]] = {}
        for path in sorted(folder.glob("*.yaml")):
            document: Mapping[str, Any] = _mapping(path)
            parts = document.get("parts", {})
            listed = {**document.get("acts", {}), **({"none": document["none"]} if "none" in document else {})}
            for act, patterns in listed.items():
                self.acts.setdefault(act, []).extend((pattern, parts) for pattern in patterns)

    def lexicon(self) -> list[Phrase]:
        """Return the words that stand for kinds of things."""
        found = [(said, "thing", value) for value, listed in self.words["things"].items() for said in listed]
        for section, kind in _KINDS.items():
            found += [(said, kind, value) for value, listed in self.words[section].items() for said in listed]
        found += [(said, kind, "") for kind in ("all", "here") for said in self.words[kind]]
        found += [(said, "room", "") for said in self._homes["rooms"]]
        rows = {(tuple(stem(word) for word in words(said)), kind, str(value)) for said, kind, value in found}
        return [Phrase(*row) for row in sorted(rows)]

    def asking(self) -> tuple[list[Phrase], list[str]]:
        """Return the words of questions about states: those that mean something, and those that mean nothing."""
        asking = _mapping(self._folder / "asking" / "words.yaml")
        found = [
            (said, kind, value)
            for section, kind in (("conditions", "condition"), ("states", "state"))
            for value, listed in asking[section].items()
            for said in listed
        ]
        found += [(said, "measure", "") for said in asking["measures"]]
        rows = {(tuple(stem(word) for word in words(said)), kind, str(value)) for said, kind, value in found}
        things = [phrase for phrase in self.lexicon() if phrase.kind == "thing"]
        return [*(Phrase(*row) for row in sorted(rows)), *things], sorted(
            {part for said in asking["fillers"] for part in words(said)}
        )

    def home(self, random: Random) -> Home:
        """Make up a home: rooms, and devices called after rooms, places and owners."""
        rooms = random.sample(self._homes["rooms"], 7)
        entities = [
            {
                "id": f"{domain}.{number}",
                "name": self._name(domain, random.choice(nouns), room, random),
                "domain": domain,
                "area": room,
            }
            for domain, nouns in self._homes["devices"].items()
            for number in range(1 if domain == "vacuum" else random.choice((1, 2, 3, 5)))
            for room in [random.choice(rooms)]
        ]
        areas = [{"name": room} for room in rooms]
        return Home.from_mapping({"areas": areas, "floors": self._homes["floors"], "entities": entities})

    def _name(self, domain: str, noun: str, room: str, random: Random) -> str:
        style = random.random()
        front = (
            "" if domain == "scene" or style > 0.8 else room if style < 0.4 else random.choice(self._homes["others"])
        )
        return f"{front} {noun}".strip() if self.language == "en" else front + noun


def _mapping(path: Path) -> Mapping[str, Any]:
    value = read_yaml(path).value
    if not isinstance(value, dict):
        raise ConfigError(f"{path.name}: this is no table of examples")
    return value


class Sampler:
    """Draws sentences from patterns in one home."""

    def __init__(self, examples: Examples, home: Home, random: Random) -> None:
        self._examples = examples
        self._home = home
        self._random = random
        self._join = " " if examples.language == "en" else ""

    def draw(self, pattern: str, parts: Mapping[str, str]) -> str:
        """Return one sentence of a pattern."""
        self._parts = parts
        said = self._group(iter(_TOKEN.findall(pattern)), "")
        return re.sub(r"\s+", " ", said).strip() if self._join else re.sub(r"\s+", "", said)

    def _group(self, tokens: Iterator[str], end: str) -> str:
        choices: list[list[str]] = [[]]
        for part in tokens:
            if part == end:
                break
            if part == "|":
                choices.append([])
            elif part == "?":
                choices[-1][-1:] = choices[-1][-1:] if self._random.random() < 0.4 else []
            elif part == "(":
                choices[-1].append(self._group(tokens, ")"))
            elif part == "[":
                inner = self._group(tokens, "]")
                choices[-1].append(inner if self._random.random() < 0.4 else "")
            elif part[0] == "{":
                choices[-1].append(self._slot(part[1:-1]))
            elif part[0] == "<":
                choices[-1].append(self._group(iter(_TOKEN.findall(self._parts[part[1:-1]])), ""))
            else:
                choices[-1].append(part)
        return "".join(self._random.choice(choices))

    def _slot(self, kind: str) -> str:
        pick, language = self._random.choice, self._examples.language
        if kind in ("area", "floor"):
            place = pick(self._home.areas if kind == "area" else self._home.floors)
            return place.name.casefold()
        if kind in ("color", "tone", "level"):
            section = {value: key for key, value in _KINDS.items()}[kind]
            return str(pick([said for listed in self._examples.words[section].values() for said in listed]))
        if kind in ("all", "here"):
            return str(pick(self._examples.words[kind]))
        number = pick([*range(1, 100), *range(10, 101, 10), *range(10, 101, 10)])
        if kind == "percent":
            return (
                pick([f"{number}%", f"{number} percent"])
                if language == "en"
                else pick([f"{number}%", f"百分之{number}"])
            )
        if kind == "temperature":
            return f"{pick(range(15, 30))} degrees" if language == "en" else f"{pick(range(15, 30))}度"
        if kind == "number":
            return str(number)
        domain = {"media": "media_player"}.get(kind, kind)
        named = [entity for entity in self._home.entities if entity.domain == domain]
        return pick(named).name.casefold()
