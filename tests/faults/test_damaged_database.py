"""A damaged database is put aside, what can be read of it is carried over, and a new one is begun."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from edge_assistant.errors import StorageError
from edge_assistant.explain import receipt
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.store import Store
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from edge_assistant.storage.salvage import opened
from edge_assistant.types import Answer
from tests.bag_of_words import library
from tests.faults.test_damaged_index import mutated


def filled(folder: Path) -> Path:
    """Write a database with forty turns and a few documents."""
    kept = library(folder)
    history = History(kept.store.database)
    for number in range(40):
        history.add(f"question {number}", receipt(Answer("x" * 2000, "rules", 1.0, id=f"{number:04}")))
    for number in range(5):
        kept.add(plain(f"{number}.txt", f"Pump {number} is red. " * 200, "en"))
    kept.store.database.close()
    return folder / "assistant.db"


def test_a_file_that_is_no_database_is_put_aside_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "assistant.db"
    path.write_bytes(b"this is not a database" * 100)

    with caplog.at_level(logging.WARNING):
        opened(path).close()
        opened(path).close()

    (aside,) = tmp_path.glob("assistant.db.damaged-*")
    assert aside.read_bytes().startswith(b"this is not")
    assert [record.getMessage().split(" ")[1:5] for record in caplog.records] == [["was", "damaged", "and", "is"]]


def test_what_can_be_read_is_carried_over_and_documents_are_listed(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'chunks'").fetchone()
    with path.open("r+b") as stream:
        stream.seek((root - 1) * 4096)
        stream.write(b"\xff" * 4096)
    with pytest.raises(StorageError):
        Store(Database(path)).passages(range(100))

    database = opened(path)

    assert len(History(database).latest(100)) == 40
    assert Library(database).documents() == []
    (listing,) = tmp_path.glob("*.documents.txt")
    assert listing.read_text().split() == [f"{number}.txt" for number in range(5)]
    Store(database)


def test_a_sound_database_is_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()

    opened(path).close()

    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.damaged-*"))


def survived(folder: Path, times: int, seed: int) -> int:
    """Damage a database so many times; return how many were put aside. Anything but a `StorageError` is a failure."""
    path, random, aside = filled(folder), Random(seed), 0
    content = path.read_bytes()
    for _ in range(times):
        path.write_bytes(mutated(content, random) or b"\0")
        errors = []
        for _ in range(3):  # damage may be met only when a room is entered; the next start mends it
            try:
                database = opened(path)
                try:
                    Library(database).documents()
                    Store(database).passages(range(100))
                    with suppress(StorageError):  # a single turn may be lost
                        History(database).latest(100)
                    break
                finally:
                    database.close()
            except StorageError as error:
                errors.append(str(error))
        else:
            raise AssertionError(f"it never came back: {errors}")
        for file in folder.glob("assistant.db*"):
            aside += ".damaged-" in file.name and file.name[-1].isdigit()
            file.unlink()
    return aside


def test_a_database_damaged_anywhere_comes_back(tmp_path: Path) -> None:
    assert survived(tmp_path, 40, seed=1) > 0


@pytest.mark.faults
def test_a_database_damaged_anywhere_three_thousand_times_comes_back(tmp_path: Path) -> None:
    assert survived(tmp_path, 3000, seed=int(os.environ.get("SEED", "1"))) > 0
