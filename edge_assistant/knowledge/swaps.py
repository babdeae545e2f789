"""Whether a sentence says what a question says with another word in its place: near, and not the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from edge_assistant.knowledge.words import naming, spoken

_COUNTS: Final = {
    word: str(number)
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
} | {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6"}
_LAST_SPACED: Final = "\u2fff"


def swaps(
    question: str, terms: Sequence[str], head: str, sentence: str, weight: Callable[[str], float]
) -> dict[str, float]:
    """Return how telling the words of a question are that a sentence swaps for others, drops, or counts otherwise.

    `head` is what is asked for ("what color"), which an answer says with another word.
    """
    named = [term for term in terms if term <= _LAST_SPACED]
    content = _content(sentence)
    said = [token for token in spoken(sentence) if token <= _LAST_SPACED and token in content]
    here = set(said)
    missing = [place for place, term in enumerate(named) if term not in here and term != head]
    after: dict[str, set[str]] = {}
    before: dict[str, set[str]] = {}
    for first, then in pairwise(said):
        after.setdefault(first, set()).add(then)
        before.setdefault(then, set()).add(first)
    asked = frozenset(named)
    found = {"swapped": 0.0, "swapped before": 0.0, "swapped after": 0.0, "dropped": 0.0}
    for place in missing:
        left = named[place - 1] if place else ""
        right = named[place + 1] if place + 1 < len(named) else ""
        other_after, other_before = after.get(left, set()) - asked, before.get(right, set()) - asked
        telling = weight(named[place])
        if other_after & other_before:
            found["swapped"] = max(found["swapped"], telling)
        if other_before:
            found["swapped before"] = max(found["swapped before"], telling)
        if other_after:
            found["swapped after"] = max(found["swapped after"], telling)
        if right and right in after.get(left, set()):
            found["dropped"] = max(found["dropped"], telling)
    return {**found, "counted otherwise": float(not _counts(question) <= _counts(sentence))}


@lru_cache(maxsize=1024)
def _content(sentence: str) -> frozenset[str]:
    return frozenset(naming(sentence))


@lru_cache(maxsize=1024)
def _counts(text: str) -> frozenset[str]:
    """Return the numbers up to twelve that a text says in words, and all that it says in figures."""
    return frozenset(_COUNTS.get(token, token) for token in spoken(text) if token in _COUNTS or token.isdecimal())
