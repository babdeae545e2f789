"""The rules of one language while they are being read: everything that is mentioned exists, nothing grows forever."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from edge_assistant.errors import ConfigError
from edge_assistant.rules.borders import Kept, Kinds
from edge_assistant.rules.growth import Growth
from edge_assistant.rules.programs import Node, list_program, parted, program
from edge_assistant.rules.word_index import required
from edge_assistant.yaml_file import Document, Value, parse_yaml

OWN: Final = "own"
"""The pack of the rules that come with this package, and of the user's own."""


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence template and what it means."""

    intent: str
    text: str
    source: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    requires: Mapping[str, Any] = field(default_factory=dict)
    excludes: Mapping[str, Any] = field(default_factory=dict)
    response: str | None = None
    clauses: Sequence[Sequence[str]] = ()
    """Of each of these, one word must stand in a text that this template can match."""
    shipped: bool = True
    """Comes with this package, or with a pack: what it costs to match is known."""
    program: Sequence[int] = ()
    """The template as the sieve reads it: which of the `parts` of the rules follow each other."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that the files of one language say."""

    language: str
    templates: tuple[Template, ...] = ()
    expansions: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Any] = field(default_factory=dict)
    wildcards: Mapping[str, str] = field(default_factory=dict)
    """Open slots, and the check that what they catch must pass."""
    frames: tuple[tuple[str, str, bool], ...] = ()
    """Words before and after a request that change nothing about it, longest first; true: only a question fits."""
    responses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ignore_whitespace: bool = False
    files: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Why a file of the user is not in use, one sentence each."""
    pack: str = OWN
    parts: Sequence[Node] = ()
    """What templates are made of, as the sieve reads it."""
    programs: Mapping[str, Node] = field(default_factory=dict)
    """The expansion rules as the sieve reads them."""
    list_programs: Mapping[str, Node] = field(default_factory=dict)
    beginnings: Kept = ()
    """What templates begin with."""
    endings: Kept = ()

    def prepared(self) -> Rules:
        """Return these rules with everything worked out that makes matching fast."""
        from hassil.intents import Intents
        from hassil.parse_expression import parse_sentence

        parsed = {name: parse_sentence(text) for name, text in self.expansions.items()}
        lists = Intents.from_dict({"language": self.language, "intents": {}, "lists": self.lists}).slot_lists
        numbered: dict[str, tuple[int, Node]] = {}
        templates = tuple(_prepared(template, parsed, numbered) for template in self.templates)
        parts = [node for _, node in numbered.values()]
        programs = {name: program(sentence.expression) for name, sentence in parsed.items()}
        list_programs = {name: list_program(slots) for name, slots in lists.items()}
        whole = [[parts[part] for part in template.program] for template in templates]
        beginnings, endings = (Kinds(programs, list_programs, back).kept(whole) for back in (False, True))
        return replace(
            self,
            templates=templates,
            parts=parts,
            programs=programs,
            list_programs=list_programs,
            beginnings=beginnings,
            endings=endings,
        )


def _prepared(template: Template, parsed: dict[str, Any], parts: dict[str, tuple[int, Node]]) -> Template:
    from hassil.parse_expression import parse_sentence

    sentence = parse_sentence(template.text)
    clauses = required(sentence.get_required_clauses(parsed))
    nodes = parted(program(sentence.expression))
    numbered = [parts.setdefault(str(node), (len(parts), node))[0] for node in nodes]
    return replace(template, clauses=clauses, program=numbered)


@dataclass(frozen=True, slots=True)
class RuleFile:
    path: Path
    content: bytes
    own: bool
    """Shipped with the package: an error in it is ours, and stops everything."""


class Draft:
    """The rules while they are being read."""

    def __init__(self, language: str, checks: Collection[str]) -> None:
        self.language = language
        self.checks = checks
        self.templates: list[tuple[RuleFile, Template]] = []
        self.expansions: dict[str, tuple[RuleFile, str, str]] = {}
        self.lists: dict[str, Any] = {}
        self.listed: dict[str, tuple[RuleFile, str]] = {}
        """Where each list stands."""
        self.wildcards: dict[str, str] = {}
        self.frames: list[tuple[str, str, bool]] = []
        self.responses: dict[str, dict[str, str]] = {}
        self.ignore_whitespace = False

    def add(self, file: RuleFile) -> tuple[RuleFile, str] | None:
        """Take in one file; return it with the reason if it cannot be used."""
        try:
            document = parse_yaml(file.content, file.path.name)
            for section, value in _mapping(document, document.value or {}).items():
                reader = _SECTIONS.get(section)
                if reader is None:
                    raise ConfigError(f"{document.at(section)}: there is no section {section!r}")
                reader(self, file, document, value)
        except ConfigError as error:
            return file, str(error)
        return None

    def check(self) -> tuple[RuleFile, str] | None:
        """Look whether every name is of one thing, everything mentioned exists, and nothing grows without bound."""
        growth = Growth({name: text for name, (_, _, text) in self.expansions.items()}, self.lists)
        for name, (file, where, text) in self.expansions.items():
            if name in self.lists:
                return self._twice(name)
            if reason := growth.wrong(text, (name,)):
                return file, f"{where}: {reason}"
        for file, template in self.templates:
            if reason := growth.wrong(template.text, ()):
                return file, f"{template.source}: {reason}"
        return None

    def _twice(self, name: str) -> tuple[RuleFile, str]:
        """Return what to say of a name that a list and an expansion rule share: of the user's file, if one is."""
        rule, list_ = self.expansions[name][:2], self.listed[name]
        (file, where), (_, other) = (list_, rule) if rule[0].own else (rule, list_)
        return file, f"{where}: {name!r} is a list and an expansion rule ({other}): give one of them another name"

    def rules(self, files: tuple[str, ...], skipped: tuple[str, ...]) -> Rules:
        return Rules(
            self.language,
            tuple(template for _, template in self.templates),
            {name: text for name, (_, _, text) in self.expansions.items()},
            self.lists,
            self.wildcards,
            tuple(sorted(self.frames, key=lambda frame: -len(frame[0] + frame[1]))),
            self.responses,
            self.ignore_whitespace,
            files,
            skipped,
        ).prepared()

    def _language(self, file: RuleFile, document: Document, value: Value) -> None:
        if value != self.language:
            raise ConfigError(
                f"{document.at('language')}: the language is {value!r}, its folder says {self.language!r}"
            )

    def _settings(self, file: RuleFile, document: Document, value: Value) -> None:
        self.ignore_whitespace = bool(_mapping(document, value, "settings").get("ignore_whitespace", False))

    def _frames(self, file: RuleFile, document: Document, value: Value) -> None:
        self._framed(document, value, "frames")

    def _question_frames(self, file: RuleFile, document: Document, value: Value) -> None:
        self._framed(document, value, "question_frames")

    def _framed(self, document: Document, value: Value, section: str) -> None:
        for index, frame in enumerate(_texts(document, value, section)):
            before, dots, after = frame.partition("…")
            if not dots or not (before + after).strip():
                raise ConfigError(f"{document.at(section, index)}: a frame has words around '…'")
            asks = section == "question_frames"
            self.frames.append((before.strip().casefold(), after.strip().casefold(), asks))

    def _expansion_rules(self, file: RuleFile, document: Document, value: Value) -> None:
        for name, text in _mapping(document, value, "expansion_rules").items():
            if not isinstance(text, str):
                raise ConfigError(f"{document.at('expansion_rules', name)}: an expansion rule is a text")
            self.expansions[name] = file, document.at("expansion_rules", name), text

    def _lists(self, file: RuleFile, document: Document, value: Value) -> None:
        from hassil.intents import Intents

        for name, listed in _mapping(document, value, "lists").items():
            at = document.at("lists", name)
            values = _mapping(document, listed, "lists", name)
            if values.get("wildcard"):
                check = values.get("check")
                if check not in self.checks:
                    raise ConfigError(f"{at}: an open slot needs a check, one of {', '.join(sorted(self.checks))}")
                self.wildcards[name] = str(check)
            try:
                Intents.from_dict({"language": self.language, "intents": {}, "lists": {name: values}})
            except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
                raise ConfigError(f"{at}: this list cannot be used: {error}") from error
            self.lists[name], self.listed[name] = values, (file, at)

    def _intents(self, file: RuleFile, document: Document, value: Value) -> None:
        for intent, blocks in _mapping(document, value, "intents").items():
            data = _mapping(document, blocks, "intents", intent).get("data")
            if not isinstance(data, list):
                raise ConfigError(f"{document.at('intents', intent)}: an intent needs a list called data")
            for index, block in enumerate(data):
                self._block(file, document, intent, index, block)

    def _block(self, file: RuleFile, document: Document, intent: str, index: int, block: Value) -> None:
        place = ("intents", intent, "data", index)
        values = _mapping(document, block, *place)
        unknown = values.keys() - {"sentences", "slots", "response", "requires_context", "excludes_context"}
        if unknown:
            raise ConfigError(f"{document.at(*place, min(unknown))}: there is no key {min(unknown)!r}")
        response = values.get("response")
        for number, text in enumerate(_texts(document, values.get("sentences"), *place, "sentences")):
            self.templates.append(
                (
                    file,
                    Template(
                        intent,
                        text,
                        document.at(*place, "sentences", number),
                        _mapping(document, values.get("slots") or {}, *place, "slots"),
                        _mapping(document, values.get("requires_context") or {}, *place, "requires_context"),
                        _mapping(document, values.get("excludes_context") or {}, *place, "excludes_context"),
                        None if response is None else str(response),
                        shipped=file.own,
                    ),
                )
            )

    def _responses(self, file: RuleFile, document: Document, value: Value) -> None:
        for intent, keys in _mapping(document, value, "responses").items():
            table = self.responses.setdefault(intent, {})
            for key, said in _mapping(document, keys, "responses", intent).items():
                if isinstance(said, list | dict) or said is None:
                    raise ConfigError(f"{document.at('responses', intent, key)}: a response is a text")
                table[key] = str(said)


_SECTIONS: Final[Mapping[str, Callable[[Draft, RuleFile, Document, Value], None]]] = {
    "language": Draft._language,
    "settings": Draft._settings,
    "frames": Draft._frames,
    "question_frames": Draft._question_frames,
    "expansion_rules": Draft._expansion_rules,
    "lists": Draft._lists,
    "intents": Draft._intents,
    "responses": Draft._responses,
}


def _mapping(document: Document, value: Value, *place: str | int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{document.at(*place)}: {place[-1] if place else 'a rule file'} is a table of keys and values"
        )
    return value


def _texts(document: Document, value: Value, *place: str | int) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
        raise ConfigError(f"{document.at(*place)}: {place[-1]} is a list of texts")
    return [re.sub(r"\s+", " ", str(item)) for item in value]
