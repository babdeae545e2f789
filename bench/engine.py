"""What the engine costs per query: the same tier asked through it, and called directly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from statistics import median
from time import perf_counter
from typing import Final

from bench.result import Result, report
from edge_assistant.engine import Engine
from edge_assistant.types import Declined, Query, Reply, Tier, TierName, Words

ROUNDS: Final = 2_000
QUERY: Final = Query("turn on the kitchen light")


class _Silent:
    """A tier that declines at once."""

    leaves_device = False

    def __init__(self, name: TierName) -> None:
        self.name: TierName = name

    async def consider(self, query: Query) -> Reply | Declined:
        return Declined("it is not my turn")


class _Ready(_Silent):
    """A tier that answers at once."""

    async def consider(self, query: Query) -> Reply | Declined:
        return Reply(_words(), "it is my turn")


async def _words() -> Words:
    for word in ("The ", "light ", "is ", "on."):
        yield word


async def _direct(tier: Tier) -> None:
    """Ask a tier as a program without an engine would."""
    reply = await tier.consider(QUERY)
    assert isinstance(reply, Reply)
    async with aclosing(reply.words) as words:
        "".join([str(word) async for word in words])


async def _milliseconds(ask: Callable[[], Awaitable[object]], rounds: int) -> float:
    await ask()
    times = []
    for _ in range(rounds):
        started = perf_counter()
        await ask()
        times.append(perf_counter() - started)
    return median(times) * 1000


async def measure(rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Return the median milliseconds of: the first tier of one, the fifth of five, the tier itself."""
    ready = _Ready("cloud")
    names: tuple[TierName, ...] = ("rules", "answers", "knowledge", "device")
    alone = Engine([ready])
    last = Engine([*map(_Silent, names), ready])
    return (
        await _milliseconds(lambda: alone.ask(QUERY), rounds),
        await _milliseconds(lambda: last.ask(QUERY), rounds),
        await _milliseconds(lambda: _direct(ready), rounds),
    )


def main(rounds: int = ROUNDS) -> None:
    """Print what a query costs with and without the engine."""
    alone, last, direct = asyncio.run(measure(rounds))
    rows = [
        ("the tier, called directly", f"{direct:.4f}", ""),
        ("through the engine, first of one tier", f"{alone:.4f}", f"{alone - direct:.4f}"),
        ("through the engine, last of five tiers", f"{last:.4f}", f"{last - direct:.4f}"),
    ]
    head = ("way", "milliseconds a query (median)", "overhead")
    report("Engine overhead", head, rows, Result("engine", round(last, 4), round(direct, 4), "ms per query", "lower"))


if __name__ == "__main__":
    main()
