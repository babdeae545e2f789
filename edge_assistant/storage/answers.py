"""Answers given before, found again by the exact question."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING

from edge_assistant.storage.database import Database
from edge_assistant.types import Answer, Passage, TierName

if TYPE_CHECKING:
    import sqlite_utils

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was said, by whom, how sure, and from which sources."""

    text: str
    tier: TierName
    confidence: float
    sources: tuple[Passage, ...]


class Answers:
    """Answers kept in one database, each for a limited time."""

    def __init__(self, database: Database, days: float = 30.0, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._seconds = days * _DAY
        self._clock = clock
        database.grow("answers", [_answers])

    def get(self, key: str) -> Remembered | None:
        """Return what was said under this key, unless it is too old."""
        oldest = self._clock() - self._seconds
        row = self._database.row("SELECT * FROM answers WHERE key = ? AND stored > ?", (key, oldest))
        if row is None:
            return None
        try:
            sources = tuple(Passage(*source) for source in json.loads(row["sources"]))
        except (ValueError, TypeError):  # damaged on the disk; it is found out again
            return None
        return Remembered(row["text"], row["tier"], row["confidence"], sources)

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer under a key, and drop those that are too old. Raises `StorageError`."""
        sources = json.dumps([(s.text, s.source, s.score) for s in answer.sources], ensure_ascii=False)
        now = self._clock()
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM answers WHERE stored <= ?", (now - self._seconds,))
            connection.execute(
                "INSERT OR REPLACE INTO answers(key, text, tier, confidence, sources, stored)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (key, answer.text, answer.tier, answer.confidence, sources, now),
            )


def key(text: str, language: str, stamp: str) -> str:
    """Return the key of a question: its normalised text, its language, and what the answer depends on."""
    same = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip(" ?!.,;。？！，；")
    return hashlib.sha256("\x1f".join((same, language, stamp)).encode("utf-8", "surrogatepass")).hexdigest()


def _answers(schema: sqlite_utils.Database) -> None:
    schema.table("answers").create(
        {"key": str, "text": str, "tier": str, "confidence": float, "sources": str, "stored": float},
        pk="key",
        not_null={"text", "tier", "confidence", "sources", "stored"},
    )
    schema.table("answers").create_index(["stored"])
