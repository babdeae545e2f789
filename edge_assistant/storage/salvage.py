"""A damaged database: put aside with its date, and what can still be read of it carried over into a new one."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from edge_assistant.errors import Damaged, StorageError
from edge_assistant.storage.database import Database, suspect

_DERIVED: Final = frozenset(
    ("documents", "chunks", "embeddings", "search", "vocabulary", "knowledge", "snapshots", "gone", "common", "rooms")
)
"""Tables of the knowledge base: half a document is worse than one that is added again."""
_UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises over damage: it may quote names that are no text any more."""
_Row: TypeAlias = "tuple[Any, ...]"
_log = logging.getLogger(__name__)


def opened(path: Path) -> Database:
    """Open a database; put a damaged one aside, begin a new one with what can be saved, and say so once."""
    with suppress(Damaged):
        return _sound(path)
    try:
        with _alone(path), suppress(Damaged):
            return _sound(path)  # another program has mended it meanwhile
        return _mended(path)
    except OSError as error:
        raise StorageError(f"{path}: {(error.strerror or 'it cannot be mended').lower()}") from error


def _sound(path: Path) -> Database:
    """Open a database, and check it from end to end where damage was met before. Raises `Damaged`."""
    fresh = _beside(path, "fresh")
    if fresh.exists() and not path.exists():
        fresh.replace(path)
    database = Database(path)
    if not suspect(path).exists():
        return database
    try:
        checked = database.row("PRAGMA quick_check(1)")
        if checked is None or checked[0] != "ok" or suspect(path).read_bytes():
            raise Damaged(f"{path}: the database is damaged")
    except Damaged:
        database.close()
        raise
    suspect(path).unlink(missing_ok=True)
    return database


def _mended(path: Path) -> Database:
    with _alone(path):
        aside = _beside(path, f"damaged-{time.strftime('%Y-%m-%dT%H-%M-%S')}")
        for ending in ("-wal", "-shm", ""):  # the log before the file, or it would be replayed into the new one
            with suppress(FileNotFoundError):
                path.with_name(path.name + ending).replace(aside.with_name(aside.name + ending))
        lost = suspect(path).exists() and bool(suspect(path).read_bytes())
        saved, documents = _carry_over(aside, _beside(path, "fresh"), lost=lost)
        suspect(path).unlink(missing_ok=True)
        if documents:
            listing = aside.with_name(f"{aside.name}.documents.txt")
            listing.write_text("".join(f"{document}\n" for document in documents), encoding="utf-8")
            advice = f"; {len(documents)} documents have to be added again, they are listed in {listing}"
        else:
            advice = ""
        _log.warning("%s was damaged and is kept as %s; %d rows were saved%s", path, aside.name, saved, advice)
        return _sound(path)


def _carry_over(aside: Path, fresh: Path, *, lost: bool) -> tuple[int, list[str]]:
    """Copy every table but those of the knowledge base; return how many rows, and the documents that were known.

    Nothing is copied where it is `lost` which tables the rooms had made: they would meet them again.
    """
    building = fresh.with_name(f"{fresh.name}.{os.getpid()}")
    documents: list[str] = []
    with closing(Database(building)) as target, closing(sqlite3.connect(aside)) as source:
        known = "SELECT origin, source FROM documents WHERE collection != 'starter'"
        documents = [origin or name for origin, name in _readable(source, known)]
        saved = 0 if lost else _copied(source, target)
    for ending in ("-wal", "-shm"):
        building.with_name(building.name + ending).unlink(missing_ok=True)
    building.replace(fresh)
    return saved, documents


def _copied(source: sqlite3.Connection, target: Database) -> int:
    """Copy what the other rooms keep; nothing of a room whose tables cannot all be told."""
    try:
        schema = source.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql NOTNULL").fetchall()
        grown = source.execute("SELECT name, steps FROM rooms WHERE name != 'knowledge'").fetchall()
    except _UNREADABLE:
        return 0
    wanted = [row for row in schema if row[2].split("_")[0] not in _DERIVED and not row[1].startswith("sqlite_")]
    tables = [name for kind, name, _, _ in wanted if kind == "table"]
    rows = {name: _saved(source, name) for name in tables}
    with target.transaction() as connection:
        for _, _, _, sql in sorted(wanted, key=lambda row: row[0] != "table"):
            connection.execute(sql)
        for name in tables:
            for row in rows[name]:
                holes = ",".join("?" * len(row))
                connection.execute(f'INSERT OR IGNORE INTO "{name}" VALUES ({holes})', row)  # noqa: S608
        connection.execute("CREATE TABLE IF NOT EXISTS rooms(name TEXT PRIMARY KEY, steps INTEGER NOT NULL)")
        connection.executemany("INSERT OR REPLACE INTO rooms VALUES (?, ?)", grown)
    return sum(map(len, rows.values()))


def _saved(source: sqlite3.Connection, table: str) -> list[_Row]:
    """Read a table from both ends, up to the damage."""
    forwards = f'SELECT * FROM "{table}"'  # noqa: S608
    return list(dict.fromkeys((*_readable(source, forwards), *_readable(source, f"{forwards} ORDER BY rowid DESC"))))


def _readable(source: sqlite3.Connection, sql: str) -> Iterator[_Row]:
    """Yield rows up to the first that cannot be read."""
    with suppress(*_UNREADABLE):
        yield from source.execute(sql)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(f"{path.name}.{ending}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one program at a time mend a database."""
    with _beside(path, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
