"""Alarms and reminders: kept by what the clock on the wall will show, so that summer time moves none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from time import time
from typing import TYPE_CHECKING, Literal, TypeAlias

from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite_utils

Kind: TypeAlias = Literal["alarm", "reminder"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, or a reminder with its text."""

    id: int
    kind: Kind
    at: datetime
    """What the clock on the wall shows when it rings next; without a time zone."""
    text: str = ""
    days: frozenset[int] = field(default_factory=frozenset)
    """The days of the week on which it rings again, Monday is 0; none where it rings once."""
    language: str = "en"
    due: float | None = None
    """Seconds since 1970, for what was set to ring after a while; the clock on the wall may be moved meanwhile."""

    def following(self, after: datetime) -> datetime:
        """Return when a repeated alarm rings next."""
        days = (datetime.combine(after.date() + timedelta(days=ahead), self.at.time()) for ahead in range(8))
        return next(day for day in days if day > after and day.weekday() in self.days)

    def latest(self, until: datetime) -> datetime:
        """Return when it should have rung last."""
        days = (datetime.combine(until.date() - timedelta(days=ago), self.at.time()) for ago in range(8))
        return next((day for day in days if day <= until and day.weekday() in self.days and day > self.at), self.at)


class AlarmStore:
    """The alarms and reminders that have not rung for the last time."""

    def __init__(self, database: Database, clock: Callable[[], float] = time, zone: tzinfo | None = None) -> None:
        """Take the seconds since 1970 from `clock`; without a `zone`, the clock on the wall is that of this device."""
        self._database = database
        self._clock = clock
        self._zone = zone
        database.grow("alarms", [_alarms])

    def now(self) -> datetime:
        """Return what the clock on the wall shows."""
        return self.wall(self._clock())

    def wall(self, seconds: float) -> datetime:
        """Return what the clock on the wall shows at some seconds since 1970."""
        return datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None)

    def late(self, alarm: Alarm) -> float:
        """Return how many seconds ago it should have rung."""
        meant = alarm.due
        if meant is None:
            meant = alarm.latest(self.now()).replace(tzinfo=self._zone).timestamp()
        return max(0.0, self._clock() - meant)

    def add(self, kind: Kind, at: datetime, *, text: str, days: frozenset[int], language: str) -> Alarm:
        """Keep what rings when the clock on the wall shows this. Raises `StorageError`."""
        return self._added(Alarm(0, kind, at, text, days, language))

    def add_after(self, kind: Kind, seconds: float, *, text: str, language: str) -> Alarm:
        """Keep what rings after so many seconds. Raises `StorageError`."""
        due = self._clock() + seconds
        return self._added(Alarm(0, kind, self.wall(due), text, language=language, due=due))

    def all(self, kind: Kind) -> list[Alarm]:
        """Return every alarm or every reminder, the next to ring first."""
        return [
            _alarm(row) for row in self._database.rows("SELECT * FROM alarms WHERE kind = ? ORDER BY at, id", (kind,))
        ]

    def due(self) -> list[Alarm]:
        """Return what must ring now."""
        rows = self._database.rows(
            "SELECT * FROM alarms WHERE CASE WHEN due IS NULL THEN at <= ? ELSE due <= ? END ORDER BY at, id",
            (_written(self.now()), self._clock()),
        )
        return [_alarm(row) for row in rows]

    def rung(self, alarm: Alarm) -> bool:
        """Move an alarm to its next day, or take it away; return whether nobody else did, so that one door rings it."""
        if not alarm.days:
            return self.remove(alarm)
        following = _written(alarm.following(self.now()))
        with self._database.transaction() as connection:
            changed = connection.execute(
                "UPDATE alarms SET at = ? WHERE id = ? AND at = ?", (following, alarm.id, _written(alarm.at))
            )
        return changed.rowcount > 0

    def move(self, alarm: Alarm, at: datetime, days: frozenset[int]) -> Alarm:
        """Let an alarm ring at another time. Raises `StorageError`."""
        moved = replace(alarm, at=at, days=days, due=None)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE alarms SET at = ?, days = ?, due = NULL WHERE id = ?",
                (_written(at), _listed(days), alarm.id),
            )
        return moved

    def remove(self, alarm: Alarm) -> bool:
        """Take an alarm away; return whether it was still there."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM alarms WHERE id = ?", (alarm.id,)).rowcount > 0

    def _added(self, alarm: Alarm) -> Alarm:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO alarms(kind, at, text, days, language, due) VALUES (?, ?, ?, ?, ?, ?)",
                (alarm.kind, _written(alarm.at), alarm.text, _listed(alarm.days), alarm.language, alarm.due),
            )
        return alarm


def _alarms(schema: sqlite_utils.Database) -> None:
    schema.table("alarms").create(
        {"id": int, "kind": str, "at": str, "text": str, "days": str, "language": str, "due": float},
        pk="id",
        not_null={"kind", "at", "text", "days", "language"},
    )


def _listed(days: frozenset[int]) -> str:
    return ",".join(map(str, sorted(days)))


def _written(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _alarm(row: Row) -> Alarm:
    days = frozenset(map(int, filter(None, row["days"].split(","))))
    at = datetime.fromisoformat(row["at"])
    return Alarm(row["id"], row["kind"], at, row["text"], days, row["language"], row["due"])
