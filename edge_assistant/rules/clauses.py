"""Several commands in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from edge_assistant.devices.home import Home

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


def clauses(text: str, language: str, home: Home) -> Sequence[str]:
    """Return the commands that a sentence strings together; one, if it strings none."""
    wholes = _apart(text.strip(), language, _spellings(home))
    found = [part for whole in wholes for part in re.split(_BETWEEN[language], whole) if part.strip()]
    return tuple(dict.fromkeys(part.strip() for part in found))


def _apart(text: str, language: str, names: set[str]) -> Sequence[str]:
    """Take an enumeration of rooms or devices apart: one text for each of them."""
    if not names:
        return (text,)
    one = any_of(names).pattern
    listed = re.search(f"{one}(?:{_AND[language]}{one})+", text, re.IGNORECASE)
    if listed is None:
        return (text,)
    things = [found[0] for found in any_of(names).finditer(listed[0])][:MOST]
    return tuple(text[: listed.start()] + thing + text[listed.end() :] for thing in things)


def _spellings(home: Home) -> set[str]:
    named = (*home.areas, *home.floors, *home.entities)
    return {name.casefold() for thing in named for name in thing.names}


def any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the longest of these names."""

    def bounded(name: str) -> str:
        return rf"\b{re.escape(name)}\b" if name.isascii() else re.escape(name)

    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(f"(?:{'|'.join(map(bounded, longest_first))})", re.IGNORECASE)
