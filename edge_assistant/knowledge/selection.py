"""Which passages are searched: those of some documents, or of one language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from edge_assistant.storage.database import Database

_FEW: Final = 5_000
"""Passages in other languages whose numbers are kept in memory: half a megabyte, read in two milliseconds."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents are searched: those of these collections, and whose names match a pattern like ``*.pdf``."""

    collections: tuple[str, ...] = ()
    source: str | None = None

    def __bool__(self) -> bool:
        return bool(self.collections or self.source)

    @property
    def condition(self) -> tuple[str, tuple[str, ...]]:
        """Return it in SQL about the documents `d`, with its values."""
        holes = ",".join("?" * len(self.collections))
        within = [f"d.collection IN ({holes})"] if self.collections else []
        named = ["d.source GLOB ?"] if self.source else []
        return " AND ".join((*within, *named)) or "1", (*self.collections, *([self.source] if self.source else ()))


EVERYTHING: Final = Selection()


class Chosen:
    """Tells which passages are wanted, without reading any of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._foreigners: dict[str, tuple[int, frozenset[int] | None]] = {}

    def selected(self, within: Selection, most: int) -> list[int]:
        """Return the numbers of at most so many passages of these documents."""
        conditions, values = within.condition
        rows = self._database.rows(
            "SELECT c.id FROM documents d JOIN chunks c ON c.document_id = d.id "  # noqa: S608
            f"WHERE {conditions} LIMIT ?",
            (*values, most),
        )
        return [row["id"] for row in rows]

    def passing(
        self, ids: Iterable[int], generation: int, within: Selection | None = None, language: str | None = None
    ) -> frozenset[int]:
        """Return those of these passages that are in these documents, and in this language."""
        if not within and language and (foreign := self._foreign(language, generation)) is not None:
            return frozenset(ids) - foreign
        conditions, values = within.condition if within else ("1", ())
        documents = "JOIN documents d ON d.id = c.document_id" if within else ""
        if language is not None:  # an index tells it, and no passage is read
            conditions, values = f"c.language = ? AND {conditions}", (language, *values)
        wanted = ",".join(str(int(number)) for number in ids)
        rows = self._database.rows(
            f"SELECT c.id FROM chunks c {documents} WHERE c.id IN ({wanted}) AND {conditions}",  # noqa: S608
            values,
        )
        return frozenset(row[0] for row in rows)

    def _foreign(self, language: str, generation: int) -> frozenset[int] | None:
        """Return the passages in other languages, where they are few: most libraries speak one nearly alone."""
        if self._foreigners.get(language, (-1, None))[0] != generation:
            rows = self._database.rows(
                "SELECT id FROM chunks WHERE language < ? UNION ALL SELECT id FROM chunks WHERE language > ? LIMIT ?",
                (language, language, _FEW + 1),
            )
            self._foreigners[language] = generation, None if len(rows) > _FEW else frozenset(row[0] for row in rows)
        return self._foreigners[language][1]
