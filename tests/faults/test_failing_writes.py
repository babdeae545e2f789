"""A write that fails, whichever it is, is not acknowledged, harms nothing, and the next one succeeds."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge_assistant.errors import StorageError
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import library
from tests.faults import kills

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Say = Callable[[str], object]
Fail = Callable[[Library, int], Callable[[], object]]
"""Lets writes fail after so many bytes or pages, and returns what ends it."""


def past_a_size(kept: Library, number: int) -> Callable[[], object]:
    """No file grows beyond this many pages: the disk refuses the write, within the log or within the database."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (number * 4096, resource.RLIM_INFINITY))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def past_a_number_of_pages(kept: Library, number: int) -> Callable[[], object]:
    """The database is full after this many pages more."""
    connection = kept.store.database.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + number}")
    return lambda: connection.execute("PRAGMA max_page_count = 1000000")


def survived(folder: Path, fail: Fail, number: int) -> tuple[list[str], list[str]]:
    """Return what a worker said whose writes fail from some point on, and what was wrong afterwards."""

    def task(kept: Library, say: Say, random: Random) -> None:
        end = fail(kept, number)
        for name, mark in (("1.txt", "first"), ("2.txt", "second")):
            say(f"begin {name} {mark}")
            try:
                kept.add(kills.document(name, mark))
                say("done")
                kept.settle()
                say("settled")
            except StorageError:
                say("refused")
            say("answered" if kept.find("red pump", 1, "en") else "nothing found")
            end()
        os._exit(0)

    witness = kills.Witness({"0.txt": "kept"})
    kept = library(folder)
    kept.add(kills.document("0.txt", "kept"))
    kept.settle()
    kept.store.database.close()
    worker, reading = kills.forked(folder, Random(1), task=task)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read().decode().splitlines()
    assert os.waitpid(worker, 0)[1] == 0, said
    for line in said:
        if line.split()[0] in ("begin", "done"):
            witness.hear(line)
    return said, kills.faults(folder, witness)


@pytest.mark.parametrize("fail", [past_a_size, past_a_number_of_pages])
def test_whichever_write_fails_what_was_kept_stays_and_the_next_succeeds(tmp_path: Path, fail: Fail) -> None:
    refused = 0
    for number in range(60):
        said, wrong = survived(tmp_path / str(number), fail, number)

        assert wrong == [], number
        assert said[-3:] == ["done", "settled", "answered"], (number, said)
        assert "nothing found" not in said
        refused += "refused" in said
        if "refused" not in said:
            break
    assert 0 < refused < 59


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Library]:
    kept = library(tmp_path)
    kept.add(plain("pump.txt", "The pump is red.", "en"))
    kept.settle()
    yield kept
    kept.store.database.close()


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize(("owner", "name"), [(os, "fsync"), (Path, "replace"), (Path, "chmod")])
def test_an_index_that_cannot_be_written_is_not_recorded(
    kept: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, code: int
) -> None:
    before = set((tmp_path / "index").iterdir())
    kept.add(plain("lamp.txt", "The lamp is green.", "en"))

    def refuse(*given: Any) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as broken:
        broken.setattr(owner, name, refuse)
        with pytest.raises(StorageError, match=os.strerror(code).lower()):
            kept.settle()

    assert kept.find("the green lamp", 1, "en")[0].cosine is not None
    assert set((tmp_path / "index").iterdir()) == before
    assert kept.verify() == []
    kept.settle()
    assert set((tmp_path / "index").iterdir()) > before
