"""The log of actions: what was asked of the home and what came of it, appended and never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Final

from edge_assistant.storage.database import Database, Row
from edge_assistant.types import Slot

if TYPE_CHECKING:
    import sqlite_utils


_LOOKED_AT: Final = 1_000
"""How many lines are searched for actions without an end."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `phase` is ``asked`` before the device is told, ``ended`` after it."""

    key: str
    phase: str
    service: str
    entity: str
    slots: Mapping[str, Slot]
    status: str
    reason: str = ""
    at: float = 0.0


class Actions:
    """The log, in a database whose commits are on the disk."""

    def __init__(self, database: Database, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._clock = clock
        database.grow("actions", [_log])

    def add(self, entries: Sequence[Entry]) -> None:
        """Append lines, all or none. Raises `StorageError`."""
        now = self._clock()
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO actions(key, phase, service, entity, slots, status, reason, at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        entry.key,
                        entry.phase,
                        entry.service,
                        entry.entity,
                        json.dumps(dict(entry.slots), ensure_ascii=False),
                        entry.status,
                        entry.reason,
                        now,
                    )
                    for entry in entries
                ],
            )

    def latest(self, limit: int) -> list[Entry]:
        """Return the newest lines, oldest of them first."""
        rows = self._database.rows("SELECT * FROM actions ORDER BY number DESC LIMIT ?", (limit,))
        return [_entry(row) for row in reversed(rows)]

    def last(self, key: str, since: float) -> Entry | None:
        """Return the newest line of the action with this key, if it is not older than this moment."""
        row = self._database.row(
            "SELECT * FROM actions WHERE key = ? AND at >= ? ORDER BY number DESC LIMIT 1", (key, since)
        )
        return _entry(row) if row else None

    def in_doubt(self) -> list[Entry]:
        """Return what was asked of a device while the log says nothing of an end: it goes on, or a crash came between.

        Only the newest lines are looked at; who reports what is in doubt ends it with a line of its own.
        """
        rows = self._database.rows(
            "SELECT * FROM actions AS asked WHERE phase = 'asked' "
            "AND number > (SELECT MAX(number) FROM actions) - ? AND NOT EXISTS "
            "(SELECT 1 FROM actions WHERE key = asked.key AND phase = 'ended') ORDER BY number",
            (_LOOKED_AT,),
        )
        return [_entry(row) for row in rows]


def _log(schema: sqlite_utils.Database) -> None:
    schema.table("actions").create(
        {
            "number": int,
            "key": str,
            "phase": str,
            "service": str,
            "entity": str,
            "slots": str,
            "status": str,
            "reason": str,
            "at": float,
        },
        pk="number",
        not_null={"key", "phase", "service", "entity", "slots", "status", "at"},
    )
    schema.table("actions").create_index(["key"])


def _entry(row: Row) -> Entry:
    return Entry(
        row["key"],
        row["phase"],
        row["service"],
        row["entity"],
        json.loads(row["slots"]),
        row["status"],
        row["reason"],
        row["at"],
    )
