"""A sentence as a row of words: Chinese by character, English by word without its plural."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?|[%°℃]|[\u3400-\u9fff]")
_SAME: Final = {
    "lighting": "light",
    "tv's": "tv",
    "televisions": "tv",
    "television": "tv",
    "telly": "tv",
    "thermostats": "thermostat",
    "colour": "color",
    "colours": "color",
    "grey": "gray",
    "centre": "center",
}
_CONTRACTED: Final = ("'s", "'ll", "'d", "'re", "'ve", "'m")


def words(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _WORD.findall(text.casefold().replace("’", "'"))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return an English word without its plural or its possessive; other words as they are."""
    if word in _SAME:
        return _SAME[word]
    if word.endswith("'s") and len(word) > 4:
        word = word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word[:-1]
    return word


def near(word: str, other: str) -> bool:
    """Return whether one word is a slip of the other: one letter more, less, other or swapped; two in long words."""
    longest = max(len(word), len(other))
    allowed = 0 if longest < 5 else 1 if longest < 9 else 2
    if not allowed or abs(len(word) - len(other)) > allowed or word[0] != other[0]:
        return False
    return _distance(word, other, allowed) <= allowed


def _distance(word: str, other: str, allowed: int) -> int:
    """Return the optimal string alignment distance, or more than `allowed` as soon as it is beyond it."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        after = [i]
        for j, target in enumerate(other, start=1):
            cost = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == target:
                cost = min(cost, before[j - 2] + 1)
            after.append(cost)
        if min(after) > allowed:
            return allowed + 1
        before, row = row, after
    return row[-1]
