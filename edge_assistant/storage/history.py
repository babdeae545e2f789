"""Every turn with its receipt, newest last."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING

from edge_assistant.errors import InputError, StorageError
from edge_assistant.explain import Receipt
from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite_utils


@dataclass(frozen=True, slots=True)
class Turn:
    """One question, its receipt, and when it was asked (seconds since 1970)."""

    question: str
    receipt: Receipt
    asked: float
    private: bool
    conversation: str | None


class History:
    """The turns kept in one database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._clock = clock
        database.grow("history", [_turns])

    def add(self, question: str, receipt: Receipt, *, private: bool = False, conversation: str | None = None) -> None:
        """Keep one turn. Raises `StorageError`."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO turns(id, question, receipt, asked, private, conversation)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    receipt["id"],
                    question,
                    json.dumps(receipt, ensure_ascii=False),
                    self._clock(),
                    private,
                    conversation,
                ),
            )
        if not cursor.rowcount:
            raise StorageError(f"{self._database.path}: another answer has the id {receipt['id']}")

    def find(self, id: str) -> Turn:
        """Return the turn whose id starts like this. Raises `InputError` unless there is exactly one."""
        found = self._database.rows("SELECT * FROM turns WHERE substr(id, 1, ?) = ? LIMIT 2", (len(id), id))
        if len(found) != 1 or not id:
            raise InputError(f"{'more than one' if len(found) > 1 else 'no'} answer has the id {id!r}")
        return _turn(found[0])

    def latest(self, limit: int, conversation: str | None = None) -> list[Turn]:
        """Return the newest turns, oldest of them first; of one conversation, or of all."""
        rows = self._database.rows(
            "SELECT * FROM turns WHERE ? IS NULL OR conversation = ? ORDER BY number DESC LIMIT ?",
            (conversation, conversation, limit),
        )
        return [_turn(row) for row in reversed(rows)]


def _turns(schema: sqlite_utils.Database) -> None:
    schema.table("turns").create(
        {
            "number": int,
            "id": str,
            "question": str,
            "receipt": str,
            "asked": float,
            "private": int,
            "conversation": str,
        },
        pk="number",
        not_null={"id", "question", "receipt", "asked", "private"},
    )
    schema.table("turns").create_index(["id"], unique=True)
    schema.table("turns").create_index(["conversation", "number"])


def _turn(row: Row) -> Turn:
    try:
        receipt: Receipt = json.loads(row["receipt"])
    except (ValueError, TypeError) as error:
        raise StorageError(f"the answer {row['id']} was damaged on the disk") from error
    return Turn(row["question"], receipt, row["asked"], bool(row["private"]), row["conversation"])
