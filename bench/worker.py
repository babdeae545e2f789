"""Tokens per second through the worker process, beside the other ways of calling llama.cpp from Python.

The peers are llama-cpp-python, called as everybody does (`create_chat_completion`) and by its bare loop
(`generate`), and `xllamacpp`, which brings llama.cpp's server loop, where it is installed. All take turns, each
says the same greedy answer from a prompt that it has read before, and the best round of each counts: the others
were disturbed. The result is that of the model for which the worker is weakest against the fastest peer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.peers import CONTEXT, QUESTION, Peer, present, rate
from bench.result import Result, report
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.config import Config
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading, usual
from edge_assistant.models.measured import measured
from edge_assistant.types import Limits, Message

MODELS: Final = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
"""The three that package registries carry."""


async def _worker(model: LlamaModel, tokens: int) -> float:
    arrivals = []
    limits = Limits(max_tokens=tokens, temperature=0.0, seconds=600)
    async with aclosing(model.stream((Message("user", QUESTION),), limits)) as words:
        async for _ in words:
            arrivals.append(perf_counter())
    return rate(arrivals)


async def best(file: Path, loading: Loading, names: Sequence[str], rounds: int, tokens: int) -> dict[str, float]:
    """Return the tokens per second of the best round, by way of calling."""
    rates: dict[str, float] = dict.fromkeys(("worker", *names), 0.0)
    async with AsyncExitStack() as stack:
        model = LlamaModel(file, loading=loading)
        stack.push_async_callback(model.close)
        peers = {name: stack.enter_context(Peer(name, file, tokens, loading.threads)) for name in names}
        for turn in range(rounds + 1):
            found = {"worker": await _worker(model, tokens), **{name: peer.rate() for name, peer in peers.items()}}
            if turn:  # the first round reads the prompt and warms the caches
                rates = {name: max(rates[name], found[name]) for name in rates}
    return rates


def main() -> None:
    """Print the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", help="may be given several times; without it, all that lie here")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, help="one, where others use the machine; else as is best")
    parser.add_argument("--plain", action="store_true", help="guess nothing ahead: every token is read on its own")
    options = parser.parse_args()
    rows, results = [], []
    for name, file, loading in _files(options.model or MODELS, optional=not options.model):
        chosen = replace(loading, ahead=0) if options.plain else loading
        chosen = replace(chosen, threads=options.threads) if options.threads else chosen
        rates = asyncio.run(best(file, chosen, present(), options.rounds, options.tokens))
        ours, peer = rates["worker"], max(rate for way, rate in rates.items() if way != "worker")
        rows += [(name, way, f"{rate:.1f}", f"{ours / rate:.3f}") for way, rate in rates.items()]
        results.append(Result("worker", round(ours, 2), round(peer, 2), "tokens/s", "higher"))
    threads = options.threads or physical_cores()
    report(
        f"the best of {options.rounds} rounds of {options.tokens} tokens, {threads} threads",
        ("model", "way", "tokens/s", "the worker's share"),
        rows,
        min(results, key=lambda result: result.ratio),
    )


def _files(names: Sequence[str], *, optional: bool) -> list[tuple[str, Path, Loading]]:
    """Return the models that lie here, loaded as `models bench` found best, else as without it."""
    given = os.environ.get("EDGE_ASSISTANT_TEST_MODELS")
    home = Path(given).parent if given else Config().home
    catalog, folder = Catalog.usual(home), Path(given) if given else home / "models"
    found = [catalog.find(name, folder) for name in names]
    return [
        (model.name, file, replace(measured(home, model) or usual(physical_cores()), context=CONTEXT))
        for model, file in found
        if not optional or model.flaw(file) is None
    ]


if __name__ == "__main__":
    main()
