"""The local model under fire: many at once, deaths at random, hangs, prompts without end."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import pytest

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.errors import PromptTooLong, TierError
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message

pytestmark = [pytest.mark.faults, pytest.mark.model]
THREADS = 50
REQUESTS = int(os.environ.get("EDGE_ASSISTANT_TEST_REQUESTS", "10000"))
STORY = (Message("user", "Tell me a long story."),)


@pytest.fixture
async def small(weights: Callable[[str], Path]) -> AsyncIterator[LlamaModel]:
    model = LlamaModel(weights("smollm2-135m"), loading=Loading(1024, physical_cores()), queue=THREADS)
    yield model
    await model.close()


async def said(model: LlamaModel, limits: Limits, messages: tuple[Message, ...] = STORY, asker: str = "") -> str:
    async with aclosing(model.stream(messages, limits, asker=asker)) as words:
        return "".join([word async for word in words])


def resident(pid: int) -> int:
    """Return the memory of a process that is its own, in bytes: without what is mapped from files."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:"))


async def test_short_requests_from_fifty_threads_neither_crash_nor_grow(small: LlamaModel) -> None:
    loop, memory, pids = asyncio.get_running_loop(), list[tuple[int, int]](), set[int | None]()
    done, lock = 0, threading.Lock()

    def ask(number: int) -> bool:
        nonlocal done
        question = (Message("user", f"Say {number % 7}."),)
        asked = said(small, Limits(max_tokens=1 + number % 2, seed=number), question, str(number % THREADS))
        asyncio.run_coroutine_threadsafe(asked, loop).result()
        with lock:
            done += 1
            pids.add(small.pid)
            if done % (REQUESTS // 20) == 0 and small.pid is not None:
                memory.append((resident(os.getpid()), resident(small.pid)))
        return True

    def ask_all() -> int:
        with ThreadPoolExecutor(THREADS) as threads:
            return sum(threads.map(ask, range(REQUESTS)))

    answered = await asyncio.to_thread(ask_all)

    print(f"\nhost and worker, MB, every twentieth: {[(h >> 20, w >> 20) for h, w in memory]}")
    assert answered == REQUESTS
    assert len(pids) == 1
    warm, end = memory[len(memory) // 4], memory[-1]
    assert end[0] - warm[0] < 16 << 20
    assert end[1] - warm[1] < 16 << 20


async def test_a_worker_that_dies_at_any_token_is_told_and_replaced(small: LlamaModel) -> None:
    chance = random.Random(5)
    for turn, number in enumerate([signal.SIGSEGV, signal.SIGABRT] * 25):
        after, story = chance.randrange(12), (Message("user", f"Tell me a long story of {turn} sheep."),)

        with pytest.raises(TierError, match=f"signal {number.value}"):
            await _struck(small, story, after, number)

        assert await said(small, Limits(max_tokens=1, seed=after), (Message("user", str(after)),))


async def _struck(model: LlamaModel, story: tuple[Message, ...], after: int, number: signal.Signals) -> None:
    """Listen to a story whose worker gets a signal after so many pieces."""
    heard = 0
    async with aclosing(model.stream(story, Limits(max_tokens=40))) as words:
        async for _ in words:
            if heard == after and model.pid is not None:
                os.kill(model.pid, number)
            heard += 1


async def test_a_worker_that_hangs_is_killed_within_its_patience(small: LlamaModel) -> None:
    words = small.stream(STORY, Limits(max_tokens=200))
    await anext(words)
    assert small.pid is not None
    os.kill(small.pid, signal.SIGSTOP)

    with pytest.raises(TierError, match="gave no sign of life for 5 s"):
        async for _ in words:
            pass

    assert await said(small, Limits(max_tokens=1), (Message("user", "Hello"),))


async def test_a_prompt_of_200_000_tokens_is_refused(small: LlamaModel) -> None:
    await said(small, Limits(max_tokens=1))
    started = time.monotonic()

    with pytest.raises(PromptTooLong):
        await said(small, Limits(), (Message("user", "word " * 200_000),))

    print(f"\nrefused in {time.monotonic() - started:.2f} s")
    assert await said(small, Limits(max_tokens=1))
