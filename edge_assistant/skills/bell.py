"""The bell: what timers, alarms and reminders ring through."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import anyio

from edge_assistant.errors import StorageError

_log = logging.getLogger(__name__)

LATE: Final = 60.0
"""Seconds from which on a ring is told as late."""
_PULSE: Final = 0.5
"""Seconds between two looks at what is due: another process may have set something."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Something is due."""

    late: float
    """How many seconds ago that was."""
    sentence: str
    """What to tell the user, in the language in which it was set."""


Due: TypeAlias = Callable[[], Iterable[Ring]]
"""Takes what is due, so that no other process rings it, and yields it."""


class Bell:
    """Rings what is due, for as long as somebody listens."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
        self._sleep = sleep
        self.listening = False
        """Whether something in this process listens."""

    async def rings(self, sources: Sequence[Due]) -> AsyncGenerator[Ring]:
        """Yield everything as it gets due, also what other processes set, until the caller stops."""
        self.listening = True
        try:
            while True:
                for ring in _due(sources):
                    yield ring
                await self._sleep(_PULSE)
        finally:
            self.listening = False


def _due(sources: Sequence[Due]) -> Iterable[Ring]:
    """Yield what must ring; a database that is busy for a moment must not silence it for good."""
    for source in sources:
        try:
            yield from source()
        except StorageError as error:
            _log.warning("what is due could not be read: %s", error)
