"""Milliseconds per question with embedding, beside raw onnxruntime and raw FAISS in the same run.

The passages are real text with synthetic vectors: random directions, the worst case for any index that is not exact.
The peer embeds the question and compares it with every vector (`IndexFlatIP`): no words, no passages read, no
sentences chosen. ``--passages 1000000`` takes twenty minutes and 2 GB of disk; ``--home`` keeps what it built.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy

from bench.raw import MODEL, Raw
from bench.result import Result, report
from bench.texts import passages, questions
from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.store import Store
from edge_assistant.storage.database import Database

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge_assistant.types import FloatArray

DIMENSION: Final = 384
OURS: Final = "search: words, meaning, passages, sentences"
EMBEDDING: Final = "embedding, raw onnxruntime"
PEER: Final = "embedding, and raw IndexFlatIP"
_TOGETHER: Final = 500
"""Passages of one document."""


class Asked:
    """Embeds questions as the shipped model does, for passages whose vectors are synthetic."""

    stamp = "synthetic"
    dimension = DIMENSION
    languages = ("en",)

    def __init__(self) -> None:
        self._model = OnnxEmbedder(MODEL)

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> FloatArray:
        return self._model.embed(texts, kind)


def fill(database: Database, count: int) -> float:
    """Add so many passages, and return the seconds it took."""
    store, texts, random = Store(database), passages(count), numpy.random.default_rng(0)
    started = perf_counter()
    for number in range(count // _TOGETHER):
        name = f"manual-{number}.md"
        cut = [Chunk(text, f"Manual {number}", name, "en") for text in islice(texts, _TOGETHER)]
        vectors = random.standard_normal((len(cut), DIMENSION), dtype=numpy.float32)
        vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
        store.replace(Document(name, f"Manual {number}", "en", sha256=f"{number:064}"), cut, Asked.stamp, vectors)
    return perf_counter() - started


def raw(library: Library) -> Any:
    """Return a plain FAISS index of every vector."""
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(DIMENSION)
    for _, vectors in library.store.vectors.batches(Asked.stamp, -1, library.generation):
        index.add(vectors)
    return index


def timed(ways: Mapping[str, Callable[[str], object]], asked: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return the median and the 99th percentile in milliseconds, and the median on all processors, of each way.

    They take turns, so that a busy machine slows them alike.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for text in asked:
        for name, way in ways.items():
            started, worked = perf_counter(), process_time()
            way(text)
            taken[name].append((1000 * (perf_counter() - started), 1000 * (process_time() - worked)))
    return {name: _told(numpy.array(spent)) for name, spent in taken.items()}


def _told(spent: NDArray[numpy.float64]) -> tuple[float, ...]:
    p50, p99 = numpy.percentile(spent[:, 0], (50, 99))
    return float(p50), float(p99), float(numpy.median(spent[:, 1]))


def measure(home: Path, count: int, rounds: int, *, compare: bool) -> None:
    """Print the table and the result."""
    database = Database(home / "assistant.db")
    filled = 0.0 if Store(database).entries() else fill(database, count)
    library = Library(database, embedder=Asked, index=FaissIndex, folder=home / "index")
    started = perf_counter()
    library.settle()
    indexed = perf_counter() - started
    asked, peer_model = questions(rounds), Raw()
    for text in asked[:20]:
        library.find(text, 10, "en")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ways: dict[str, Callable[[str], object]] = {
        OURS: lambda text: library.find(text, 10, "en"),
        EMBEDDING: lambda text: peer_model.embed([text]),
    }
    ours_index = library.meanings.index
    assert ours_index is not None, "it has just answered"
    embedded = {text: peer_model.embed([text]) for text in asked}
    if compare:
        index = raw(library)
        ways[PEER] = lambda text: index.search(peer_model.embed([text]), 50)
        ways["raw IndexFlatIP alone"] = lambda text: index.search(embedded[text], 50)
    ways["our index alone"] = lambda text: ours_index.search(embedded[text], 50)
    found = timed(ways, asked)
    rows: list[tuple[object, ...]] = [(name, *(f"{ms:.1f}" for ms in spent)) for name, spent in found.items()]
    ours, peer = found[OURS], found.get(PEER, found[EMBEDDING])
    size = max(file.stat().st_size for file in (home / "index").glob("*.faiss"))
    recall = soundness.recall(library.store, Asked.stamp, ours_index)
    rows += [
        ("recall@10 of exact search", f"{recall:.3f}", "", ""),
        ("our index, MB; the vectors in 32 bits, MB", f"{size / 1e6:.0f}", f"{count * DIMENSION * 4 / 1e6:.0f}", ""),
        ("peak memory, MB", f"{memory:.0f}", "", ""),
        ("adding, seconds", f"{filled:.0f}", "", ""),
        ("making the index, seconds", f"{indexed:.1f}", "", ""),
    ]
    title = f"A question to {count:,} passages"
    report(
        title,
        ("way", "p50 ms", "p99 ms", "p50 ms of processors"),
        rows,
        Result("knowledge", round(ours[0], 2), round(peer[0], 2), "ms per question", "lower"),
    )


def main() -> None:
    """Measure in a folder that goes away, or in one that stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--alone", action="store_true", help="without the peer, which holds every vector in memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options.home or Path(folder), options.passages, options.questions, compare=not options.alone)


if __name__ == "__main__":
    main()
