"""Rows are kept all or not at all, and the index on disk is never trusted."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge_assistant.knowledge.chunks import chunks
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.schema import STEPS
from edge_assistant.knowledge.store import Store
from edge_assistant.knowledge.words import quoted, terms
from edge_assistant.storage.database import Database
from tests.bag_of_words import BagOfWords, heating, library


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(Database(tmp_path / "assistant.db"))
    store.replace(heating(), chunks(heating()), None, None)
    return store


def test_words_are_found_in_text_and_headings(store: Store) -> None:
    found = store.matching(terms("resetting the pumps"), 10)

    places = {stored.chunk.place for stored in store.passages(found).values()}
    assert places == {"heating.md#reset-the-heating", "heating.md#the-pump"}
    assert all(score > 0 for score in found.values())


@pytest.mark.parametrize(
    "text", ['"', "NEAR(", "a-b", "title:x", "x* OR y", "((", "^a", "a AND NOT b", "' OR 1=1", "\0", "{x}:", "+", "汉*"]
)
def test_no_text_is_taken_for_a_query(store: Store, text: str) -> None:
    assert isinstance(store.matching(terms(text), 10), dict)
    assert isinstance(store.matching((text,), 10), dict)
    assert quoted((text,)).count('"') % 2 == 0


def test_a_document_that_fails_midway_leaves_nothing_behind(store: Store) -> None:
    before = (store.entries(), store.generation)
    broken = [*chunks(heating()), None]

    with pytest.raises(AttributeError):
        store.replace(heating(), broken, None, None)  # type: ignore[arg-type]

    assert (store.entries(), store.generation) == before
    assert store.matching(terms("pump"), 10)


def test_removing_a_document_removes_all_that_belongs_to_it(tmp_path: Path) -> None:
    with_vectors = library(tmp_path)
    with_vectors.add(heating())

    assert with_vectors.remove("heating.md") == 1

    database = with_vectors.store.database
    for table in ("documents", "chunks", "embeddings", "search"):
        row = database.row(f"SELECT count(*) FROM {table}")
        assert row is not None
        assert row[0] == 0


def test_every_change_raises_the_generation(store: Store) -> None:
    before = store.generation

    store.remove("heating.md")
    after = store.generation
    store.remove("heating.md")

    assert after == before + 1
    assert store.generation == after


def test_numbers_of_passages_are_never_used_again(store: Store) -> None:
    first = set(store.passages(range(100)))

    store.replace(heating(), chunks(heating()), None, None)

    assert first.isdisjoint(store.passages(range(100)))


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "gone"])
def test_a_damaged_snapshot_is_noticed_and_rebuilt(tmp_path: Path, damage: str) -> None:
    library(tmp_path).add(heating())
    library(tmp_path).settle()
    (file,) = (tmp_path / "index").glob("*.faiss")
    content = file.read_bytes()
    spoilt = {"flipped": content[:-9] + b"\xff" + content[-8:], "cut": content[: len(content) // 2], "empty": b""}
    file.unlink() if damage == "gone" else file.write_bytes(spoilt[damage])

    again = library(tmp_path)

    assert len(again.verify()) == 1
    assert again.find("the pump", 1, "en")[0].cosine is not None
    assert again.verify() == []


def test_a_snapshot_catches_up_with_newer_rows(tmp_path: Path) -> None:
    first = library(tmp_path)
    first.add(heating())
    first.settle()
    library(tmp_path, words_only=False).remove("heating.md")
    (tmp_path / "index").mkdir(exist_ok=True)

    again = library(tmp_path)
    again.add(heating())

    found = again.find("the pump", 3, "en")
    assert all(one.cosine is not None for one in found)
    assert len(found) == 3


def test_another_embedder_gets_vectors_of_its_own(tmp_path: Path) -> None:
    library(tmp_path, BagOfWords("first")).add(heating())
    second = BagOfWords("second")
    other = library(tmp_path, second)

    other.settle()

    assert len(second.embedded) == 3
    assert other.find("the pump", 1, "en")[0].cosine is not None
    assert {row["stamp"] for row in other.store.database.rows("SELECT DISTINCT stamp FROM embeddings")} == {
        "first",
        "second",
    }


def test_only_two_snapshots_are_kept(tmp_path: Path) -> None:
    kept = library(tmp_path)
    for _ in range(4):
        kept.add(heating())
        kept.settle()
        kept.remove("heating.md")

    assert len(list((tmp_path / "index").glob("*.faiss"))) <= 2


def test_a_snapshot_that_a_kill_left_unfinished_is_swept_away(tmp_path: Path) -> None:
    kept = library(tmp_path)
    (tmp_path / "index").mkdir()
    dead, alive = (tmp_path / "index" / f".bag-99.faiss.{process}" for process in (4_194_305, os.getpid()))
    dead.touch()
    alive.touch()

    kept.add(heating())
    kept.settle()

    assert not dead.exists()
    assert alive.exists()


_ADDING = """
import sys
from pathlib import Path
from edge_assistant.knowledge.documents import plain
from tests.bag_of_words import library

