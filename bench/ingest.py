"""What taking in a folder costs, all of it, beside nothing but onnxruntime over the same passages in batches."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from bench.raw import MODEL, Raw
from bench.result import Result, report
from bench.texts import passages
from edge_assistant.adapters.embedders import open_embedder
from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.reading import Reading
from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.library import Library
from edge_assistant.storage.database import Database

ROUNDS: Final = 3
FILES: Final = 20
SECTIONS: Final = 12


def write(folder: Path, seed: int) -> None:
    """Write a folder of manuals."""
    texts = passages(FILES * SECTIONS, seed)
    for number in range(FILES):
        sections = [f"## Section {section}\n\n{next(texts)}" for section in range(SECTIONS)]
        (folder / f"manual-{number}.md").write_text(f"# Manual {seed} {number}\n\n" + "\n\n".join(sections))


def measure(rounds: int) -> tuple[list[float], list[float], int]:
    """Return the passages a second of ours and of the raw way, round by round, and how many passages there were."""
    raw, ours, theirs, total = Raw(), [], [], 0
    embedder = open_embedder(MODEL)
    embedder.embed(["warm"], "passage")
    raw.embed(["warm"])
    for seed in range(rounds):
        with TemporaryDirectory() as scratch, closing(Reading()) as reading:
            folder, home = Path(scratch) / "folder", Path(scratch) / "home"
            folder.mkdir()
            write(folder, seed)
            database = Database(home / "assistant.db")
            library = Library(database, embedder=lambda: embedder, index=FaissIndex, folder=home / "index")
            started = perf_counter()
            ingest.add(library, [folder], limit=10_000_000, read=reading.read)
            spent = perf_counter() - started
            stored = library.store.passages(range(100_000))
            started = perf_counter()
            raw.embed_all([one.chunk.embedded for one in stored.values()])
            theirs.append(len(stored) / (perf_counter() - started))
            ours.append(len(stored) / spent)
            total += len(stored)
            database.close()
    return ours, theirs, total


def main(rounds: int = ROUNDS) -> None:
    """Print how fast a folder becomes searchable."""
    ours, theirs, total = measure(rounds)
    rows = [
        ("a folder of Markdown: read, cut, kept, embedded, indexed", round(median(ours), 1)),
        ("onnxruntime alone, the same passages by length", round(median(theirs), 1)),
        (f"share, median of {rounds} rounds, {total} passages", round(median(map(_ratio, ours, theirs)), 3)),
    ]
    result = Result("ingest", round(median(ours), 1), round(median(theirs), 1), "passages/s", "higher")
    report("Taking in a folder", ("what", "passages a second"), rows, result)


def _ratio(ours: float, theirs: float) -> float:
    return ours / theirs


if __name__ == "__main__":
    main()
