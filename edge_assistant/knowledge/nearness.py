"""Which passages are near a question in meaning, and how near."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from edge_assistant.knowledge.former import Space
from edge_assistant.knowledge.selection import Selection
from edge_assistant.knowledge.snapshots import StoredIndex
from edge_assistant.knowledge.store import Store

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

_COMPARED: Final = 10_000
"""Passages of the documents that are wanted which are compared one by one; more of them are taken from the index."""
_DEEP: Final = 1000


def cosines(
    store: Store, space: Space, asked: FloatArray, others: Iterable[int], within: Selection, most: int
) -> dict[int, float]:
    """Return the nearest passages, and how near these others are; `asked` has the shape (1, dimension)."""
    index = space.current.index
    near = _nearest(store, index, asked, within, most)
    return near | _compared(index, asked, [number for number in others if number not in near])


def _nearest(store: Store, index: StoredIndex, asked: FloatArray, within: Selection, most: int) -> dict[int, float]:
    """Return the nearest passages; where few documents are wanted, by comparing every one of theirs."""
    if not within:
        return _found(index, asked, most)
    chosen = store.selected(within, _COMPARED + 1)
    if len(chosen) <= _COMPARED:
        compared = _compared(index, asked, chosen)
        return dict(sorted(compared.items(), key=lambda item: -item[1])[:most])
    near = _found(index, asked, _DEEP)
    passing = store.passing(near, within)
    return {number: cosine for number, cosine in near.items() if number in passing}


def _found(index: StoredIndex, asked: FloatArray, most: int) -> dict[int, float]:
    scores, ids = index.search(asked, most)
    return {number: score for number, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True) if number >= 0}


def _compared(index: StoredIndex, asked: FloatArray, numbers: Iterable[int]) -> dict[int, float]:
    """Return how near these passages are, where the index holds them: rows would be read fifty times as slowly."""
    ids, vectors = index.of(numbers)
    return dict(zip(ids.tolist(), (vectors @ asked[0]).tolist(), strict=True))
