"""What the knowledge tier finds and says, with the documents of a set and no others."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Final

from edge_assistant.knowledge.library import Library
from edge_assistant.languages import detect
from edge_assistant.operations.evaluate import rooms
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.tiers.knowledge import KnowledgeTier
from edge_assistant.types import Declined, Query, Reply, Tier

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

_DOCUMENTS: Final = 10
"""How far down the scorer looks."""
_PASSAGES: Final = 50
"""Enough passages for so many documents, also where documents are long."""


class Questions:
    """Satisfies `Predictor`."""

    def __init__(self, tier: Tier, library: Library) -> None:
        self._tier = tier
        self._library = library
        self._warm = False

    async def prepare(self, row: Row) -> None:
        """Ask one question before the first, so that the embedder and the index are open."""
        if not self._warm:
            await self._told("What is this about?")
            self._warm = True

    async def predict(self, row: Row) -> Prediction:
        """Return what is told within the row's time, then what was found, which only the scorer wants."""
        question = str(row["question"])
        started = perf_counter()
        answer, confidence = await self._told(question)
        spent = perf_counter() - started
        language = detect(question)
        found = self._library.find(question, _PASSAGES, language)
        if confidence is None:
            finding = self._library.answer(question, language, found)
            confidence = finding.confidence if finding else 0.0
        return {
            "retrieved": list(dict.fromkeys(one.stored.document for one in found))[:_DOCUMENTS],
            "retrieved_texts": [one.stored.chunk.text for one in found[:_DOCUMENTS]],
            "answer": answer,
            "confidence": round(confidence, 4),
            "latency_ms": round(spent * 1000, 3),
        }

    async def _told(self, question: str) -> tuple[str, float | None]:
        """Return the words, also those of a draft, since nobody after it speaks here; and how sure they are."""
        verdict = await self._tier.consider(Query(question, detect(question)))
        reply = verdict.draft if isinstance(verdict, Declined) else verdict
        return ("", None) if reply is None else (await _said(reply), reply.confidence)


async def _said(reply: Reply) -> str:
    async with aclosing(reply.words) as words:
        return "".join([word async for word in words if isinstance(word, str)])


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Questions]:
    """Index the documents in a folder that goes away, and open the tier over them."""
    with TemporaryDirectory() as folder:
        place = evaluation.index or Path(folder)
        with rooms.filled(evaluation.config, evaluation.documents, place) as library:
            settings = evaluation.config.knowledge
            tier = KnowledgeTier(lambda: library, settings.threshold, settings.passages)
            yield Questions(tier, library)
            tier.close()
