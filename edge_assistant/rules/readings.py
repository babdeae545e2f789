"""The ways to read a sentence: without the politeness around it, and with its numbers in digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from edge_assistant.numerals import digits

_QUOTES: Final = "\"'“”‘’「『《"
_ENDS: Final = " \t\n.。,，!！;；:：…~～"
_WIDE: Final = str.maketrans("０１２３４５６７８９％＋－＝．", "0123456789%+-=.")
"""Chinese keyboards write digits as wide as ideographs."""
_PEELS: Final = 6
"""How often something is taken from around a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a text: without some of the words around it."""

    text: str
    polite: bool = False
    """Something was taken away that makes a request even of a question: "could you …?"."""
    asks: bool = False
    """Something was taken away that only stands before a question: "do you know …"."""


def is_question(text: str) -> bool:
    """Return whether a text ends like a question."""
    return text.rstrip(_ENDS + _QUOTES).endswith(("?", "？"))


def is_quoted(text: str) -> bool:
    """Return whether a text begins with a quotation mark: somebody's words, not a request."""
    return text.strip()[:1] in tuple(_QUOTES)


def readings(text: str, language: str, frames: Sequence[tuple[str, str, bool]]) -> Iterator[Reading]:
    """Yield the text as it stands, then without the frames around it; each with numbers in digits first."""
    text = text.translate(_WIDE)
    whole = text.strip().strip(_ENDS + "?？").strip(_QUOTES) or text.strip()
    for reading in _inner(Reading(whole), frames):
        for words in dict.fromkeys((digits(reading.text, language), reading.text)):
            yield replace(reading, text=words)


def _inner(whole: Reading, frames: Sequence[tuple[str, str, bool]]) -> Iterator[Reading]:
    """Yield a reading as it stands, then the innermost one, then those between; each is sought when it is needed."""
    yield whole
    inner = [whole]
    while len(inner) < _PEELS and (peeled := _peel(inner[-1], frames)):
        inner.append(peeled)
    yield from dict.fromkeys(reading for reading in (inner[-1], *inner) if reading != whole)


def _peel(reading: Reading, frames: Sequence[tuple[str, str, bool]]) -> Reading | None:
    lowered = reading.text.casefold()
    for before, after, asks in frames:
        if not (lowered.startswith(before) and lowered.endswith(after)):
            continue
        inner = _inside(reading.text, before, after)
        if inner is not None:
            return Reading(inner, polite=True, asks=asks or reading.asks)
    return None


@lru_cache(maxsize=512)
def _edge(before: str, after: str) -> re.Pattern[str]:
    def bounded(words: str, side: str) -> str:
        return re.escape(words) + (side if words.isascii() else "")

    start = bounded(before, r"\b[\s,，]*") if before else ""
    end = (r"[\s,，]*" + (r"\b" if after.isascii() else "") + re.escape(after)) if after else ""
    return re.compile(f"^{start}(?P<inner>\\S.*?){end}$", re.IGNORECASE)


def _inside(text: str, before: str, after: str) -> str | None:
    if len(before) + len(after) >= len(text):
        return None
    found = _edge(before, after).match(text)
    return found["inner"].strip(" ,，") or None if found else None
