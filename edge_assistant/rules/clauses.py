"""Several commands in one sentence, and what "and the bedroom too" leaves unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from edge_assistant.devices.home import Home
from edge_assistant.rules.readings import is_question
from edge_assistant.types import Message

MOST: Final = 5
"""Commands that one sentence may hold."""

_BETWEEN: Final[Mapping[str, str]] = {
    "en": r"\s*[,;]?\s*\b(?:and then|and also|and|then)\b\s*|\s*[,;]\s*",
    "zh": (
        r"\s*(?:[，,；;。]\s*(?:然后|接着|并且|并|再|还有|同时)?|然后再?|并且|同时|接着"
        r"|并(?=[打关开把将调锁拉])|和(?=[打关开把将]))\s*"
    ),
}
_AND: Final[Mapping[str, str]] = {
    "en": r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)(?:(?:in|of|on)\s+)?(?:(?:the|my|our)\s+)?",
    "zh": r"\s*(?:[、，,]|和|跟|与|还有|以及)\s*",
}
_AGAIN: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:and|also|now|then|do|please|and then)[\s,]+)*"
        r"(?:(?:the same|same|same thing)\s+|(?:what|how) about\s+)?"
        r"(?:(?:in|for|with|to|on)\s+)?(?:(?:the|my|our)\s+)?(?P<thing>.+?)"
        r"(?P<mark>\s+(?:too|as well|also|please))*\s*[.!?]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:还有|那么|那|另外|以及)?(?P<thing>.+?)(?:的)?(?P<mark>呢|也是|也一样|一样|也要|也这样)?[。！!？?]*"
    ),
}
_LEADS: Final = re.compile(
    r"(?:and|also|do the same|the same|same|what about|how about)\b|还有|那|另外|以及", re.IGNORECASE
)
_IT: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(?:it|that|that one)\b", re.IGNORECASE),
    "zh": re.compile(r"它们?|这个|那个"),
}


def clauses(text: str, language: str, home: Home) -> Sequence[str]:
    """Return the commands that a sentence strings together; one, if it strings none."""
    wholes = _apart(text.strip(), language, _spellings(home))
    found = [part for whole in wholes for part in re.split(_BETWEEN[language], whole) if part.strip()]
    return tuple(dict.fromkeys(part.strip() for part in found))


def completed(text: str, language: str, history: Sequence[Message], home: Home) -> str:
    """Return what a text means after what was said before: "and the bedroom too", "turn it off"."""
    meant = ""
    for said in (*(message.text for message in history if message.role == "user"), text):
        meant = _completed(said, language, meant, home) or said
    return meant


def _completed(text: str, language: str, earlier: str, home: Home) -> str | None:
    devices = {name.casefold() for entity in home.entities for name in entity.names}
    if _IT[language].search(text):
        named = _only(devices, earlier)
        return named and _IT[language].sub(f"the {named}" if language == "en" else named, text, count=1)
    again = _AGAIN[language].fullmatch(text.strip())
    if again is None or not (again["mark"] or _LEADS.match(text.strip())):
        return None
    areas = {name.casefold() for area in home.areas for name in area.names}
    for names in (areas, devices):
        if again["thing"].casefold() in names and (replaced := _only(names, earlier)):
            asked = "?" if is_question(text) and not is_question(earlier) else ""
            return re.sub(re.escape(replaced), again["thing"], earlier, flags=re.IGNORECASE) + asked
    return None


def _only(names: set[str], text: str) -> str | None:
    """Return the name that the text has, if it has just one."""
    found = set(_any_of(names).findall(text)) if names else set()
    return found.pop() if len(found) == 1 else None


def _apart(text: str, language: str, names: set[str]) -> Sequence[str]:
    """Take an enumeration of rooms or devices apart: one text for each of them."""
    if not names:
        return (text,)
    one = _any_of(names).pattern
    listed = re.search(f"{one}(?:{_AND[language]}{one})+", text, re.IGNORECASE)
    if listed is None:
        return (text,)
    things = [found[0] for found in _any_of(names).finditer(listed[0])][:MOST]
    return tuple(text[: listed.start()] + thing + text[listed.end() :] for thing in things)


def _spellings(home: Home) -> set[str]:
    named = (*home.areas, *home.floors, *home.entities)
    return {name.casefold() for thing in named for name in thing.names}


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    def bounded(name: str) -> str:
        return rf"\b{re.escape(name)}\b" if name.isascii() else re.escape(name)

    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(f"(?:{'|'.join(map(bounded, longest_first))})", re.IGNORECASE)
