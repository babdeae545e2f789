"""What taking in a folder costs, all of it, beside nothing but onnxruntime over the same passages in batches."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from bench.result import Result, report
from bench.texts import passages
from edge_assistant.adapters.embedders import open_embedder
from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.reading import Reading
from edge_assistant.config import shipped
from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.library import Library
from edge_assistant.storage.database import Database

MODEL: Final = shipped("models") / "all-MiniLM-L6-v2"
ROUNDS: Final = 5
FILES: Final = 20
SECTIONS: Final = 12
BATCH: Final = 32


class Raw:
    """onnxruntime and tokenizers as their manuals show them: texts sorted by length, in batches."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(4, os.cpu_count() or 1)
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._session: Any = onnxruntime.InferenceSession(
            str(MODEL / "model_int8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer: Any = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
        self._tokenizer.enable_truncation(256)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> None:
        """Embed texts and throw the vectors away."""
        import numpy

        wanted = {put.name for put in self._session.get_inputs()}
        order = sorted(texts, key=len)
        for start in range(0, len(order), BATCH):
            batch = self._tokenizer.encode_batch(order[start : start + BATCH])
            mask = numpy.array([text.attention_mask for text in batch], dtype=numpy.int64)
            ids = numpy.array([text.ids for text in batch], dtype=numpy.int64)
            inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(mask)}
            states = self._session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0]
            weights = mask[..., None].astype(numpy.float32)
            (states * weights).sum(axis=1) / weights.sum(axis=1)


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
            raw.embed([one.chunk.embedded for one in stored.values()])
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
