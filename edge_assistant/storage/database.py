"""One SQLite file: its connection, its transactions, and how its tables grow."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

from edge_assistant.errors import Damaged, StorageError

if TYPE_CHECKING:
    import sqlite_utils

    Step: TypeAlias = Callable[[sqlite_utils.Database], object]
    """One step of a room's schema, written with sqlite-utils; a step that was shipped never changes."""

Value: TypeAlias = "str | int | float | bytes | None"
Row: TypeAlias = sqlite3.Row
_STEPS: Final = 1000
"""Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond."""


class Database:
    """One connection, used by one thread at a time.

    WAL with ``synchronous=NORMAL``: a power cut may lose what was committed since `sync` but never corrupts;
    `durable` makes it FULL, so that what was committed is on the disk (measured in docs/design.md).
    """

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        with _kept(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.connection = _connected(path)
            self.connection.row_factory = sqlite3.Row
            self.connection.text_factory = _text
            for pragma in (
                f"synchronous={'FULL' if durable else 'NORMAL'}",
                "foreign_keys=ON",
                "trusted_schema=OFF",
                "mmap_size=0",
                "cache_size=-16000",  # a search among 1,000,000 passages reads half as much
                "journal_size_limit=8388608",
            ):
                self.connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        with self._lock:
            self.connection.close()

    def sync(self) -> None:
        """Bring every commit to the disk, as `durable` does with each: the log, and its name. Raises `StorageError`."""
        with self._lock, _kept(self.path), suppress(FileNotFoundError):
            for path in (self.path.with_name(f"{self.path.name}-wal"), self.path.parent):
                synced(path)

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Return every row of a SELECT. Raises `StorageError`."""
        with self._lock, _kept(self.path):
            return self.connection.execute(sql, values).fetchall()

    def rows_within(self, seconds: float, sql: str, values: Sequence[Value] = ()) -> list[Row] | None:
        """Return every row of a SELECT, or None where it takes longer. Raises `StorageError`."""
        end, late = monotonic() + seconds, False

        def look_at_the_clock() -> bool:
            nonlocal late
            late = monotonic() >= end
            return late

        with self._lock:
            self.connection.set_progress_handler(look_at_the_clock, _STEPS)
            try:
                return self.rows(sql, values)
            except StorageError:
                if late:
                    return None
                raise
            finally:
                self.connection.set_progress_handler(None, 0)

    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row of a SELECT, if there is one. Raises `StorageError`."""
        return next(iter(self.rows(sql, values)), None)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing: BEGIN IMMEDIATE, then COMMIT, or ROLLBACK on any error. Raises `StorageError`."""
        with self._lock, _kept(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                if self.connection.in_transaction:  # a step of sqlite-utils may have committed already
                    self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def grow(self, room: str, steps: Sequence[Step]) -> None:
        """Bring one room's tables up to date: run the steps that this file has not seen.

        sqlite-utils is imported only when there is something to do.
        """
        with self._lock, _kept(self.path):
            done = self._grown(room)
            if done >= len(steps):
                return
            import sqlite_utils

            with self.transaction() as connection:
                done = self._grown(room)
                schema = sqlite_utils.Database(connection)
                try:
                    for step in steps[done:]:
                        step(schema)
                except sqlite3.OperationalError as error:
                    if "already exists" not in str(error):
                        raise
                    suspect(self.path).write_text("certain", encoding="utf-8")  # it has forgotten what it did
                    raise Damaged(f"{self.path}: {error}; move it away, and a new one is begun") from error
                connection.execute("INSERT OR REPLACE INTO rooms(name, steps) VALUES (?, ?)", (room, len(steps)))

    def _grown(self, room: str) -> int:
        try:
            row = self.connection.execute("SELECT steps FROM rooms WHERE name = ?", (room,)).fetchone()
        except sqlite3.OperationalError:
            with _kept(self.path):
                self.connection.execute(
                    "CREATE TABLE IF NOT EXISTS rooms(name TEXT PRIMARY KEY, steps INTEGER NOT NULL)"
                )
            return 0
        return int(row[0]) if row else 0


@contextmanager
def _kept(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        if type(error) in (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite quotes damaged names in its message
            with suppress(OSError):
                suspect(path).touch(mode=0o600)
            raise Damaged(f"{path}: {error}; move it away, and a new one is begun") from error
        raise StorageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _text(content: bytes) -> str:
    """Read a text, also one in which the disk has changed a letter."""
    return content.decode("utf-8", "replace")


def synced(path: Path) -> None:
    """Return when what was written to a file, or which names a folder holds, is on the disk. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def suspect(path: Path) -> Path:
    """Return the file that says that damage was met in a database."""
    return path.with_name(f"{path.name}.suspect")


def _connected(path: Path) -> sqlite3.Connection:
    """Open a database, or only look into it where the disk cannot be written."""
    connect = partial(sqlite3.connect, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600))
    except OSError as error:
        if error.errno != errno.EROFS or not path.exists():
            raise
        return connect(_looked_into(path), uri=True)
    connection = connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchall()  # makes room for the log
    except sqlite3.OperationalError as error:
        connection.close()
        if not any(reason in str(error) for reason in ("is full", "I/O error")) or not path.stat().st_size:
            raise
        return connect(_looked_into(path), uri=True)
    return connection


def _looked_into(path: Path) -> str:
    """Return the address of a database that cannot be written; without a log beside it, nobody else changes it."""
    log = path.with_name(f"{path.name}-wal")
    unchanging = "" if log.exists() and log.stat().st_size else "&immutable=1"
    return f"file:{quote(str(path))}?mode=ro{unchanging}"
