"""The features of a sentence: its words, their neighbours, and the letters of words that nobody foresaw."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final
from zlib import crc32

_ODD: Final = "<odd>"
"""A word that no example has."""


def features(row: Sequence[str], vocabulary: Collection[str]) -> Iterator[str]:
    """Yield the features of a row of words and placeholders."""
    known = [word if word in vocabulary or word[0] == "<" else _ODD for word in row]
    odd = known.count(_ODD)
    yield f"odd {min(odd, 4)}"
    yield f"share {odd * 4 // max(1, len(row))}"
    yield f"length {min(len(row) // 3, 6)}"
    framed = ["^", *known, "$"]
    for size in (1, 2, 3):
        for at in range(len(framed) - size + 1):
            yield " ".join(framed[at : at + size])
    things = sorted({word for word in known if word[0] == "<" and word != _ODD})
    for thing in things:
        for word in set(known):
            if word[0] != "<":
                yield f"{thing} & {word}"
    yield "all " + " ".join(things)


def places(found: Iterator[str], dimensions: int) -> list[int]:
    """Return the places of features in a table of weights, each once."""
    return list({crc32(feature.encode()) % dimensions for feature in found})
