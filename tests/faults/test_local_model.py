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
from statistics import median

import pytest

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.errors import PromptTooLong, TierError
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message
from tests.babbling_gguf import babbling_gguf

pytestmark = pytest.mark.faults
THREADS = 50
REQUESTS = int(os.environ.get("REQUESTS", "10000"))
DEATHS = int(os.environ.get("DEATHS", "50"))
ENDLESS = Limits(max_tokens=900, temperature=1.0, grammar="root ::= [a-z] root")
STORY = (Message("user", "Tell me a long story."),)


@pytest.fixture(params=["babbler", pytest.param("smollm2-135m", marks=pytest.mark.model)])
async def small(
    request: pytest.FixtureRequest, tmp_path: Path, weights: Callable[[str], Path]
) -> AsyncIterator[LlamaModel]:
    """A model of 90 kB that says anything at all, then a real one."""
    file = tmp_path / "babbler.gguf"
    if request.param == "babbler":
        file.write_bytes(babbling_gguf())
    else:
        file = weights(request.param)
    one_core = Loading(1024, threads=1)  # two threads that wait for each other crawl where others want the processor
    model = LlamaModel(file, loading=one_core, queue=THREADS)
    yield model
    await model.close()


async def said(model: LlamaModel, limits: Limits, messages: tuple[Message, ...] = STORY) -> str:
    async with aclosing(model.stream(messages, limits)) as words:
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
        limits = Limits(max_tokens=1 + number % 2, seed=number, asker=str(number % THREADS))
        asked = said(small, limits, question)
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
    chance, told, back = random.Random(5), list[float](), list[float]()
    for turn, number in enumerate([signal.SIGSEGV, signal.SIGABRT] * (DEATHS // 2)):
        after, story = chance.randrange(12), (Message("user", f"Tell me a long story of {turn} sheep."),)

        with pytest.raises(TierError, match=f"signal {number.value}"):
            await _struck(small, story, after, number, struck := list[float]())

        told.append(time.monotonic() - struck[0])
        await said(small, Limits(max_tokens=1, seed=after), (Message("user", str(after)),))
        back.append(time.monotonic() - struck[0])
        assert small.loaded
    print(f"\nseconds until told, median {median(told):.3f}, longest {max(told):.3f}; until it answers again,", end=" ")
    print(f"median {median(back):.2f}, longest {max(back):.2f}")


async def _struck(
    model: LlamaModel, story: tuple[Message, ...], after: int, number: signal.Signals, struck: list[float]
) -> None:
    """Listen to a story whose worker gets a signal after so many pieces; note when."""
    heard = 0
    async with aclosing(model.stream(story, ENDLESS)) as words:
        async for _ in words:
            if heard == after and model.pid is not None:
                os.kill(model.pid, number)
                struck.append(time.monotonic())
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

    with pytest.raises(PromptTooLong, match=r"^the question needs \d{3},\d{3}|1,000,\d{3} tokens"):
        await said(small, Limits(), (Message("user", "word " * 200_000),))

    print(f"\nrefused in {time.monotonic() - started:.2f} s")
    await said(small, Limits(max_tokens=1))


@pytest.mark.model
async def test_a_cancelled_reading_leaves_the_processor_alone(weights: Callable[[str], Path]) -> None:
    model = LlamaModel(weights("smollm2-135m"), loading=Loading(4096, threads=2))
    await said(model, Limits(max_tokens=1))
    pid = model.pid
    assert pid is not None
    rests = []
    for turn in range(5):
        words = model.stream((Message("user", f"{turn} one two three " * 600),), Limits())
        reading = asyncio.ensure_future(anext(words))
        begun = ticks(pid)
        while ticks(pid) < begun + 10:
            await asyncio.sleep(0.02)
        reading.cancel()
        await asyncio.wait([reading])
        await words.aclose()
        started = time.monotonic()
        while model.busy:
            await asyncio.sleep(0.01)
        before = ticks(pid)
        await asyncio.sleep(0.5)
        rests.append(time.monotonic() - started - 0.5)
        assert ticks(pid) - before <= 5
    print(f"\nseconds from the cancellation until the processor rested: {[round(rest, 3) for rest in rests]}")
    assert model.pid == pid
    await model.close()


def ticks(pid: int) -> int:
    """Return the processor time that a process has used, in hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
