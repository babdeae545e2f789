"""The rows of the knowledge base: documents, passages, their words and their vectors, in one SQLite file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.words import quoted, tokens
from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite3

    import sqlite_utils

    from edge_assistant.types import FloatArray, IntArray

_SCHEMA = (
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


def _create(schema: sqlite_utils.Database) -> None:
    for statement in _SCHEMA:
        schema.execute(statement)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as `kb list` shows it."""

    source: str
    title: str
    language: str
    collection: str
    passages: int
    origin: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A passage with its row number and the document it came from."""

    id: int
    document: str
    collection: str
    chunk: Chunk


class Store:
    """Everything that is true about the knowledge base; what is searched elsewhere is rebuilt from here."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.grow("knowledge", (_create,))

    @property
    def generation(self) -> int:
        """Return a number that grows with every change."""
        return int(self.remembered("generation") or 0)

    def remembered(self, name: str) -> str | None:
        """Return what was kept under a name."""
        row = self.database.row("SELECT value FROM knowledge WHERE name = ?", (name,))
        return str(row["value"]) if row else None

    def remember(self, name: str, value: str) -> None:
        """Keep a small fact about the library itself."""
        with self.database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO knowledge(name, value) VALUES (?, ?)", (name, value))

    def fingerprint(self, collection: str, source: str) -> str | None:
        """Return the content hash under which a document is kept, if it is."""
        row = self.database.row(
            "SELECT sha256 FROM documents WHERE collection = ? AND source = ?", (collection, source)
        )
        return str(row["sha256"]) if row else None

    def replace(
        self, document: Document, chunks: Sequence[Chunk], stamp: str | None, vectors: FloatArray | None
    ) -> tuple[list[int], list[int]]:
        """Keep a document with all that belongs to it, or nothing; return the passages that went and that came."""
        with self.database.transaction() as connection:
            gone = _remove(connection, "collection = ? AND source = ?", (document.collection, document.source))
            row = connection.execute(
                "INSERT INTO documents(collection, source, origin, title, language, sha256, added) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    document.collection,
                    document.source,
                    document.origin,
                    document.title,
                    document.language,
                    document.fingerprint,
                    time.time(),
                ),
            ).lastrowid
            assert row is not None, "SQLite numbers every inserted row"
            came = [_insert(connection, row, ordinal, chunk) for ordinal, chunk in enumerate(chunks)]
            if stamp is not None and vectors is not None:
                _embed(connection, stamp, zip(came, (vector.tobytes() for vector in vectors), strict=True))
            _next_generation(connection)
        return gone, came

    def remove(self, source: str, collection: str | None = None) -> tuple[int, list[int]]:
        """Forget the documents of this name; return how many there were, and which passages went."""
        where, values = "(source = ? OR origin = ?)", [source, source]
        if collection is not None:
            where, values = f"{where} AND collection = ?", [*values, collection]
        with self.database.transaction() as connection:
            count = connection.execute(f"SELECT count(*) FROM documents WHERE {where}", values).fetchone()[0]  # noqa: S608
            gone = _remove(connection, where, values)
            if count:
                _next_generation(connection)
        return int(count), gone

    def add_vectors(self, stamp: str, ids: Sequence[int], vectors: FloatArray) -> None:
        """Keep the vectors of passages that had none."""
        with self.database.transaction() as connection:
            _embed(connection, stamp, zip(ids, (vector.tobytes() for vector in vectors), strict=True))
            _next_generation(connection)

    def entries(self) -> list[Entry]:
        """Return every document, by collection and name."""
        rows = self.database.rows(
            "SELECT d.*, (SELECT count(*) FROM chunks WHERE document_id = d.id) AS passages "
            "FROM documents d ORDER BY collection, source"
        )
        return [Entry(*(row[name] for name in Entry.__slots__)) for row in rows]

    def unembedded(self, stamp: str, limit: int) -> list[Stored]:
        """Return passages that have no vector of this embedder yet."""
        return self._stored(
            "WHERE NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.chunk_id = c.id AND e.stamp = ?) "
            "ORDER BY c.id LIMIT ?",
            (stamp, limit),
        )

    def waiting(self, stamp: str) -> int:
        """Return how many passages have no vector of this embedder yet."""
        row = self.database.row(
            "SELECT (SELECT count(*) FROM chunks) - (SELECT count(*) FROM embeddings WHERE stamp = ?) AS waiting",
            (stamp,),
        )
        return int(row["waiting"]) if row else 0

    def passages(self, ids: Iterable[int]) -> dict[int, Stored]:
        """Return passages by their numbers; a number without a row is left out."""
        wanted = ",".join(str(int(number)) for number in ids)
        return {stored.id: stored for stored in self._stored(f"WHERE c.id IN ({wanted})")}

    def of_document(self, source: str) -> list[Stored]:
        """Return the passages of the documents of this name, in order."""
        return self._stored("WHERE d.source = ? ORDER BY c.ordinal", (source,))

    def _stored(self, where: str, values: Sequence[str | int] = ()) -> list[Stored]:
        rows = self.database.rows(
            "SELECT c.*, d.source AS document, d.collection AS collection "  # noqa: S608
            f"FROM chunks c JOIN documents d ON d.id = c.document_id {where}",
            values,
        )
        return [Stored(row["id"], row["document"], row["collection"], _chunk(row)) for row in rows]

    def matching(self, words: Sequence[str], limit: int, language: str | None = None) -> dict[int, float]:
        """Return passages that hold any of the words, with their bm25: higher is better."""
        if not words:
            return {}
        spoken, values = ("AND c.language = ?", [language]) if language else ("", [])
        rows = self.database.rows(
            "SELECT search.rowid AS id, bm25(search, ?, 1.0) AS rank FROM search "  # noqa: S608
            f"JOIN chunks c ON c.id = search.rowid WHERE search MATCH ? {spoken} ORDER BY rank LIMIT ?",
            (TITLE_WEIGHT, quoted(words), *values, limit),
        )
        return {row["id"]: -row["rank"] for row in rows}

    def frequencies(self, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each word stands, and how many passages there are."""
        holes = ",".join("?" * len(words))
        rows = self.database.rows(f"SELECT term, doc FROM vocabulary WHERE term IN ({holes})", words)  # noqa: S608
        total = self.database.row("SELECT count(*) AS total FROM chunks")
        assert total is not None, "a count is always a row"
        return {row["term"]: row["doc"] for row in rows}, int(total["total"])

    def embedded_ids(self, stamp: str) -> list[int]:
        """Return the numbers of all passages that this embedder has seen."""
        rows = self.database.rows("SELECT chunk_id FROM embeddings WHERE stamp = ?", (stamp,))
        return [row["chunk_id"] for row in rows]

    def vectors(self, stamp: str, ids: Iterable[int] | None = None) -> tuple[IntArray, FloatArray]:
        """Return stored vectors, of these passages or of all, with their numbers: shapes (n,) and (n, dimension)."""
        import numpy

        chosen = "" if ids is None else f"AND chunk_id IN ({','.join(str(int(number)) for number in ids)})"
        rows = self.database.rows(
            f"SELECT chunk_id, vector FROM embeddings WHERE stamp = ? {chosen}",  # noqa: S608
            (stamp,),
        )
        numbers = numpy.array([row["chunk_id"] for row in rows], dtype=numpy.int64)
        vectors = numpy.frombuffer(b"".join(row["vector"] for row in rows), dtype=numpy.float32)
        return numbers, vectors.reshape(len(rows), -1) if rows else vectors.reshape(0, 0)


TITLE_WEIGHT = 2.0
"""How much a word in a title counts beside one in the text."""


def _chunk(row: Row) -> Chunk:
    return Chunk(
        row["text"], row["title"], row["place"], row["language"], row["question"], line=row["line"], page=row["page"]
    )


def _insert(connection: sqlite3.Connection, document: int, ordinal: int, chunk: Chunk) -> int:
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
    title = f"{chunk.title} {chunk.question or ''}"
    connection.execute(
        "INSERT INTO search(rowid, title, body) VALUES (?, ?, ?)",
        (number, " ".join(tokens(title)), " ".join(tokens(chunk.text))),
    )
    return number


def _remove(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> list[int]:
    chosen = f"SELECT c.id FROM chunks c JOIN documents ON documents.id = c.document_id WHERE {where}"  # noqa: S608
    gone = [row[0] for row in connection.execute(chosen, values)]
    connection.executemany("DELETE FROM search WHERE rowid = ?", ((number,) for number in gone))
    connection.execute(f"DELETE FROM documents WHERE {where}", values)  # noqa: S608
    return gone


def _embed(connection: sqlite3.Connection, stamp: str, rows: Iterable[tuple[int, bytes]]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO embeddings(stamp, chunk_id, vector) VALUES (?, ?, ?)",
        ((stamp, number, vector) for number, vector in rows),
    )


def _next_generation(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO knowledge(name, value) VALUES ('generation', '1') "
        "ON CONFLICT(name) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )
