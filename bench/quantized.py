"""What packing a language model costs and brings: size, speed, and how far it strays from the first file named.

    python -m bench.quantized [F16.gguf Q8_0.gguf Q4_0.gguf] [--kb FOLDER --index FOLDER --questions 30]

Without files, the smallest model is packed anew: F16 from what was published in 4 bits, and the others from that.

Speed is that of the worker, the best of rounds in which all files take turns. How far a file strays is measured on
windows of the starter documents: the perplexity, how often the likeliest next token is the same as in the first file,
and the Kullback-Leibler divergence from it. With --kb (documents.jsonl, questions.jsonl) the device tier answers
questions from the passages that the knowledge tier finds; all files get the same questions and passages.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import numpy

from bench.peers import QUESTION
from bench.result import Result, report
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.quantize import quantize
from edge_assistant.config import Config, shipped
from edge_assistant.models.catalog import Catalog, ModelFile
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.models.rung import Pinned, Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.operations.evaluate.rightness import is_right
from edge_assistant.tiers.device import DeviceTier
from edge_assistant.tiers.knowledge import KnowledgeTier
from edge_assistant.types import Limits, Message, Query
from scripts.fit_answerability import rows_of
from scripts.fit_judge import filled

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW: Final = 192
"""Tokens that are read at once; the first quarter only warms up."""
SMALLEST: Final = "smollm2-135m"
KINDS: Final = ("Q8_0", "Q4_K_M", "Q4_0")
_CONTEXT: Final = 2048
_SHORT: Final = Limits(max_tokens=24, temperature=0.0, seconds=600)


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled question with the passages that were found for it."""

    query: Query
    answers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Strays:
    """How far a file is from the first one."""

    perplexity: float
    same: float
    divergence: float
    """Nats."""


async def speeds(files: Sequence[Path], rounds: int, threads: int) -> list[float]:
    """Return the tokens a second that each file says in its worker: the best of short rounds, all taking turns."""
    models = [LlamaModel(file, loading=Loading(_CONTEXT, threads)) for file in files]
    best = [0.0] * len(files)
    try:
        for _ in range(rounds):
            for place, model in enumerate(models):
                told: list[Spoken] = []
                async for _ in model.stream((Message("user", QUESTION),), _SHORT, told.append):
                    pass
                best[place] = max(best[place], told[0].tokens_per_second)
    finally:
        for model in models:
            await model.close()
    return best


def straying(files: Sequence[Path], text: str, windows: int, threads: int) -> list[Strays]:
    """Return how far each file is from the first, over windows of a text."""
    from llama_cpp import Llama

    models = [Llama(str(file), n_ctx=WINDOW, n_threads=threads, logits_all=True, verbose=False) for file in files]
    tokens = models[0].tokenize(text.encode())
    found: list[list[NDArray[numpy.float64]]] = [[] for _ in files]
    for start in range(0, windows * WINDOW, WINDOW):
        window = tokens[start : start + WINDOW]
        first = _likelihoods(models[0], window)
        for place, model in enumerate(models):
            own = first if place == 0 else _likelihoods(model, window)
            found[place].append(_compared(first, own, window))
    rows = [numpy.concatenate(of_file).mean(axis=0) for of_file in found]
    return [Strays(float(numpy.exp(row[0])), float(row[1]), float(row[2])) for row in rows]


