"""The vectors of the passages, as rows: kept in float16, numbered by the generation in which they came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from edge_assistant.storage.database import Database, Row

if TYPE_CHECKING:
    import sqlite3

    from edge_assistant.types import FloatArray, IntArray

_AT_ONCE: Final = 10_000
"""Vectors in memory at once: 15 MB of them, however large the library is."""


class Vectors:
    """Reads and writes vectors; a stamp is an embedder, and vectors of different stamps never meet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, stamp: str, ids: Iterable[int]) -> tuple[IntArray, FloatArray]:
        """Return the vectors of these passages, with their numbers: shapes (n,) and (n, dimension)."""
        wanted = ",".join(str(int(number)) for number in ids)
        return _arrays(
            self._database.rows(
                f"SELECT chunk_id, vector FROM embeddings WHERE stamp = ? AND chunk_id IN ({wanted})",  # noqa: S608
                (stamp,),
            )
        )

    def batches(self, stamp: str, since: int, until: int) -> Iterator[tuple[IntArray, FloatArray]]:
        """Yield the vectors that came after one generation and up to another, never all of them at once."""
        last = 0
        while rows := self._database.rows(
            "SELECT rowid, chunk_id, vector FROM embeddings WHERE rowid > ? AND stamp = ? "
            "AND +generation > ? AND +generation <= ? ORDER BY rowid LIMIT ?"
            if since <= 0
            else "SELECT rowid, chunk_id, vector FROM embeddings WHERE rowid > ? AND stamp = ? "
            "AND generation > ? AND generation <= ? ORDER BY rowid LIMIT ?",
            (last, stamp, since, until, _AT_ONCE),
        ):
            yield _arrays(rows)
            last = rows[-1]["rowid"]

    def sample(self, stamp: str, most: int) -> FloatArray:
        """Return about this many vectors from all over the library."""
        import numpy

        end = self._database.row("SELECT max(rowid) AS last FROM embeddings")
        last = int(end["last"] or 0) if end else 0
        drawn = numpy.random.default_rng(0).permutation(last)[:most] + 1
        wanted = ",".join(map(str, sorted(drawn.tolist())))
        rows = self._database.rows(
            f"SELECT chunk_id, vector FROM embeddings WHERE rowid IN ({wanted}) AND +stamp = ?",  # noqa: S608
            (stamp,),
        )
        return _arrays(rows)[1]

    def ids(self, stamp: str) -> IntArray:
        """Return the numbers of all passages that this embedder has seen."""
        import numpy

        rows = self._database.rows("SELECT chunk_id FROM embeddings WHERE stamp = ?", (stamp,))
        return numpy.array([row["chunk_id"] for row in rows], dtype=numpy.int64)

    def gone(self, since: int) -> IntArray:
        """Return the numbers of passages with vectors that went after a generation."""
        import numpy

        rows = self._database.rows("SELECT chunk_id FROM gone WHERE generation > ?", (since,))
        return numpy.array([row["chunk_id"] for row in rows], dtype=numpy.int64)

    def changes(self, stamp: str, since: int) -> int:
        """Return how many vectors came or went after a generation."""
        row = self._database.row(
            "SELECT (SELECT count(*) FROM embeddings WHERE stamp = ? AND generation > ?) "
            "+ (SELECT count(*) FROM gone WHERE generation > ?) AS changes",
            (stamp, since, since),
        )
        return int(row["changes"]) if row else 0

    def stamps(self) -> dict[str, int]:
        """Return how many vectors there are of every embedder."""
        rows = self._database.rows("SELECT stamp, count(*) AS total FROM embeddings GROUP BY stamp")
        return {row["stamp"]: row["total"] for row in rows}

    def drop(self, stamp: str) -> None:
        """Forget every vector of an embedder, and the receipts of its indexes."""
        gone = True
        while gone:
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM snapshots WHERE stamp = ?", (stamp,))
                gone = (
                    connection.execute(
                        "DELETE FROM embeddings WHERE rowid IN (SELECT rowid FROM embeddings WHERE stamp = ? LIMIT ?)",
                        (stamp, _AT_ONCE),
                    ).rowcount
                    > 0
                )


def embed(connection: sqlite3.Connection, stamp: str, ids: Sequence[int], vectors: FloatArray, generation: int) -> None:
    """Write vectors down within a transaction; passages that went meanwhile are left out."""
    import numpy

    halves = numpy.asarray(vectors, dtype=numpy.float16)
    connection.executemany(
        "INSERT OR REPLACE INTO embeddings(stamp, chunk_id, vector, generation) "
        "SELECT ?, id, ?, ? FROM chunks WHERE id = ?",
        ((stamp, half.tobytes(), generation, number) for number, half in zip(ids, halves, strict=True)),
    )


def _arrays(rows: Sequence[Row]) -> tuple[IntArray, FloatArray]:
    import numpy

    numbers = numpy.array([row["chunk_id"] for row in rows], dtype=numpy.int64)
    halves = numpy.frombuffer(b"".join(row["vector"] for row in rows), dtype=numpy.float16)
    return numbers, halves.astype(numpy.float32).reshape(len(rows), -1 if rows else 0)
