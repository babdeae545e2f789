"""Questions about states that no template foresaw: answered only when every word of them is understood."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.phrasing.spotting import Mention, Phrase, Spotted, Spotter
from edge_assistant.rules.match import Match
from edge_assistant.types import Slot

LONGEST: Final = 16
"""Words (or ideographs, doubled) from which on a question is about something else."""
_ASKS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"^(?:is|are|isn't|aren't|was|does|do(?! not)|did|has|have|what|what's|whats|which|how|how's|any|anyone|"
        r"anybody|"
        r"where|where's|who's|tell me|show me|check|give me)\b|^(?!open|close|shut|lock|unlock).*[?？]\s*$",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"^(?!.*(?:为什么|为何|怎么(?!样)|什么时候|谁)).*"
        r"(?:[吗么呢没]\s*[?？]?$|多少|几|哪|什么|怎么样|如何|没有|是不是|有没有|是否)"
    ),
}
_COUNTS: Final = re.compile(r"\bhow many\b|多少[个盏扇台]|几[个盏扇台]", re.IGNORECASE)
_CHOOSES: Final = re.compile(r"^(?:what|which|show|tell|where)\b|哪|什么", re.IGNORECASE)
_ANY: Final = re.compile(r"\b(?:any|some|an?)\b|^(?:家里|现在)?还?有", re.IGNORECASE)
_EVERY: Final = re.compile(r"\b(?:all|every)\b|都|全", re.IGNORECASE)
_ASKED: Final = ("light", "switch", "fan", "cover", "lock", "media_player", "climate", "vacuum")


class Asking:
    """Understands questions about the states of a home, in one language."""

    def __init__(self, language: str, lexicon: tuple[Phrase, ...], fillers: frozenset[str]) -> None:
        self._language = language
        self._fillers = fillers
        self._spotter = Spotter(language, lexicon)

    def match(self, text: str, home: Home) -> Match | None:
        """Return what a question asks about this home; none where a word of it is about something else."""
        if not _ASKS[self._language].search(text):
            return None
        spotted = self._spotter.spot(text, home)
        if len(spotted.words) > LONGEST * (1 if self._language == "en" else 2) or not self._covered(spotted):
            return None
        slots = _asked(spotted, home)
        if slots is None:
            return None
        response = _response(text, slots)
        return Match("HassGetState", slots, response, self._language, text, "question about a state", "examples")

    def _covered(self, spotted: Spotted) -> bool:
        told = {at for mention in spotted.mentions for at in range(mention.start, mention.end)}
        return all(at in told or word in self._fillers for at, word in enumerate(spotted.words))


def _asked(spotted: Spotted, home: Home) -> dict[str, Slot] | None:
    names, areas, floors = spotted.of("name"), spotted.of("area"), spotted.of("floor")
    if len(names) > 1 or len(areas) > 1 or len(floors) > 1:
        return None
    place: dict[str, Slot] = {"area": areas[0].value} if areas else {"floor": floors[0].value} if floors else {}
    states, conditions = spotted.of("state"), spotted.of("condition")
    if names:
        return _of_one(names[0], states, conditions)
    for condition in conditions:
        device_class, _, state = condition.value.partition("=")
        if home.find(domains=("binary_sensor",), device_classes=(device_class,)):
            return {**place, "domain": "binary_sensor", "device_class": device_class, "state": state}
    return _of_kind(spotted, states, place, home)


def _of_one(named: Mention, states: tuple[Mention, ...], conditions: tuple[Mention, ...]) -> dict[str, Slot] | None:
    if len({entity.name for entity in named.entities}) != 1:
        return None
    entity = named.entities[0]
    slots: dict[str, Slot] = {"name": entity.name}
    if entity.device_class is not None and entity.domain in ("sensor", "binary_sensor"):
        slots |= {"domain": entity.domain, "device_class": entity.device_class}
    state = _state(entity, states, conditions)
    return slots if state is None else {**slots, "state": state}


def _state(entity: Entity, states: tuple[Mention, ...], conditions: tuple[Mention, ...]) -> str | None:
    for condition in conditions:
        device_class, _, state = condition.value.partition("=")
        if device_class == entity.device_class:
            return state
    return states[-1].value if states else None


def _of_kind(
    spotted: Spotted, states: tuple[Mention, ...], place: dict[str, Slot], home: Home
) -> dict[str, Slot] | None:
    kinds = {mention.value.partition(".")[::2] for mention in spotted.of("thing")}
    if len(kinds) != 1 or not states:
        return None
    domain, device_class = kinds.pop()
    if domain not in _ASKED or not home.find(domains=(domain,)):
        return None
    kind: dict[str, Slot] = {"domain": domain, "device_class": device_class} if device_class else {"domain": domain}
    return {**place, **kind, "state": states[-1].value}


def _response(text: str, slots: Mapping[str, Slot]) -> str:
    if "name" in slots:
        return "one_yesno" if "state" in slots else "one"
    if _COUNTS.search(text):
        return "how_many"
    if _CHOOSES.search(text):
        return "which"
    return "all" if _EVERY.search(text) else "any" if _ANY.search(text) else "definite"
