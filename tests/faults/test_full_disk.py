"""A disk that is full or may only be read costs one sentence; what was kept stays, and questions are answered."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from edge_assistant.errors import StorageError
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import heating, library


@pytest.fixture
def disk_size() -> str:
    return "2m"


@pytest.fixture
def kept(disk: Path) -> Library:
    kept = library(disk)
    kept.add(heating())
    kept.settle()
    return kept


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    with suppress(OSError), (disk / "full").open("wb", buffering=0) as stream:
        while stream.write(bytes(4096)):
            pass


def test_a_full_disk_refuses_documents_and_answers_on(kept: Library, disk: Path) -> None:
    fill(disk)

    with pytest.raises(StorageError, match=r"assistant\.db: database or disk is full"):
        kept.add(plain("large.txt", "Lamps are green. " * 20_000, "en"))

    assert kept.find("the pump", 1, "en")[0].stored.document == "heating.md"
    (disk / "full").unlink()
    assert kept.add(plain("lamp.txt", "The lamp is green.", "en"))
    kept.settle()
    assert kept.verify() == []


def test_a_full_disk_can_be_started_from_and_an_index_is_not_half_written(kept: Library, disk: Path) -> None:
    (file,) = (disk / "index").glob("*.faiss")
    kept.store.database.close()
    file.unlink()
    fill(disk)

    again = library(disk)

    assert again.find("the pump", 1, "en")[0].cosine is not None
    assert not list((disk / "index").glob("*"))
    again.store.database.close()


def test_a_read_only_disk_is_looked_into(kept: Library, disk: Path) -> None:
    kept.store.database.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)

    again = library(disk)

    assert again.find("the pump", 1, "en")[0].cosine is not None
    with pytest.raises(StorageError, match="readonly"):
        again.add(plain("lamp.txt", "The lamp is green.", "en"))
    again.store.database.close()
