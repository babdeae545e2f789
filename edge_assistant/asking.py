"""One question from synchronous code, from as many threads at once as like."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_assistant.assistant import Assistant
from edge_assistant.types import Answer, Manner

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Answering:
    """An assistant on a thread of its own, for everybody who asks at the same time."""

    def __init__(self, home: Path | None) -> None:
        self.askers = 0
        self._assistant = Assistant.open(home)
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)
        self._thread.start()

    def ask(self, text: str, **manner: Unpack[Manner]) -> Answer:
        """Return the finished answer. Raises `InputError` and `Unanswered`."""
        loop, _ = self._started.result()
        answer = asyncio.run_coroutine_threadsafe(self._assistant.ask(text, **manner), loop)
        try:
            return answer.result()
        finally:
            answer.cancel()

    def close(self) -> None:
        """Close the assistant, and wait until it is closed."""
        loop, over = self._started.result()
        loop.call_soon_threadsafe(over.set)
        self._thread.join()

    async def _live(self) -> None:
        over = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), over))
        async with self._assistant:
            await over.wait()


class Everybody:
    """Who asks the same home at the same time asks the same assistant; the last one closes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answering: dict[Path | None, Answering] = {}

    @contextmanager
    def asking(self, home: Path | None) -> Iterator[Answering]:
        with self._lock:
            answering = self._answering.get(home) or self._answering.setdefault(home, Answering(home))
            answering.askers += 1
        try:
            yield answering
        finally:
            self._leave(home, answering)

    def _leave(self, home: Path | None, answering: Answering) -> None:
        with self._lock:
            answering.askers -= 1
            if answering.askers:
                return
            del self._answering[home]
        answering.close()


_EVERYBODY: Final = Everybody()
"""Threads that know nothing of each other share a model, or fifty of them would load fifty."""


def ask(text: str, home: Path | str | None = None, **manner: Unpack[Manner]) -> Answer:
    """Ask one question from synchronous code, of the assistant that lives in `home`.

    >>> ask("turn on the kitchen light").text
    'The kitchen light is on.'
    """
    with _EVERYBODY.asking(Path(home) if home else None) as answering:
        return answering.ask(text, **manner)
