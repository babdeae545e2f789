"""One verb for several things: "turn on the living room light and the TV"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from edge_assistant.rules.clauses import MOST

_AND: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*", re.IGNORECASE),
    "zh": re.compile(r"\s*(?:[、，,]|和|跟|与|还有|以及)\s*"),
}
_LONGEST: Final = {"en": 8, "zh": 12}
"""Words, or characters, before the first thing."""
_ENDS: Final = {"en": 2, "zh": 4}
"""Words, or characters, after the last thing."""


def one_each(text: str, language: str, understood: Callable[[str], bool]) -> Sequence[str]:
    """Return one command for each thing that shares a verb; nothing, unless all of them are understood."""
    first, *others = _AND[language].split(text)
    if not others or len(others) >= MOST or not all(others) or not first:
        return ()
    for start in _starts(first, language):
        for end in _ends(others[-1], language):
            things = (first[start:], *others[:-1], others[-1][: len(others[-1]) - end])
            said = [first[:start] + thing.strip() + others[-1][len(others[-1]) - end :] for thing in things]
            if all(things) and all(map(understood, reversed(said))):
                return said
    return ()


def _starts(first: str, language: str) -> Iterator[int]:
    """Yield where the things may begin, the longest beginning first: "the kitchen light and fan" share the room."""
    starts = range(1, len(first)) if language == "zh" else [space.end() for space in re.finditer(" ", first)]
    yield from reversed(starts[: _LONGEST[language]])


def _ends(last: str, language: str) -> Iterator[int]:
    ends = range(len(last)) if language == "zh" else [0, *(len(last) - s.start() for s in re.finditer(" ", last))][::-1]
    yield from sorted(ends)[: _ENDS[language] + 1]
