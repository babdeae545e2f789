"""A thread and an event loop for the assistant alone, so that nothing it does can hold up the screen."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from edge_assistant.interfaces.tui.answering import Answering, Ring, Ringing
from edge_assistant.types import Event, Manner

if TYPE_CHECKING:
    from typing_extensions import Unpack

Item = TypeVar("Item")
Opening: TypeAlias = Callable[[], AbstractAsyncContextManager[Answering]]
"""Opens the assistant; called on the thread it will live on."""


class Backroom:
    """An `Answering` that hands every question to an assistant on another thread.

    Leaving a stream cancels the question there and does not wait for it.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._opened: Future[Answering] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "assistant")

    def __enter__(self) -> Backroom:
        self._life = self._thread.submit(lambda: asyncio.run(self._live()))
        try:
            self._opened.result()
        except CancelledError:
            self._life.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._loop is not None, "it was entered"
        assert self._leaving is not None
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._life.result()
        self._thread.shutdown()

    async def stream(self, text: str, *, restartable: bool = False, **manner: Unpack[Manner]) -> AsyncGenerator[Event]:
        """Yield what the assistant yields; see `Assistant.stream`."""
        asked = self._relayed(lambda answering: answering.stream(text, restartable=restartable, **manner))
        async with aclosing(asked) as events:
            async for event in events:
                yield event

    async def rings(self) -> AsyncGenerator[Ring]:
        """Yield the timers that run out; ends at once where the assistant has none."""
        async with aclosing(self._relayed(_rings)) as rings:
            async for ring in rings:
                yield ring

    def events(self, text: str, manner: Manner) -> Generator[Event]:
        """Yield the events of one question to code without an event loop."""
        arrived: queue.SimpleQueue[Event | Future[None]] = queue.SimpleQueue()
        running = self._start(lambda answering: answering.stream(text, restartable=True, **manner), arrived.put)
        try:
            while not isinstance(event := arrived.get(), Future):
                yield event
            event.result()
        finally:
            running.cancel()

    def listen(self, heard: Callable[[Ring], None]) -> None:
        """Call `heard` on the assistant's thread for every timer that runs out."""
        self._start(_rings, lambda ring: None if isinstance(ring, Future) else heard(ring))

    async def _relayed(self, source: Callable[[Answering], AsyncGenerator[Item]]) -> AsyncGenerator[Item]:
        here = asyncio.get_running_loop()
        arrived: asyncio.Queue[Item | Future[None]] = asyncio.Queue()

        def deliver(item: Item | Future[None]) -> None:
            with suppress(RuntimeError):  # the screen's loop may be closed by now
                here.call_soon_threadsafe(arrived.put_nowait, item)

        running = self._start(source, deliver)
        try:
            while not isinstance(item := await arrived.get(), Future):
                yield item
            item.result()
        finally:
            running.cancel()

    def _start(
        self, source: Callable[[Answering], AsyncGenerator[Item]], deliver: Callable[[Item | Future[None]], None]
    ) -> Future[None]:
        """Deliver every item of the source, and last the future that tells how it ended."""
        assert self._loop is not None, "it was entered"
        running = asyncio.run_coroutine_threadsafe(self._pump(source, deliver), self._loop)
        running.add_done_callback(deliver)
        return running

    async def _pump(
        self, source: Callable[[Answering], AsyncGenerator[Item]], deliver: Callable[[Item | Future[None]], None]
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        async with aclosing(source(self._opened.result())) as items:
            async for item in items:
                deliver(item)

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._leaving = asyncio.Event()
        try:
            async with self._opening() as answering:
                self._opened.set_result(answering)
                await self._leaving.wait()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            self._opened.cancel()  # wakes the caller where opening failed


async def _rings(answering: Answering) -> AsyncGenerator[Ring]:
    if not isinstance(answering, Ringing):
        return
    async with aclosing(answering.rings()) as rings:
        async for ring in rings:
            yield ring
