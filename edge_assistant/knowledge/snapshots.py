"""The vector index on disk: a cache of the rows, verified before it is read, and rebuilt when it is not what it was."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from edge_assistant.errors import StorageError, TierError
from edge_assistant.knowledge.store import Store
from edge_assistant.storage.database import Row, synced
from edge_assistant.storage.digests import sha256
from edge_assistant.types import VectorIndex

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray

_KEPT: Final = 2
"""Snapshots on disk: the newest, and the one before it."""
_BEHIND: Final = 20
"""A snapshot is written when a twentieth of the vectors has changed; fewer are caught up in less time than writing."""
_SAMPLE: Final = 40_000
"""Vectors that a compact index is fitted to."""
_OUTGROWN: Final = 4
"""How many times larger than when it was fitted an index may become."""
_log = logging.getLogger(__name__)


class StoredIndex(VectorIndex, Protocol):
    """An index that can be written down."""

    @property
    def ids(self) -> IntArray: ...

    @property
    def worn(self) -> bool: ...

    def of(self, ids: Iterable[int]) -> tuple[IntArray, FloatArray]: ...

    def write(self, path: Path) -> str: ...


class IndexMaker(Protocol):
    """Makes indexes, empty or from what was written."""

    def __call__(self, dimension: int, sample: FloatArray | None = None) -> StoredIndex: ...

    def read(self, stream: IO[bytes], dimension: int) -> StoredIndex: ...


@dataclass(slots=True)
class Current:
    """An index, and the generation whose rows it holds."""

    index: StoredIndex
    generation: int
    size: int = 0
    """How many rows there were when it was fitted to them."""


class Snapshots:
    """Index files in one folder, with a receipt in SQLite that is written last."""

    def __init__(self, store: Store, folder: Path, make: IndexMaker) -> None:
        self._store = store
        self._folder = folder
        self._make = make

    def open(self, stamp: str, dimension: int) -> Current:
        """Return an index of exactly the rows there are: the newest sound snapshot, caught up, or a new one."""
        for row in self._store.database.rows(
            "SELECT * FROM snapshots WHERE stamp = ? AND dimension = ? ORDER BY id DESC", (stamp, dimension)
        ):
            index = self._read(row["file"], row["sha256"], dimension)
            if index is not None:
                current = Current(index, row["generation"], row["total"])
                self.catch_up(current, stamp)
                return current
        current = self.made(stamp, dimension)
        if current.size:
            try:
                self.save(current, stamp, dimension)
            except StorageError as error:  # what was made answers all the same
                _log.warning("the index is not written down: %s", error)
        return current

    def made(self, stamp: str, dimension: int) -> Current:
        """Make an index from the rows, a batch at a time."""
        generation = self._store.generation
        index = self._make(dimension, self._store.vectors.sample(stamp, _SAMPLE))
        for ids, vectors in self._store.vectors.batches(stamp, -1, generation):
            index.add(ids, vectors)
        return Current(index, generation, len(index.ids))

    def catch_up(self, current: Current, stamp: str) -> None:
        """Remove what went and add what came since; where nobody remembers what went, compare all numbers."""
        import numpy

        generation, since = self._store.generation, current.generation
        if generation == since:
            return
        gone = self._store.vectors.gone(since)
        if since < self._store.forgotten:
            gone = numpy.setdiff1d(current.index.ids, self._store.vectors.ids(stamp))
        if len(gone):
            current.index.remove(gone)
        for ids, vectors in self._store.vectors.batches(stamp, since, generation):
            current.index.remove(ids)  # another program may have given a passage its vector twice
            current.index.add(ids, vectors)
        current.generation = generation

    def settle(self, current: Current, stamp: str, dimension: int) -> Current:
        """Write a snapshot where the newest is too far behind; make the index again where it no longer fits."""
        newest = self._store.database.row(
            "SELECT generation, total FROM snapshots WHERE stamp = ? ORDER BY id DESC LIMIT 1", (stamp,)
        )
        total = len(current.index.ids)
        if current.index.worn or total > _OUTGROWN * max(current.size, _SAMPLE):
            current = self.made(stamp, dimension)
        elif not total if newest is None else self._near(newest, stamp, total):
            return current
        self.save(current, stamp, dimension)
        return current

    def save(self, current: Current, stamp: str, dimension: int) -> None:
        """Write a snapshot beside the others: file, disk, name, and only then the receipt. Raises `StorageError`.

        Its name tells its content, so that no file that has a receipt is ever replaced by another.
        """
        name = f"{stamp}-{current.generation}"
        fresh = self._folder / f".{name}.faiss.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            digest = current.index.write(fresh)
            name = f"{name}-{digest[:8]}.faiss"
            fresh.chmod(0o600)
            fresh.replace(self._folder / name)
            synced(self._folder)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise StorageError(f"{self._folder}: {(error.strerror or 'it cannot be written').lower()}") from error
        with self._store.database.transaction() as connection:
            connection.execute("DELETE FROM snapshots WHERE file = ?", (name,))
            connection.execute(
                "INSERT INTO snapshots(stamp, generation, file, sha256, total, dimension) VALUES (?, ?, ?, ?, ?, ?)",
                (stamp, current.generation, name, digest, len(current.index.ids), dimension),
            )
        self._store.database.sync()  # or a power cut leaves the old receipts, whose files are gone
        self._forget_old()

    def _near(self, newest: Row, stamp: str, total: int) -> bool:
        changes = self._store.vectors.changes(stamp, newest["generation"])
        return bool(changes * _BEHIND <= max(total, newest["total"]))

    def faults(self) -> list[str]:
        """Return what is wrong with the files on disk, one sentence each."""
        rows = self._store.database.rows("SELECT file, sha256 FROM snapshots ORDER BY id")
        return [
            f"{self._folder / row['file']}: the index is damaged; `kb verify --repair` makes it again"
            for row in rows
            if not self._verified(row["file"], row["sha256"])
        ]

    def clear(self) -> None:
        """Forget every snapshot; the next `open` rebuilds from the rows."""
        with self._store.database.transaction() as connection:
            connection.execute("DELETE FROM snapshots")
        self._sweep(set())

    def _verified(self, name: str, digest: str) -> bool:
        try:
            with (self._folder / name).open("rb") as stream:
                return sha256(stream) == digest
        except OSError:
            return False

    def _read(self, name: str, digest: str, dimension: int) -> StoredIndex | None:
        """Read an index whose content is the recorded one, from the very file that was hashed."""
        try:
            with (self._folder / name).open("rb") as stream:
                if sha256(stream) == digest:
                    stream.seek(0)
                    return self._make.read(stream, dimension)
        except (OSError, TierError):
            pass
        _log.warning("%s: the index is damaged and is rebuilt", self._folder / name)
        return None

    def _forget_old(self) -> None:
        """Keep the newest snapshots, and remember what went only since the oldest of them."""
        with self._store.database.transaction() as connection:
            connection.execute(
                "DELETE FROM snapshots WHERE id NOT IN (SELECT id FROM snapshots s WHERE s.stamp = snapshots.stamp "
                "ORDER BY id DESC LIMIT ?)",
                (_KEPT,),
            )
            self._store.forget_changes(connection)
        self._sweep({row["file"] for row in self._store.database.rows("SELECT file FROM snapshots")})

    def _sweep(self, kept: set[str]) -> None:
        with suppress(OSError):
            for file in (*self._folder.glob("*.faiss"), *self._folder.glob(".*.faiss.*")):
                if file.name not in kept and not _being_written(file):
                    file.unlink(missing_ok=True)


def _being_written(file: Path) -> bool:
    """Return whether a fresh file belongs to a process that is alive; others were left behind by a kill."""
    return file.name.startswith(".") and Path("/proc", file.name.rpartition(".")[2]).exists()
