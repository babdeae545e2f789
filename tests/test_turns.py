"""Whose turn it is at a model."""

from __future__ import annotations

import asyncio

import pytest

from edge_assistant.errors import TierError
from edge_assistant.models.turns import Turns


async def waits(turns: Turns, asker: str) -> asyncio.Task[None]:
    """Return someone who has begun to wait."""
    task = asyncio.create_task(turns.take(asker))
    await asyncio.sleep(0)
    return task


async def test_several_may_be_served_at_once() -> None:
    turns = Turns(4, at_once=2)
    await turns.take("a")
    await turns.take("a")
    third = await waits(turns, "a")

    assert (third.done(), turns.waiting) == (False, 1)

    turns.give_back()
    await third
    turns.give_back()
    turns.give_back()
    assert not turns.busy


async def test_lines_take_turns_and_within_a_line_the_first_comes_first() -> None:
    turns, served = Turns(9), list[str]()

    async def serve(name: str) -> None:
        await turns.take(name[0])
        served.append(name)
        turns.give_back()

    await turns.take("z")
    tasks = [asyncio.create_task(serve(name)) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    await asyncio.sleep(0)
    turns.give_back()
    await asyncio.gather(*tasks)

    assert served == ["a1", "b1", "c1", "a2", "b2", "a3"]


async def test_who_leaves_the_line_is_not_waited_for() -> None:
    turns = Turns(1)
    await turns.take("a")
    gone = await waits(turns, "b")
    gone.cancel()
    await asyncio.wait([gone])
    after = await waits(turns, "c")
    turns.give_back()
    await after

    assert (turns.waiting, turns.busy) == (0, True)


async def test_a_turn_that_comes_as_one_leaves_goes_to_the_next() -> None:
    turns = Turns(2)
    await turns.take("a")
    gone, after = await waits(turns, "b"), await waits(turns, "c")
    turns.give_back()
    gone.cancel()
    await asyncio.wait([gone])
    await after

    turns.give_back()
    assert not turns.busy


async def test_one_too_many_is_refused() -> None:
    turns = Turns(0)
    await turns.take("a")

    with pytest.raises(TierError, match=r"^the local model is busy; 0 are waiting$"):
        await turns.take("b")
