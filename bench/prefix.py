"""Seconds to the first token of a second turn, beside those of the first: what a model need not read again.

A conversation begins with 1,500 tokens. It is read cold; then it goes on; then another conversation takes its
turn and the first one goes on after that. The result is the second turn beside the cold one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.result import Result, report
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.config import Config
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message

PREFIX: Final = 1500
_LINE: Final = "On day {number} the keeper of the lighthouse noted wind, tide, oil, and the ships that passed by. "
_AGAIN: Final = (Message("user", "And what did he note of the ships?"),)


async def _first(model: LlamaModel, messages: Sequence[Message]) -> tuple[float, str]:
    """Return the seconds to the first piece, and what is said."""
    started, first, words = perf_counter(), 0.0, ""
    async with aclosing(model.stream(messages, Limits(max_tokens=8, temperature=0.0, seconds=600))) as pieces:
        async for piece in pieces:
            first = first or perf_counter() - started
            words += piece
    return first, words


async def _conversation(model: LlamaModel, number: int) -> tuple[Message, ...]:
    """Return a conversation that begins as no other does, of as many tokens as are wanted."""
    lines, messages = "", (Message("system", ""),)
    line = 0
    while await model.count(messages) < PREFIX:
        lines += "".join(_LINE.format(number=number * 1000 + line + step) for step in range(10))
        line += 10
        messages = (Message("system", lines),)
    return (*messages, Message("user", "What did the keeper note?"))


async def measure(file: Path, rounds: int, threads: int) -> dict[str, float]:
    """Return the best seconds of every kind of turn."""
    model, best = LlamaModel(file, loading=Loading(4096, threads)), dict[str, float]()
    try:
        for number in range(rounds):
            one, other = await _conversation(model, 2 * number + 1), await _conversation(model, 2 * number + 2)
            cold, said = await _first(model, one)
            going_on = (*one, Message("assistant", said), *_AGAIN)
            second, _ = await _first(model, going_on)
            await _first(model, other)
            back, _ = await _first(model, going_on)
            found = {"the first turn, cold": cold, "the second turn": second, "after another conversation": back}
            best = {name: min(seconds, best.get(name, seconds)) for name, seconds in found.items()}
    finally:
        await model.close()
    return best


def main() -> None:
    """Print the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=physical_cores(), help="one, where others use the machine")
    options = parser.parse_args()
    given = os.environ.get("EDGE_ASSISTANT_TEST_MODELS")
    folder = Path(given) if given else Config().home / "models"
    model, file = Catalog.usual(folder.parent).find(options.model, folder)
    best = asyncio.run(measure(file, options.rounds, options.threads))
    cold = best["the first turn, cold"]
    report(
        f"{model.name}, {PREFIX} tokens before the question, the best of {options.rounds} rounds",
        ("turn", "seconds to the first token", "share of the cold one"),
        [(name, f"{seconds:.3f}", f"{seconds / cold:.3f}") for name, seconds in best.items()],
        Result("prefix", round(best["the second turn"], 4), round(cold, 4), "s to the first token", "lower"),
    )


if __name__ == "__main__":
    main()
