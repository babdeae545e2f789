"""Whose turn it is at a model: a bounded number wait, and nobody who asks much makes the others wait for it."""

from __future__ import annotations

import asyncio
from collections import deque

from edge_assistant.errors import TierError


class Turns:
    """A few are served at once; of the others each asker has a line of its own, and the lines take turns."""

    def __init__(self, bound: int, at_once: int = 1) -> None:
        self._bound = bound
        self._free = at_once
        self._at_once = at_once
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def busy(self) -> bool:
        """Whether anybody is served."""
        return self._free < self._at_once

    @property
    def waiting(self) -> int:
        return sum(map(len, self._lines.values()))

    async def take(self, asker: str) -> None:
        """Wait for a turn, which `give_back` ends. Raises `TierError` at once where too many wait already."""
        if self._free:
            self._free -= 1
            return
        if self.waiting >= self._bound:
            raise TierError(f"the local model is busy; {self.waiting} are waiting")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(asker, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._left(asker, turn)
            raise

    def give_back(self) -> None:
        """End a turn; the line that has waited longest for one moves up."""
        asker = next(iter(self._lines), None)
        if asker is None:
            self._free += 1
            return
        line = self._lines.pop(asker)
        line.popleft().set_result(None)
        if line:
            self._lines[asker] = line

    def _left(self, asker: str, turn: asyncio.Future[None]) -> None:
        """Forget one who waits no more; a turn that came in the same moment goes to the next."""
        if not turn.cancelled():
            self.give_back()
            return
        self._lines[asker].remove(turn)
        if not self._lines[asker]:
            del self._lines[asker]
