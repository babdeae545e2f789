"""Tokens per second through the worker process, beside llama-cpp-python called in this process.

The peer is the faster of two ways of calling it: `create_chat_completion`, as everybody does, and the bare
loop of `generate`, which does not even make text of the tokens. All take turns, each says the same greedy
answer from a prompt that it has read before, and the best round of each counts: the others were disturbed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from bench.result import Result, report
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.llama_sampler import REPEAT_PENALTY
from edge_assistant.config import Config
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.choice import USUAL
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message

CONTEXT: Final = 2048
QUESTION: Final = "Tell a long story about a lighthouse and its keeper."


class InProcess:
    """llama-cpp-python as its manual shows it."""

    def __init__(self, file: Path) -> None:
        from llama_cpp import Llama

        cores = physical_cores()
        self._llama = Llama(str(file), n_ctx=CONTEXT, n_threads=cores, n_threads_batch=cores, verbose=False)

    def chat(self, tokens: int) -> float:
        """Return tokens per second of `create_chat_completion`."""
        chunks: Any = self._llama.create_chat_completion(
            [{"role": "user", "content": QUESTION}],
            max_tokens=tokens,
            temperature=0.0,
            repeat_penalty=REPEAT_PENALTY,
            stream=True,
        )
        arrivals = [perf_counter() for chunk in chunks if "content" in chunk["choices"][0]["delta"]]
        return _rate(arrivals)

    def bare(self, tokens: int) -> float:
        """Return tokens per second of `generate`."""
        prompt = self._llama.tokenize(QUESTION.encode())
        generated = self._llama.generate(prompt, temp=0.0, repeat_penalty=REPEAT_PENALTY)
        arrivals = []
        for _ in generated:
            arrivals.append(perf_counter())
            if len(arrivals) == tokens:
                break
        return _rate(arrivals)


async def _worker(model: LlamaModel, tokens: int) -> float:
    arrivals = []
    limits = Limits(max_tokens=tokens, temperature=0.0)
    async with aclosing(model.stream((Message("user", QUESTION),), limits)) as words:
        async for _ in words:
            arrivals.append(perf_counter())
    return _rate(arrivals)


def _rate(arrivals: list[float]) -> float:
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


async def measure(file: Path, rounds: int, tokens: int) -> dict[str, list[float]]:
    """Return the tokens per second of every round, by way of calling."""
    peer, model = InProcess(file), LlamaModel(file, loading=Loading(CONTEXT, physical_cores()))
    rates: dict[str, list[float]] = {"worker": [], "create_chat_completion": [], "generate": []}
    ways: dict[str, Callable[[int], float]] = {"create_chat_completion": peer.chat, "generate": peer.bare}
    try:
        for turn in range(rounds + 1):
            found = {name: way(tokens) for name, way in ways.items()}
            found["worker"] = await _worker(model, tokens)
            for name, rate in found.items():
                if turn:  # the first round reads the prompt and warms the caches
                    rates[name].append(rate)
    finally:
        await model.close()
    return rates


def main() -> None:
    """Print the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=USUAL)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64)
    options = parser.parse_args()
    given = os.environ.get("EDGE_ASSISTANT_TEST_MODELS")
    folder = Path(given) if given else Config().home / "models"
    model, file = Catalog.usual(folder.parent).find(options.model, folder)
    rates = asyncio.run(measure(file, options.rounds, options.tokens))
    ours, peers = max(rates.pop("worker")), {name: max(values) for name, values in rates.items()}
    rows = [(name, f"{value:.1f}", f"{ours / value:.3f}") for name, value in peers.items()]
    report(
        f"{model.name}, the best of {options.rounds} rounds of {options.tokens} tokens, {physical_cores()} threads",
        ("way", "tokens/s", "the worker's share"),
        [("worker", f"{ours:.1f}", ""), *rows],
        Result("worker", round(ours, 2), round(max(peers.values()), 2), "tokens/s", "higher"),
    )


if __name__ == "__main__":
    main()
