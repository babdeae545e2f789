"""The tables of the knowledge base, and how those of earlier versions become them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite_utils

_TABLES: Final = (
    """CREATE TABLE documents(
        id INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, source TEXT NOT NULL, origin TEXT NOT NULL,
        title TEXT NOT NULL, language TEXT NOT NULL, sha256 TEXT NOT NULL, share TEXT NOT NULL DEFAULT 'never',
        added REAL NOT NULL, UNIQUE(collection, source))""",
    """CREATE TABLE chunks(
        id INTEGER PRIMARY KEY AUTOINCREMENT, document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL, title TEXT NOT NULL, question TEXT, text TEXT NOT NULL, place TEXT NOT NULL,
        language TEXT NOT NULL, line INTEGER, page INTEGER)""",
    "CREATE INDEX chunks_of_document ON chunks(document_id)",
    """CREATE TABLE embeddings(
        stamp TEXT NOT NULL, chunk_id INTEGER NOT NULL REFERENCES chunks(id) ON DELETE CASCADE, vector BLOB NOT NULL,
        PRIMARY KEY(stamp, chunk_id))""",
    "CREATE INDEX embeddings_of_chunk ON embeddings(chunk_id)",
    """CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = "unicode61 remove_diacritics 0")""",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(search, 'row')",
    "CREATE TABLE knowledge(name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE snapshots(
        id INTEGER PRIMARY KEY AUTOINCREMENT, stamp TEXT NOT NULL, generation INTEGER NOT NULL, file TEXT NOT NULL,
        sha256 TEXT NOT NULL, total INTEGER NOT NULL, dimension INTEGER NOT NULL)""",
)
_CHANGES: Final = (
    "ALTER TABLE embeddings ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX embeddings_of_generation ON embeddings(stamp, generation)",
    "CREATE TABLE gone(chunk_id INTEGER NOT NULL, generation INTEGER NOT NULL)",
    "CREATE INDEX gone_of_generation ON gone(generation)",
    "CREATE TABLE common(term TEXT PRIMARY KEY, passages INTEGER NOT NULL) WITHOUT ROWID",
    "DELETE FROM snapshots",
)
"""What a large library needs: which vectors came and went since when, and which words are everywhere."""
_ROWS_AT_ONCE: Final = 4096


def create(schema: sqlite_utils.Database) -> None:
    """Make the first tables."""
    for statement in _TABLES:
        schema.execute(statement)


def note_changes(schema: sqlite_utils.Database) -> None:
    """Keep the generation of every vector, and vectors in half the space: float16 loses no neighbour."""
    import numpy

    for statement in _CHANGES:
        schema.execute(statement)
    last = 0
    while rows := schema.execute(
        "SELECT rowid, vector FROM embeddings WHERE rowid > ? ORDER BY rowid LIMIT ?", (last, _ROWS_AT_ONCE)
    ).fetchall():
        halved = [(numpy.frombuffer(row[1], numpy.float32).astype(numpy.float16).tobytes(), row[0]) for row in rows]
        schema.conn.executemany("UPDATE embeddings SET vector = ? WHERE rowid = ?", halved)
        last = rows[-1][0]


def tell_languages(schema: sqlite_utils.Database) -> None:
    """Tell the language of a passage without reading the passage."""
    schema.execute("CREATE INDEX chunks_of_language ON chunks(language)")


def date_documents(schema: sqlite_utils.Database) -> None:
    """Keep of what age a document is, and no longer how far it may travel: its collection says that.

    Before 3.35, of 2021, SQLite cannot take a column out; one that nobody reads stays there.
    """
    schema.execute("ALTER TABLE documents ADD COLUMN dated REAL")
    if sqlite3.sqlite_version_info >= (3, 35):
        schema.execute("ALTER TABLE documents DROP COLUMN share")


STEPS: Final = (create, note_changes, tell_languages, date_documents)
"""Steps that were shipped never change."""
