"""Two ways of finding, made one ranking: words that match, and meanings that are near."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_assistant.knowledge.store import Stored
from edge_assistant.types import Passage, Share

DENSE: Final[Mapping[str, float]] = {"en": 0.5, "zh": 0.0}
"""How much nearness of meaning counts beside bm25, per language; the shipped embedder cannot read Chinese."""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found, and how well by each way of looking."""

    stored: Stored
    score: float
    """Between 0 and 1, comparable within one search only."""
    bm25: float
    """Zero where no word matches."""
    cosine: float | None
    """None where it was not compared by meaning."""
    share: Share = "never"
    """How far its collection lets it travel."""

    @property
    def passage(self) -> Passage:
        """Return it as the other rooms know it; a card with its question."""
        chunk = self.stored.chunk
        text = f"{chunk.question}\n{chunk.text}" if chunk.question else chunk.text
        return Passage(text, chunk.place, self.score, self.share)


def fused(bm25: Mapping[int, float], cosines: Mapping[int, float], dense: float) -> dict[int, float]:
    """Return one score per passage, best first: each way divided by its best, then weighed."""
    best_bm25 = max(bm25.values(), default=0.0) or 1.0
    best_cosine = max(cosines.values(), default=0.0)
    if best_cosine <= 0:
        dense = 0.0
    scores = {
        number: (1 - dense) * bm25.get(number, 0.0) / best_bm25
        + (dense * max(0.0, cosines.get(number, 0.0)) / best_cosine if dense else 0.0)
        for number in {**bm25, **cosines}
    }
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
