"""Shopping lists, to-do lists and others: what is on them, and what of it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_assistant.devices.home import fold
from edge_assistant.storage.database import Database

if TYPE_CHECKING:
    import sqlite_utils


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a list."""

    id: int
    list: str
    text: str
    done: bool = False


class ListStore:
    """Every list of this home, in the order in which things were added."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("lists", [_items])

    def items(self, name: str) -> list[Item]:
        """Return what is on a list, with what is done."""
        rows = self._database.rows("SELECT * FROM list_items WHERE list = ? ORDER BY id", (fold(name),))
        return [Item(row["id"], row["list"], row["text"], bool(row["done"])) for row in rows]

    def names(self) -> list[str]:
        """Return the lists with something on them."""
        return [row["list"] for row in self._database.rows("SELECT DISTINCT list FROM list_items ORDER BY list")]

    def add(self, name: str, texts: Sequence[str]) -> list[str]:
        """Put things on a list; return those that were not on it, or were done. Raises `StorageError`."""
        known = {fold(item.text): item for item in self.items(name)}
        new = [text for text in texts if fold(text) not in known or known[fold(text)].done]
        with self._database.transaction() as connection:
            for text in new:
                connection.execute("DELETE FROM list_items WHERE list = ? AND folded = ?", (fold(name), fold(text)))
                connection.execute(
                    "INSERT INTO list_items(list, text, folded, done) VALUES (?, ?, ?, 0)",
                    (fold(name), text, fold(text)),
                )
        return new

    def complete(self, items: Sequence[Item]) -> None:
        """Mark things as done."""
        with self._database.transaction() as connection:
            for item in items:
                connection.execute("UPDATE list_items SET done = 1 WHERE id = ?", (item.id,))

    def remove(self, items: Sequence[Item]) -> None:
        """Take things off their list."""
        with self._database.transaction() as connection:
            for item in items:
                connection.execute("DELETE FROM list_items WHERE id = ?", (item.id,))


def _items(schema: sqlite_utils.Database) -> None:
    schema.table("list_items").create(
        {"id": int, "list": str, "text": str, "folded": str, "done": int},
        pk="id",
        not_null={"list", "text", "folded", "done"},
    )
    schema.table("list_items").create_index(["list", "folded"], unique=True)
