"""A question costs little however many passages hold its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.errors import StorageError
from edge_assistant.knowledge import full_text
from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.store import Store
from edge_assistant.storage.database import Database


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A library in which everybody speaks of pumps, and that is taken for a large one."""
    for name, value in (("_LARGE", 100), ("_COMMON", 20), ("_VISITED", 50)):
        monkeypatch.setattr(full_text, name, value)
    store = Store(Database(tmp_path / "assistant.db"))
    texts = [f"pump pressure {'valve' if number % 3 else 'lamp'} number{number}" for number in range(300)]
    texts[250] = "pump pressure sensor"
    cut = [Chunk(text, "", "manual.md", "en") for text in texts]
    store.replace(Document("manual.md", "", "en", sha256="1"), cut, None, None)
    store.words.count()
    return store


def test_rare_words_choose_the_passages_and_common_words_still_weigh(crowded: Store) -> None:
    assert list(crowded.matching(["pump", "pressur", "sensor"], 10)) == [251]
    assert list(crowded.matching(["valv", "number7"], 10)) == [8]


def test_words_that_are_everywhere_find_something_all_the_same(crowded: Store) -> None:
    assert len(crowded.matching(["pump"], 10)) == 10
    assert len(crowded.matching(["pump", "pressur"], 10)) == 10


def test_common_words_are_counted_as_often_as_the_library_has_grown(crowded: Store) -> None:
    frequencies, total = crowded.frequencies(["pump", "sensor", "nothing"])
    assert (frequencies, total) == ({"pump": 300, "sensor": 1}, 300)

    crowded.replace(Document("a.md", "", "en", sha256="2"), [Chunk("pump", "", "a.md", "en")] * 100, None, None)
    crowded.words.count()

    assert crowded.frequencies(["pump"]) == ({"pump": 400}, 400)


def test_ten_thousand_words_are_no_slower_than_thirty_two(crowded: Store) -> None:
    assert crowded.matching([f"number{number}" for number in range(10_000)], 500).keys() == set(range(1, 33))


def test_words_that_take_too_long_are_left_out(crowded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_text, "_SECONDS", -1.0)
    monkeypatch.setattr("edge_assistant.storage.database._STEPS", 1)

    assert crowded.matching(["sensor"], 10) == {}

    monkeypatch.setattr(full_text, "_SECONDS", 60.0)
    assert list(crowded.matching(["sensor"], 10)) == [251]


def test_a_query_without_an_end_is_ended_and_others_go_on(crowded: Store) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"

    assert crowded.database.rows_within(0.01, endless) is None
    assert crowded.database.rows("SELECT 1")[0][0] == 1
    with pytest.raises(StorageError, match="syntax"):
        crowded.database.rows_within(60.0, "SELECT nonsense nonsense nonsense")