def _likelihoods(model: Any, window: Sequence[int]) -> NDArray[numpy.float64]:
    """Return the log-probabilities of every next token, (tokens, vocabulary)."""
    model.reset()
    model.eval(window)
    logits = numpy.array(model.scores[: len(window)], dtype=numpy.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return numpy.asarray(logits - numpy.log(numpy.exp(logits).sum(axis=1, keepdims=True)))


def _compared(
    first: NDArray[numpy.float64], own: NDArray[numpy.float64], window: Sequence[int]
) -> NDArray[numpy.float64]:
    """Return surprise, sameness and divergence for every token that had enough before it, (tokens, 3)."""
    start, following = len(window) // 4, list(window[1:])
    places = range(start, len(following))
    surprise = -own[list(places), following[start:]]
    same = first[start:-1].argmax(axis=1) == own[start:-1].argmax(axis=1)
    divergence = (numpy.exp(first[start:-1]) * (first[start:-1] - own[start:-1])).sum(axis=1)
    return numpy.stack([surprise, same, divergence], axis=1)


async def questions(kb: Path, index: Path, count: int) -> list[Question]:
    """Return answerable questions, spread over the set, with what the knowledge tier finds."""
    rows = [row for row in rows_of(kb / "questions.jsonl") if row["kind"] == "answerable"]
    library = filled(kb, "en", index)
    knowledge = KnowledgeTier(lambda: library, threshold=2.0)
    found = []
    for row in rows[:: max(1, len(rows) // count)][:count]:
        verdict = await knowledge.consider(Query(row["question"], "en"))
        passages = getattr(verdict, "passages", ())
        found.append(Question(Query(row["question"], "en", passages=tuple(passages)), row["answers"]))
    knowledge.close()
    return found


async def right(described: ModelFile, file: Path, asked: Sequence[Question], threads: int) -> float:
    """Return the share of questions that the device tier answers rightly from the passages."""
    model = LlamaModel(file, loading=Loading(_CONTEXT, threads))
    rung = Rung(described, file, model, context=_CONTEXT)
    tier, hits = DeviceTier(Pinned(rung), limits=Limits(max_tokens=64)), 0
    try:
        for one in asked:
            heard = await tier.heard(rung, tier.useful(rung, one.query))
            hits += is_right(heard.text, one.answers)
    finally:
        await model.close()
    return hits / len(asked)


def starter_text(languages: Sequence[str]) -> str:
    """Return the starter documents of languages, one after the other."""
    texts = (file for language in languages for file in sorted((shipped("knowledge_base") / language).rglob("*.md")))
    return "\n\n".join(file.read_text(encoding="utf-8") for file in texts)


def main() -> None:
    """Measure the files that are named, or those made for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--language", action="append", choices=("en", "zh"))
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--kb", type=Path)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--questions", type=int, default=30)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        options.file = options.file or packed(Path(folder), options.threads)
        measure(options)


def packed(folder: Path, threads: int) -> list[Path]:
    """Return the smallest model in several kinds, made in a folder."""
    home = Config.read().home
    _, published = Catalog.usual(home).find(SMALLEST, home / "models")
    whole = quantize(published, folder / f"{SMALLEST}-F16.gguf", "F16", threads)
    return [whole, *(quantize(whole, folder / f"{SMALLEST}-{kind}.gguf", kind, threads) for kind in KINDS)]


def measure(options: argparse.Namespace) -> None:
    """Print the table and the result of some files."""
    fast = asyncio.run(speeds(options.file, options.rounds, options.threads))
    strays = straying(options.file, starter_text(options.language or ["en"]), options.windows, options.threads)
    shares = _shares(options) if options.kb else [None] * len(options.file)
    report(
        f"{options.windows} windows of {WINDOW} tokens; best of {options.rounds} rounds, {options.threads} threads",
        ("file", "MB", "smaller", "tokens/s", "faster", "perplexity", "same token", "KL", "right"),
        list(_rows(options.file, fast, strays, shares)),
        Result("quantized", round(fast[-1], 2), round(fast[0], 2), "tokens/s", "higher"),
    )


def _shares(options: argparse.Namespace) -> list[float]:
    asked = asyncio.run(questions(options.kb, options.index, options.questions))
    catalog = Catalog.read((shipped("models") / "manifest.toml",))
    described = [catalog.find(str(file), file.parent)[0] for file in options.file]
    known = [model.model_copy(update={"languages": ("en", "zh"), "billions": 0.5}) for model in described]
    return [
        asyncio.run(right(model, file, asked, options.threads)) for model, file in zip(known, options.file, strict=True)
    ]


def _rows(
    files: Sequence[Path], fast: Sequence[float], strays: Sequence[Strays], shares: Sequence[float | None]
) -> Iterator[tuple[str, ...]]:
    first = files[0].stat().st_size
    for file, speed, stray, share in zip(files, fast, strays, shares, strict=True):
        size = file.stat().st_size
        yield (
            *(file.stem, f"{size / 1e6:.0f}", f"{1 - size / first:.0%}"),
            *(f"{speed:.1f}", f"{speed / fast[0]:.2f}"),
            *(f"{stray.perplexity:.2f}", f"{stray.same:.3f}", f"{stray.divergence:.4f}"),
            "-" if share is None else f"{share:.2f}",
        )


if __name__ == "__main__":
    main()
