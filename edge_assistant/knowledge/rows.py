"""How documents are written down and taken out, within a transaction: rows, words, and the count of changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.words import tokens

if TYPE_CHECKING:
    import sqlite3


def written(connection: sqlite3.Connection, document: Document, chunks: Sequence[Chunk]) -> list[int]:
    """Write a document and its passages; return their numbers."""
    row = connection.execute(
        "INSERT INTO documents(collection, source, origin, title, language, sha256, dated, added) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.collection,
            document.source,
            document.origin,
            document.title,
            document.language,
            document.fingerprint,
            document.dated,
            time.time(),
        ),
    ).lastrowid
    assert row is not None, "SQLite numbers every inserted row"
    return [_passage(connection, row, ordinal, chunk) for ordinal, chunk in enumerate(chunks)]


def _passage(connection: sqlite3.Connection, document: int, ordinal: int, chunk: Chunk) -> int:
    number = connection.execute(
        "INSERT INTO chunks(document_id, ordinal, title, question, text, place, language, line, page) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document,
            ordinal,
            chunk.title,
            chunk.question,
            chunk.text,
            chunk.place,
            chunk.language,
            chunk.line,
            chunk.page,
        ),
    ).lastrowid
    assert number is not None, "SQLite numbers every inserted row"
    say_words(connection, number, chunk.title, chunk.question, chunk.text)
    return number


def say_words(connection: sqlite3.Connection, number: int, title: str, question: str | None, text: str) -> None:
    """Make a passage findable by its words, within a transaction."""
    connection.execute(
        "INSERT INTO search(rowid, title, body) VALUES (?, ?, ?)",
        (number, " ".join(tokens(f"{title} {question or ''}")), " ".join(tokens(text))),
    )


def removed(connection: sqlite3.Connection, where: str, values: Sequence[str], generation: int) -> list[int]:
    """Take out the documents of this condition; return the numbers of their passages."""
    chosen = f"SELECT c.id FROM chunks c JOIN documents ON documents.id = c.document_id WHERE {where}"  # noqa: S608
    gone = [row[0] for row in connection.execute(chosen, values)]
    connection.execute(
        f"INSERT INTO gone SELECT DISTINCT chunk_id, ? FROM embeddings WHERE chunk_id IN ({chosen})",  # noqa: S608
        (generation, *values),
    )
    connection.executemany("DELETE FROM search WHERE rowid = ?", ((number,) for number in gone))
    connection.execute(f"DELETE FROM documents WHERE {where}", values)  # noqa: S608
    return gone


def next_generation(connection: sqlite3.Connection) -> int:
    """Count a change of the documents, and return its number."""
    connection.execute(
        "INSERT INTO knowledge(name, value) VALUES ('generation', '1') "
        "ON CONFLICT(name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )
    return int(connection.execute("SELECT value FROM knowledge WHERE name = 'generation'").fetchone()[0])
