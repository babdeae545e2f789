"""What one question costs to embed: ours, raw onnxruntime with the same file, and 32 bits and PyTorch where given."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy

from bench.raw import MODEL, Raw
from bench.result import Result, report
from edge_assistant.adapters.embedders import open_embedder

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

ROUNDS: Final = 200
QUESTIONS: Final = (
    "how do I bleed the radiators?",
    "when does the warranty of the washing machine end, and whom do I call?",
    "which filter fits the coffee machine",
    "what does the red light on the router mean after a power cut?",
)


def in_turns(ways: Sequence[Callable[[str], object]], rounds: int) -> list[float]:
    """Return the median milliseconds of each way; they take turns, so that a busy machine slows them alike."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds):
        for way, spent in zip(ways, times, strict=True):
            started = perf_counter()
            way(QUESTIONS[turn % len(QUESTIONS)])
            spent.append(perf_counter() - started)
    return [median(spent[len(QUESTIONS) :]) * 1000 for spent in times]


def right_first(embed: Callable[[Sequence[str], Any], FloatArray], kb: Path) -> float:
    """Return the share of questions whose document is the nearest of all."""
    documents, questions = (
        [json.loads(line) for line in (kb / f"{name}.jsonl").open(encoding="utf-8")] for name in _KB
    )
    asked = [row for row in questions if row.get("kind") == "answerable"]
    names = [row["id"] for row in documents]
    stored = embed([f"{row['title']}\n{row['text']}" for row in documents], "passage")
    nearest = numpy.argmax(embed([row["question"] for row in asked], "query") @ stored.T, axis=1)
    return float(numpy.mean([names[place] == row["doc_id"] for place, row in zip(nearest, asked, strict=True)]))


def torch_way(weights: Path) -> Callable[[str], object]:
    """Return how sentence-transformers embeds with PyTorch."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(2)
    model = SentenceTransformer(str(weights), device="cpu")
    return lambda text: model.encode([text], normalize_embeddings=True, show_progress_bar=False)


def main(rounds: int = ROUNDS) -> None:
    """Print what a question costs in each engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", type=Path, help="a folder with the same model in 32-bit ONNX")
    parser.add_argument("--half", type=Path, help="a folder with the same model in 16-bit ONNX")
    parser.add_argument("--weights", type=Path, help="a sentence-transformers folder with the published weights")
    parser.add_argument("--kb", type=Path, help="documents.jsonl and questions.jsonl, to compare R@1 as well")
    options = parser.parse_args()
    ours, peer = open_embedder(MODEL), Raw()
    named: list[tuple[str, Callable[[str], object]]] = [
        ("8 bits, ours", lambda text: ours.embed([text], "query")),
        ("8 bits, raw onnxruntime and tokenizers", lambda text: peer.embed([text])),
    ]
    if options.full:
        full = open_embedder(options.full)
        named.append(("32 bits, onnxruntime", lambda text: full.embed([text], "query")))
    if options.half:
        half = open_embedder(options.half)
        named.append(("16 bits, onnxruntime", lambda text: half.embed([text], "query")))
    if options.weights and not importlib.util.find_spec("sentence_transformers"):
        sys.exit("PyTorch cannot be compared without the extra: pip install 'edge-assistant[export]'")
    if options.weights:
        named.append(("32 bits, PyTorch and sentence-transformers", torch_way(options.weights)))
    spent = in_turns([way for _, way in named], rounds)
    rows = [(name, f"{time:.2f}", f"{time / spent[0]:.1f}") for (name, _), time in zip(named, spent, strict=True)]
    if options.kb and options.full:
        folders = (MODEL, options.full, *([options.half] if options.half else []))
        for folder in folders:
            share = right_first(open_embedder(folder).embed, options.kb)
            size = sum(file.stat().st_size for file in folder.glob("*.onnx")) / 1e6
            rows.append((f"{folder.name}: {size:.1f} MB, R@1 of dense search alone {share:.4f}", "", ""))
    result = Result("embedder", round(spent[0], 3), round(spent[-1], 3), "ms per question", "lower")
    report("Embedding a question", ("way", "milliseconds (median)", "times ours"), rows, result)


_KB: Final = ("documents", "questions")

if __name__ == "__main__":
    main()
