"""Timers: kept by their wall-clock end, so that they survive a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import time
from typing import TYPE_CHECKING

from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite_utils


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer. It runs until `ends`, or is paused with `left` seconds to go."""

    id: int
    seconds: float
    """How long it was set for."""
    ends: float
    """Seconds since 1970; without meaning while it is paused."""
    name: str | None = None
    area: str | None = None
    language: str = "en"
    left: float | None = None

    @property
    def paused(self) -> bool:
        return self.left is not None

    def remaining(self, now: float) -> float:
        """Return the seconds to go, 0 when it is over."""
        return self.left if self.left is not None else max(0.0, self.ends - now)


class TimerStore:
    """The timers that have not rung yet."""

    def __init__(self, database: Database, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._clock = clock
        database.grow("timers", [_timers])

    def now(self) -> float:
        return self._clock()

    def add(self, seconds: float, *, name: str | None, area: str | None, language: str) -> Timer:
        """Start a timer. Raises `StorageError`."""
        ends = self._clock() + seconds
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO timers(seconds, ends, name, area, language) VALUES (?, ?, ?, ?, ?)",
                (seconds, ends, name, area, language),
            )
        assert cursor.lastrowid is not None, "an insert has a row"
        return Timer(cursor.lastrowid, seconds, ends, name, area, language)

    def all(self) -> list[Timer]:
        """Return every timer, the next to ring first, the paused ones last."""
        rows = self._database.rows("SELECT * FROM timers ORDER BY left IS NOT NULL, ends, id")
        return [_timer(row) for row in rows]

    def due(self) -> list[Timer]:
        """Return the timers whose time is over."""
        rows = self._database.rows(
            "SELECT * FROM timers WHERE left IS NULL AND ends <= ? ORDER BY ends, id", (self._clock(),)
        )
        return [_timer(row) for row in rows]

    def remove(self, timer: Timer) -> bool:
        """Take a timer away; return whether it was still there, so that only one door rings it."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM timers WHERE id = ?", (timer.id,)).rowcount > 0

    def change(self, timer: Timer, seconds: float) -> Timer:
        """Add seconds to what is left, or take them away."""
        if timer.left is not None:
            return self._kept(replace(timer, left=max(0.0, timer.left + seconds)))
        return self._kept(replace(timer, ends=timer.ends + seconds))

    def pause(self, timer: Timer) -> Timer:
        """Stop the clock of a timer."""
        return self._kept(replace(timer, left=timer.remaining(self._clock())))

    def resume(self, timer: Timer) -> Timer:
        """Let a paused timer go on."""
        return self._kept(replace(timer, ends=self._clock() + timer.remaining(self._clock()), left=None))

    def _kept(self, timer: Timer) -> Timer:
        with self._database.transaction() as connection:
            connection.execute("UPDATE timers SET ends = ?, left = ? WHERE id = ?", (timer.ends, timer.left, timer.id))
        return timer


def _timers(schema: sqlite_utils.Database) -> None:
    schema.table("timers").create(
        {"id": int, "seconds": float, "ends": float, "name": str, "area": str, "language": str, "left": float},
        pk="id",
        not_null={"seconds", "ends", "language"},
    )


def _timer(row: Row) -> Timer:
    return Timer(row["id"], row["seconds"], row["ends"], row["name"], row["area"], row["language"], row["left"])
