"""How surely two questions are one: what the answers tier could know of it.

Today it reuses an answer only for the very same question, which scores 1. Everything else is a plain starting
point to measure against, the nearness of meaning held back by guards; issue 6 puts a fitted score in its place.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from edge_assistant.operations.evaluate import rooms
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.storage.answers import key
from edge_assistant.types import Embedder

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

DAMPING: Final = 0.5
"""What is left of the score for every guard that says no."""
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATION: Final = re.compile(r"\b(?:not|no|never|without|none|nor|cannot)\b|n[’']t\b|[不没無无未别]", re.IGNORECASE)
_NAME: Final = re.compile(r"(?<=[^.!?]\s)[A-Z]\w+|\b[A-Z]{2,}\w*")
_GUARDS: Final = (_NUMBER, _NEGATION, _NAME)


class Pairs:
    """Satisfies `Predictor`."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        embedder.embed(["ready?"], "query")

    async def prepare(self, row: Row) -> None:
        """Nothing is shared between rows but the embedder."""

    async def predict(self, row: Row) -> Prediction:
        return {"score": round(self.score(str(row["a"]), str(row["b"])), 4)}

    def score(self, one: str, other: str) -> float:
        """Return 1 for the same question, else the cosine of the two, halved by every guard that says no."""
        if key(one, "", "") == key(other, "", ""):
            return 1.0
        first, second = self._embedder.embed([one, other], "query")
        return max(0.0, min(0.99, float(first @ second))) * DAMPING ** differences(one, other)


def differences(one: str, other: str) -> int:
    """Count in how many ways two questions part: their numbers, their negations, the names in them."""
    return sum(_found(guard, one) != _found(guard, other) for guard in _GUARDS)


def _found(guard: re.Pattern[str], text: str) -> object:
    found = [word.casefold() for word in guard.findall(text)]
    return len(found) % 2 if guard is _NEGATION else set(found)


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Pairs]:
    """Open the task with the embedder of the settings."""
    yield Pairs(rooms.embedder(evaluation.config))
