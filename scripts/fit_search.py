"""Try how documents are cut and how words weigh beside meanings, on questions whose answers are labelled.

    python -m scripts.fit_search KB_FOLDER... [--windows 80,120,200] [--dense 0.4,0.5]

KB_FOLDER holds documents.jsonl (id, title, text) and questions.jsonl (question, answers, answerable, doc_id).
The articles are parted into two halves: choose by the first, believe the second. No text is kept.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.knowledge.answering import ranked
from edge_assistant.knowledge.chunks import WINDOW, chunks
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.fuse import DENSE, Found, fused
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.repeats import distinct
from edge_assistant.knowledge.selection import EVERYTHING
from edge_assistant.knowledge.words import terms
from edge_assistant.languages import detect
from edge_assistant.storage.database import Database
from scripts.fit_answerability import MODEL, PIECE, rows_of

_CANDIDATES = 50


@dataclass(frozen=True)
class Outcome:
    """What one question came to."""

    half: int
    document: int | None
    """The place of the right document, from 1."""
    chunk: int | None
    """The place of the first passage that holds an answer, from 1."""


class Remembering:
    """An embedder that embeds each text once over all trials."""

    def __init__(self) -> None:
        self._embedder = OnnxEmbedder(MODEL)
        self._known: dict[tuple[str, str], Any] = {}
        self.languages = self._embedder.languages
        self.dimension = self._embedder.dimension
        self.stamp = self._embedder.stamp

    def embed(self, texts: Sequence[str], kind: Any) -> Any:
        new = sorted({text for text in texts if (kind, text) not in self._known}, key=len)
        for start in range(0, len(new), 64):
            batch = new[start : start + 64]
            self._known |= dict(zip(((kind, text) for text in batch), self._embedder.embed(batch, kind), strict=True))
        return numpy.stack([self._known[kind, text] for text in texts])


def main() -> None:
    """Print one line per trial and half."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kb", type=Path, nargs="+")
    parser.add_argument("--windows", default=str(WINDOW))
    parser.add_argument("--dense", help="how much meaning counts; without it, as it does now")
    options = parser.parse_args()
    embedder = Remembering()
    for kb in options.kb:
        for window in map(int, options.windows.split(",")):
            weights = [float(weight) for weight in (options.dense or "").split(",") if weight]
            for dense, outcomes in trial(kb, embedder, window, weights):
                print(f"{kb.name} window {window} dense {dense}: {told(outcomes)}", flush=True)


def trial(
    kb: Path, embedder: Remembering, window: int, weights: Sequence[float]
) -> Iterator[tuple[float, list[Outcome]]]:
    """Yield what every question comes to, for each weight."""
    with tempfile.TemporaryDirectory() as folder, closing(Database(Path(folder) / "kb.db")) as database:
        library = Library(database, embedder=lambda: embedder, index=FaissIndex, folder=Path(folder))
        for row in rows_of(kb / "documents.jsonl"):
            document = plain(row["id"], row["text"], detect(row["text"]), row["title"])
            library.store.replace(document, chunks(document, window), None, None)
        library.settle()
        questions = [row for row in rows_of(kb / "questions.jsonl") if row["answerable"]]
        for dense in weights or [DENSE.get(detect(questions[0]["question"]), 0.5)]:
            yield dense, [outcome(row, found(library, row["question"], dense)) for row in questions]


def found(library: Library, text: str, dense: float) -> list[Found]:
    """Return what `Library.find` does, with another weight of meaning."""
    language = detect(text)
    if language not in library.languages:
        dense = 0.0
    bm25 = library.store.matching(terms(text), _CANDIDATES, language)
    meant = library.meanings.meant(text) if dense else None
    near = library.meanings.near(meant, bm25, EVERYTHING, language) if meant else {}
    scores = fused(bm25, near, dense)
    numbers = list(scores)[:56]
    stored = library.store.passages(numbers)
    seen = [
        Found(stored[number], min(1.0, scores[number]), bm25.get(number, 0.0), near.get(number)) for number in numbers
    ]
    return ranked(library.question(text, language), distinct(seen, 50))


def outcome(row: dict[str, Any], seen: Sequence[Found]) -> Outcome:
    """Return at which places the document and an answer stand."""
    documents = list(dict.fromkeys(one.stored.document for one in seen))
    answers = [f" {' '.join(PIECE.findall(answer.lower()))} " for answer in row["answers"]]
    texts = (f" {' '.join(PIECE.findall(one.stored.chunk.text.lower()))} " for one in seen[:10])
    holding = (place for place, text in enumerate(texts, 1) if any(answer in text for answer in answers))
    article = str(row["doc_id"]).rsplit("-", 1)[0] if not str(row["doc_id"]).startswith("long-") else row["doc_id"]
    rank = documents.index(row["doc_id"]) + 1 if row["doc_id"] in documents else None
    return Outcome(zlib.crc32(article.encode()) % 2, rank, next(holding, None))


def told(outcomes: Sequence[Outcome]) -> str:
    """Return the measures of both halves, and of all."""
    parts = []
    for name, half in (("dev", 0), ("held", 1), ("all", None)):
        rows = [one for one in outcomes if half is None or one.half == half]
        at = [sum((one.document or 99) <= most for one in rows) / len(rows) for most in (1, 5)]
        mrr = sum(1 / one.document for one in rows if one.document and one.document <= 10) / len(rows)
        first = [sum((one.chunk or 99) <= most for one in rows) / len(rows) for most in (1, 5)]
        parts.append(
            f"{name} ({len(rows)}) R@1 {at[0]:.3f} R@5 {at[1]:.3f} MRR {mrr:.3f} "
            f"answer in first {first[0]:.3f}, in five {first[1]:.3f}"
        )
    return " | ".join(parts)


if __name__ == "__main__":
    main()
