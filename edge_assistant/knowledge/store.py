"""The rows of the knowledge base: documents, passages, their words and their vectors, in one SQLite file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.full_text import FullText
from edge_assistant.knowledge.rows import next_generation, removed, written
from edge_assistant.knowledge.schema import STEPS
from edge_assistant.knowledge.selection import Chosen, Selection
from edge_assistant.knowledge.vectors import Vectors, embed
from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite3

    from edge_assistant.types import FloatArray


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
    also: tuple[str, ...] = ()
    """Other places where the same passage stands."""
    dated: float | None = None
    """When its document was written or last changed, in seconds since 1970, where that is known."""


class Store:
    """Everything that is true about the knowledge base; what is searched elsewhere is rebuilt from here."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.grow("knowledge", STEPS)
        self.vectors = Vectors(database)
        self.words = FullText(database)
        self._chosen = Chosen(database)

    @property
    def generation(self) -> int:
        """Return a number that grows with every change."""
        return int(self.remembered("generation") or 0)

    @property
    def forgotten(self) -> int:
        """Return the generation before which nobody remembers what went."""
        return int(self.remembered("forgotten") or 0)

    def forget_changes(self, connection: sqlite3.Connection) -> None:
        """Forget what went before the oldest snapshot, within a transaction."""
        connection.execute("DELETE FROM gone WHERE generation <= (SELECT min(generation) FROM snapshots)")
        connection.execute(
            "INSERT OR REPLACE INTO knowledge(name, value) SELECT 'forgotten', min(generation) FROM snapshots "
            "WHERE 1 HAVING min(generation) IS NOT NULL"
        )

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
            generation = next_generation(connection)
            gone = removed(
                connection, "collection = ? AND source = ?", (document.collection, document.source), generation
            )
            came = written(connection, document, chunks)
            if stamp is not None and vectors is not None:
                embed(connection, stamp, came, vectors, generation)
        return gone, came

    def remove(self, source: str, collection: str | None = None) -> tuple[int, list[int]]:
        """Forget the documents of this name; return how many there were, and which passages went."""
        where, values = "(source = ? OR origin = ?)", [source, source]
        if collection is not None:
            where, values = f"{where} AND collection = ?", [*values, collection]
        with self.database.transaction() as connection:
            count = connection.execute(f"SELECT count(*) FROM documents WHERE {where}", values).fetchone()[0]  # noqa: S608
            gone = removed(connection, where, values, next_generation(connection)) if count else []
        return int(count), gone

    def add_vectors(self, stamp: str, ids: Sequence[int], vectors: FloatArray) -> None:
        """Keep the vectors of passages that had none."""
        with self.database.transaction() as connection:
            embed(connection, stamp, ids, vectors, next_generation(connection))

    def entries(self) -> list[Entry]:
        """Return every document, by collection and name."""
        rows = self.database.rows(
            "SELECT d.*, (SELECT count(*) FROM chunks WHERE document_id = d.id) AS passages "
            "FROM documents d ORDER BY collection, source"
        )
        return [Entry(*(row[name] for name in Entry.__slots__)) for row in rows]

    def rename(self, collection: str, source: str, name: str, origin: str) -> None:
        """Give a document another name and origin; its passages keep their numbers and vectors."""
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE chunks SET place = ? || substr(place, length(?) + 1) WHERE substr(place, 1, length(?)) = ? "
                "AND document_id = (SELECT id FROM documents WHERE collection = ? AND source = ?)",
                (name, source, source, source, collection, source),
            )
            connection.execute(
                "UPDATE documents SET source = ?, origin = ? WHERE collection = ? AND source = ?",
                (name, origin, collection, source),
            )
            next_generation(connection)

    def unembedded(self, stamp: str) -> list[int]:
        """Return the passages that have no vector of this embedder yet, the longest first."""
        rows = self.database.rows(
            "SELECT id FROM chunks c WHERE NOT EXISTS "
            "(SELECT 1 FROM embeddings e WHERE e.chunk_id = c.id AND e.stamp = ?) "
            "ORDER BY length(coalesce(question, title || text)) DESC",
            (stamp,),
        )
        return [row["id"] for row in rows]

    @property
    def unfinished(self) -> bool:
        """Whether there are passages without any vector."""
        row = self.database.row(
            "SELECT 1 FROM chunks c WHERE NOT EXISTS (SELECT 1 FROM embeddings e WHERE e.chunk_id = c.id) LIMIT 1"
        )
        return row is not None

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

    def of_document(self, source: str, collection: str) -> list[Stored]:
        """Return the passages of a document, in order."""
        return self._stored("WHERE d.source = ? AND d.collection = ? ORDER BY c.ordinal", (source, collection))

    def _stored(self, where: str, values: Sequence[str | int] = ()) -> list[Stored]:
        rows = self.database.rows(
            "SELECT c.*, d.source AS document, d.collection AS collection, d.dated AS dated "  # noqa: S608
            f"FROM chunks c JOIN documents d ON d.id = c.document_id {where}",
            values,
        )
        return [Stored(row["id"], row["document"], row["collection"], _chunk(row), dated=row["dated"]) for row in rows]

    def matching(
        self, words: Sequence[str], limit: int, language: str | None = None, within: Selection | None = None
    ) -> dict[int, float]:
        """Return passages that hold any of the words, with their bm25: higher is better."""
        passing = partial(self.passing, within=within, language=language) if within or language else None
        return self.words.matching(words, limit, self.generation, passing)

    def selected(self, within: Selection, most: int) -> list[int]:
        """Return the numbers of at most so many passages of these documents."""
        return self._chosen.selected(within, most)

    def passing(
        self, ids: Iterable[int], within: Selection | None = None, language: str | None = None
    ) -> frozenset[int]:
        """Return those of these passages that are in these documents, and in this language."""
        return self._chosen.passing(ids, self.generation, within, language)

    def frequencies(self, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return in how many passages each word stands, and how many passages there are."""
        return self.words.frequencies(words, self.generation)


def _chunk(row: Row) -> Chunk:
    return Chunk(
        row["text"], row["title"], row["place"], row["language"], row["question"], line=row["line"], page=row["page"]
    )
