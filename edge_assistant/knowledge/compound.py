"""A question that is two questions, so that each finds the passage that answers it."""

from __future__ import annotations

import re
from typing import Final

from edge_assistant.knowledge.asked import wanted

_BETWEEN: Final = re.compile(
    r"(?:\s*[,;?]\s*|\s+)and\s+(?=(?:(?:in|on|at|for|by|to)\s+)?(?:where|what|when|who|whose|why|how|which)\b)"
    r"|\?\s+(?=(?:where|what|when|who|whose|why|how|which|is|are|do|does|can)\b)"
    r"|[，；？?]\s*(?:还有|另外|以及|并且)?(?=.)|(?:还有|另外|以及)(?=.)",
    re.IGNORECASE,
)
_THING: Final = re.compile(
    r"\b(?:the|my|our|this|that|an?)\s+[\w-]+(?:\s+(?!(?:and|to|in|on|is|are)\b)[\w-]+)?", re.IGNORECASE
)
_OWN: Final = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_SAME: Final = re.compile(r"\b(?:it|they|them)\b", re.IGNORECASE)
_REFERS: Final = re.compile(r"[它他她其这那]")
_MOST: Final = 3


def questions(text: str) -> tuple[str, ...]:
    """Return the questions that a text joins, each complete in itself; the text alone where it is one question."""
    parts = [part.strip(" ,;?？，；") for part in _BETWEEN.split(text)]
    if not 2 <= len(parts) <= _MOST or not all(map(_asks, parts)) or any(map(_REFERS.search, parts[1:])):
        return (text,)
    things = _THING.findall(parts[0])
    return (parts[0], *(_named(part, things[-1] if things else None) for part in parts[1:]))


def _asks(part: str) -> bool:
    return wanted(part) not in ("no question", "order", "yes or no")


def _named(part: str, thing: str | None) -> str:
    """Return a question with the thing in the place of the word that refers to it."""
    if thing is None:
        return part
    return _SAME.sub(thing, _OWN.sub(f"{thing}'s", part, count=1), count=1)
