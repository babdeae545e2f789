"""Both ways of looking at once: words that match while the question is embedded, then meanings that are near."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from edge_assistant.knowledge.collections import Collections
from edge_assistant.knowledge.fuse import DENSE, Found, fused, fused_across, levelled, lowered
from edge_assistant.knowledge.meanings import CANDIDATES, Meanings
from edge_assistant.knowledge.repeats import distinct
from edge_assistant.knowledge.selection import Selection
from edge_assistant.knowledge.store import Store, Stored
from edge_assistant.knowledge.words import terms
from edge_assistant.languages import detect

_DEEP: Final = 1_000
"""Passages near in meaning of which the best in every language are taken: one language alone may fill the first."""
_REPEATED: Final = 6
"""Passages that are read beyond those that are wanted: some repeat others."""


class Search:
    """Finds passages by words and by meaning; those of collections that stand behind others lose near ties."""

    def __init__(self, store: Store, meanings: Meanings, collections: Collections) -> None:
        self._store = store
        self._meanings = meanings
        self._collections = collections

    def found(self, text: str, limit: int, language: str | None, within: Selection) -> list[Found]:
        """Return what bears on a text, best first, and no passage twice.

        Only what is in this language, where one is named and the embedder does not read several.
        """
        asked, reads = language or detect(text), self._meanings.languages
        dense = DENSE.get(asked, 0.5) if asked in reads else 0.0
        across = bool(dense) and len(reads) > 1
        only = None if across else language
        meant = self._meanings.meant(text) if dense else None
        bm25 = self._store.matching(terms(text), CANDIDATES, only, within)
        near = self._meanings.near(meant, bm25, within, only, _DEEP if across else CANDIDATES) if meant else {}
        both = {*bm25, *near}
        if across:
            foreign = both - self._store.passing(both, language=asked)
            near = levelled(near, foreign, bm25, CANDIDATES)
        scores = fused_across(bm25, near, dense, foreign) if across else fused(bm25, near, dense)
        lower = self._collections.lower()
        scores = lowered(scores, self._store.passing(scores, Selection(lower))) if lower and scores else scores
        collection = cache(self._collections.of)

        def seen(one: Stored) -> Found:
            known, score = collection(one.collection), min(1.0, scores[one.id])
            return Found(one, score, bm25.get(one.id, 0.0), near.get(one.id), known.share, known.priority)

        return distinct(map(seen, self._read(list(scores), limit + _REPEATED)), limit)

    def _read(self, numbers: Sequence[int], at_once: int) -> Iterator[Stored]:
        """Yield passages in this order; most of those that were found are never read."""
        for start in range(0, len(numbers), at_once):
            stored = self._store.passages(numbers[start : start + at_once])
            yield from (stored[number] for number in numbers[start : start + at_once] if number in stored)
