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
_VERBS: Final[Mapping[str, str]] = {
    "en": r"(?:turn|switch|open|close|shut|lock|unlock|dim|brighten|mute|pause|raise|lower|set|start|stop)\s",
    "zh": "打开|关闭|关掉|关上|开启|锁上|拉上|拉开|(?<!打)开(?![关着机启])|(?<!开)关(?![着机闭掉上])",
}
_COMMAND: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(rf"(?:{_VERBS['en']})(?:(?!\s{_VERBS['en']}).)+\s*", re.IGNORECASE),
    "zh": re.compile(
        "(?:先|再|然后)?(?P<command>把[^把]+?(?:打开|关闭|关掉|关上|关了|开启|锁上|锁了|拉上|拉开)"
        rf"|(?:{_VERBS['zh']})(?:(?!再|把|{_VERBS['zh']}).)+)"
    ),
}
"""A command from its verb, or its "把…", to the next one."""


def clauses(text: str, language: str, home: Home) -> Sequence[str]:
    """Return the commands that a sentence strings together; one, if it strings none."""
    wholes = _apart(text.strip(), language, _spellings(home))
    found = [part for whole in wholes for part in re.split(_BETWEEN[language], whole) if part.strip()]
    return tuple(dict.fromkeys(part.strip() for part in found))


def run_on(text: str, language: str) -> Sequence[str]:
    """Return the commands that stand side by side without a word or a comma between, as speech is written down."""
    found = list(_COMMAND[language].finditer(text))
    if "".join(command[0] for command in found) != text:
        return (text,)
    return tuple((command.groupdict().get("command") or command[0]).strip() for command in found)


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