kept = library(Path(sys.argv[1]))
for number in range(100_000):
    kept.add(plain(f"{number}.txt", f"Pump {number} is red. " * 30, "en"))
    if number % 5 == 4:
        kept.settle()
    print(number, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 23])
def test_a_kill_midway_loses_no_acknowledged_document_and_leaves_no_half_one(tmp_path: Path, acknowledged: int) -> None:
    with subprocess.Popen([sys.executable, "-c", _ADDING, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        heard = [int(child.stdout.readline()) for _ in range(acknowledged)]
        child.kill()
        heard += [int(line) for line in child.stdout.read().split()]

    again = library(tmp_path)

    entries = again.documents()
    rows = again.store.database.row(
        "SELECT (SELECT count(*) FROM chunks) AS chunks, (SELECT count(*) FROM search) AS words, "
        "(SELECT count(*) FROM embeddings) AS vectors"
    )
    assert {f"{number}.txt" for number in heard} <= {entry.source for entry in entries}
    assert rows is not None
    assert rows["chunks"] == rows["words"] == rows["vectors"] == sum(entry.passages for entry in entries)
    assert again.rebuild() == rows["chunks"]
    assert again.verify() == []


def test_two_programs_may_write_at_once(tmp_path: Path) -> None:
    first, second = library(tmp_path), library(tmp_path)
    first.add(heating())
    first.find("the pump", 1, "en")
    second.add(plain("lamp.txt", "The lamp is green.", "en"))
    first.settle()
    second.settle()

    again = library(tmp_path)

    assert again.find("green lamp", 1, "en")[0].cosine is not None
    assert again.find("red button", 1, "en")[0].cosine is not None
    assert again.verify() == []


def test_the_language_of_a_passage_is_told_without_reading_it(store: Store) -> None:
    plan = store.database.rows(
        "EXPLAIN QUERY PLAN SELECT c.id FROM chunks c WHERE c.id IN (1, 2) AND c.language = 'en'"
    )

    assert "COVERING INDEX chunks_of_language (language=? AND rowid=?)" in plan[0]["detail"]


@pytest.mark.parametrize("few", [0, 1, 100])
def test_passages_in_other_languages_do_not_pass_be_they_few_or_many(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("edge_assistant.knowledge.selection._FEW", few)
    assert store.passing([1, 2], language="en") == {1, 2}

    for name in ("a.txt", "b.txt"):
        pump = plain(name, "水泵是红色的。", "zh")
        store.replace(pump, chunks(pump), None, None)

    assert store.passing([1, 4, 5], language="en") == {1}
    assert store.passing([1, 4, 5], language="zh") == {4, 5}


def test_a_home_of_an_earlier_version_keeps_its_documents(tmp_path: Path) -> None:
    earlier = Database(tmp_path / "assistant.db")
    earlier.grow("knowledge", STEPS[:3])
    with earlier.transaction() as connection:
        connection.execute(
            "INSERT INTO documents(collection, source, origin, title, language, sha256, share, added) "
            "VALUES ('main', 'pump.txt', '', 'Pump', 'en', '', 'never', 0)"
        )
        connection.execute(
            "INSERT INTO chunks(document_id, ordinal, title, text, place, language) "
            "VALUES (1, 0, 'Pump', 'The pump is red.', 'pump.txt', 'en')"
        )
    earlier.close()

    kept = Store(Database(tmp_path / "assistant.db"))

    assert [(entry.source, entry.passages) for entry in kept.entries()] == [("pump.txt", 1)]
    assert kept.passages([1])[1].dated is None
    columns = {row["name"] for row in kept.database.rows("PRAGMA table_info(documents)")}
    assert ("share" in columns) is (sqlite3.sqlite_version_info < (3, 35))
