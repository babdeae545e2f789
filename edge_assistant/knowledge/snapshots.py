"""The vector index on disk: a cache of the rows, verified before it is read, and rebuilt when it is not what it was."""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edge_assistant.errors import StorageError, TierError
from edge_assistant.knowledge.store import Store
from edge_assistant.types import VectorIndex

if TYPE_CHECKING:
    from edge_assistant.types import IntArray

_KEPT = 2
"""Snapshots on disk: the newest, and the one before it."""
_log = logging.getLogger(__name__)


class StoredIndex(VectorIndex, Protocol):
    """An index that can be written down."""

    @property
    def ids(self) -> IntArray: ...

    def write(self, path: Path) -> bytes: ...


class IndexMaker(Protocol):
    """Makes indexes, empty or from what was written."""

    def __call__(self, dimension: int) -> StoredIndex: ...

    def read(self, content: bytes, dimension: int) -> StoredIndex: ...


class Snapshots:
    """Index files in one folder, with a receipt in SQLite that is written last."""

    def __init__(self, store: Store, folder: Path, make: IndexMaker) -> None:
        self._store = store
        self._folder = folder
        self._make = make

    def open(self, stamp: str, dimension: int, known: StoredIndex | None = None) -> StoredIndex:
        """Return an index of exactly the rows there are: the known one or the newest sound snapshot, caught up."""
        if known is not None:
            self._catch_up(known, stamp)
            return known
        for row in self._store.database.rows(
            "SELECT * FROM snapshots WHERE stamp = ? AND dimension = ? ORDER BY id DESC", (stamp, dimension)
        ):
            content = self._verified(row["file"], row["sha256"])
            if content is None:
                continue
            with suppress(TierError):
                index = self._make.read(content, dimension)
                if row["generation"] != self._store.generation:
                    self._catch_up(index, stamp)
                return index
        generation = self._store.generation
        index = self._make(dimension)
        self._catch_up(index, stamp)
        if len(index.ids):
            self.save(index, stamp, dimension, generation)
        return index

    def save(self, index: StoredIndex, stamp: str, dimension: int, generation: int) -> None:
        """Write a snapshot beside the others: file, disk, name, and only then the receipt. Raises `StorageError`.

        `generation` is one whose rows are all in the index; where others have written since, it is caught up later.
        """
        name = f"{stamp}-{generation}.faiss"
        fresh = self._folder / f".{name}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            content = index.write(fresh)
            fresh.chmod(0o600)
            fresh.replace(self._folder / name)
            _sync_folder(self._folder)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise StorageError(f"{self._folder}: {error.strerror}") from error
        digest = hashlib.sha256(content).hexdigest()
        with self._store.database.transaction() as connection:
            connection.execute("DELETE FROM snapshots WHERE file = ?", (name,))
            connection.execute(
                "INSERT INTO snapshots(stamp, generation, file, sha256, total, dimension) VALUES (?, ?, ?, ?, ?, ?)",
                (stamp, generation, name, digest, len(index.ids), dimension),
            )
        self._forget_old()

    def newest(self, stamp: str) -> int | None:
        """Return the generation of the newest snapshot of this embedder."""
        row = self._store.database.row("SELECT max(generation) AS newest FROM snapshots WHERE stamp = ?", (stamp,))
        return row["newest"] if row else None

    def faults(self) -> list[str]:
        """Return what is wrong with the files on disk, one sentence each."""
        rows = self._store.database.rows("SELECT file, sha256 FROM snapshots ORDER BY id")
        return [
            f"{self._folder / row['file']}: the index is damaged and will be rebuilt"
            for row in rows
            if self._verified(row["file"], row["sha256"]) is None
        ]

    def clear(self) -> None:
        """Forget every snapshot; the next `open` rebuilds from the rows."""
        with self._store.database.transaction() as connection:
            connection.execute("DELETE FROM snapshots")
        self._sweep(set())

    def _verified(self, name: str, digest: str) -> bytes | None:
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() == digest:
            return content
        _log.warning("%s: the index is damaged and is rebuilt", self._folder / name)
        return None

    def _catch_up(self, index: StoredIndex, stamp: str) -> None:
        """Remove what is no longer a row and add what is new; numbers of passages are never used twice."""
        import numpy

        there = numpy.array(self._store.embedded_ids(stamp), dtype=numpy.int64)
        gone = numpy.setdiff1d(index.ids, there)
        new = numpy.setdiff1d(there, index.ids)
        if len(gone):
            index.remove(gone)
        if len(new):
            ids, vectors = self._store.vectors(stamp)
            fresh = numpy.isin(ids, new)
            index.add(ids[fresh], vectors[fresh])

    def _forget_old(self) -> None:
        with self._store.database.transaction() as connection:
            connection.execute(
                "DELETE FROM snapshots WHERE id NOT IN (SELECT id FROM snapshots ORDER BY id DESC LIMIT ?)", (_KEPT,)
            )
        self._sweep({row["file"] for row in self._store.database.rows("SELECT file FROM snapshots")})

    def _sweep(self, kept: set[str]) -> None:
        with suppress(OSError):
            for file in self._folder.glob("*.faiss"):
                if file.name not in kept:
                    file.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
