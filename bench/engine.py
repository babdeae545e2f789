"""What the engine costs per query: the same tier asked through it, and called directly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from bench.result import Result, report
from edge_assistant.actuator import Actuator
from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.config import Config
from edge_assistant.devices.home import Home
from edge_assistant.engine import Engine
from edge_assistant.rooms import open_rulebooks
from edge_assistant.storage.actions import Actions
from edge_assistant.storage.database import Database
from edge_assistant.tiers.rules import RuleTier
from edge_assistant.types import Declined, Query, Reply, Tier, TierName, Words

ROUNDS: Final = 1_000
QUERY: Final = Query("good morning")


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


async def _milliseconds(ways: Sequence[Callable[[], Awaitable[object]]], rounds: int) -> list[float]:
    """Return the median of each way; they take turns, so that a busy machine slows them alike."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(rounds + 1):
        for way, spent in zip(ways, times, strict=True):
            started = perf_counter()
            await way()
            if turn:  # the first one warms up
                spent.append(perf_counter() - started)
    return [median(spent) * 1000 for spent in times]


async def measure(rounds: int, home: Path) -> list[float]:
    """Return the median milliseconds of a ready tier: directly, alone, last of five; of a rule: directly, by engine."""
    ready = _Ready("cloud")
    names: tuple[TierName, ...] = ("rules", "answers", "knowledge", "device")
    actuator = Actuator(MemoryHome(Home()), lambda: Actions(Database(home / "outbox.db")))
    rules = RuleTier(open_rulebooks(Config(home=home)), {}, actuator)
    alone, last, first = Engine([ready]), Engine([*map(_Silent, names), ready]), Engine([rules])
    ways: Sequence[Callable[[], Awaitable[object]]] = (
        lambda: _direct(ready),
        lambda: alone.ask(QUERY),
        lambda: last.ask(QUERY),
        lambda: _direct(rules),
        lambda: first.ask(QUERY),
    )
    return await _milliseconds(ways, rounds)


def main(rounds: int = ROUNDS) -> None:
    """Print what a query costs with and without the engine."""
    with TemporaryDirectory() as home:
        direct, alone, last, rule, asked = asyncio.run(measure(rounds, Path(home)))
    rows = [
        ("a tier that is always ready, called directly", f"{direct:.4f}", ""),
        ("through the engine, the only tier", f"{alone:.4f}", f"{alone - direct:.4f}"),
        ("through the engine, last of five tiers", f"{last:.4f}", f"{last - direct:.4f}"),
        ("the rule tier, called directly", f"{rule:.4f}", ""),
        ("the rule tier, through the engine", f"{asked:.4f}", f"{asked - rule:.4f}"),
    ]
    head = ("way", "milliseconds a query (median)", "overhead")
    report("Engine overhead", head, rows, Result("engine", round(asked, 4), round(rule, 4), "ms per query", "lower"))


if __name__ == "__main__":
    main()
