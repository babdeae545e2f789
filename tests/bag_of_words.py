"""An embedder without a model: texts that share words are near."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.errors import TierError
from edge_assistant.knowledge.documents import Block, Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.synonyms import Synonyms
from edge_assistant.knowledge.words import tokens
from edge_assistant.storage.database import Database

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray


class BagOfWords:
    """Honours `Embedder`; counts what it embedded, and can break."""

    dimension = 64
    languages: Sequence[str] = ("en",)

    def __init__(self, stamp: str = "bag", breaks: bool = False) -> None:
        self.stamp = stamp
        self.breaks = breaks
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> FloatArray:
        import numpy

        if self.breaks:
            raise TierError("the embedder is broken")
        self.embedded += texts
        rows = numpy.full((len(texts), self.dimension), 1e-3, dtype=numpy.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in tokens(text):
                row[zlib.crc32(token.encode()) % self.dimension] += 1
        return numpy.asarray(rows / numpy.linalg.norm(rows, axis=1, keepdims=True), dtype=numpy.float32)


def library(
    folder: Path, embedder: BagOfWords | None = None, *, words_only: bool = False, synonyms: Synonyms | None = None
) -> Library:
    """Open the knowledge base of a folder."""
    used = embedder or BagOfWords()
    return Library(
        Database(folder / "assistant.db"),
        embedder=None if words_only else lambda: used,
        index=FaissIndex,
        folder=folder / "index",
        synonyms=synonyms,
    )


def heating() -> Document:
    """A small manual with steps, a question for a heading, and a plain section."""
    return Document(
        source="heating.md",
        title="Heating",
        language="en",
        blocks=(
            Block("To reset the heating, hold the red button.", ("Reset the heating",), line=3),
            Block("1. Open the cover.\n2. Hold the red button for five seconds.", ("Reset the heating",), "list", 5),
            Block("The pump was built in Graz in 1987. It weighs 40 kilograms.", ("The pump",), line=9),
            Block("Bleed the radiators once a year, best in autumn.", ("How often do I bleed radiators?",), line=12),
        ),
    )
