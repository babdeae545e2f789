"""What does not belong together is noticed, said with a way out, and mended."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import heating, library


@pytest.fixture
def kept(tmp_path: Path) -> Library:
    kept = library(tmp_path)
    kept.add(heating())
    kept.add(plain("lamp.txt", "The lamp is green.\n\nIt hangs in the hall.", "en"))
    kept.settle()
    return kept


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM search WHERE rowid = 2", "1 passages without words"),
        ("INSERT INTO search(rowid, title, body) VALUES (99, 'a', 'b')", "1 words without a passage"),
        ("DELETE FROM chunks WHERE id = 2", "1 vectors without a passage"),
        ("DELETE FROM documents WHERE source = 'lamp.txt'", "1 passages without a document"),
        ("UPDATE search_content SET c1 = 'other words' WHERE id = 1", "the words are not those of the passages"),
    ],
)
def test_what_belongs_to_nothing_is_said_and_mended(kept: Library, damage: str, said: str) -> None:
    assert kept.verify() == []
    kept.store.database.connection.execute("PRAGMA foreign_keys = OFF")
    kept.store.database.connection.execute(damage)

    assert any(said in fault and "kb verify --repair" in fault for fault in kept.verify())
    kept.repair()

    assert kept.verify() == []
    assert kept.find("the red pump", 1, "en")


def test_an_index_that_lacks_passages_is_said_and_made_again(kept: Library) -> None:
    index = kept.meanings.index
    assert index is not None
    index.remove(numpy.array([1, 2]))

    assert "differ in 2 passages" in kept.verify()[0]
    assert kept.rebuild() == 4
    assert kept.verify() == []


def test_an_index_that_finds_the_wrong_neighbours_is_said(kept: Library) -> None:
    for number in range(60):
        kept.add(plain(f"{number}.txt", f"Pump {number} stands in cellar {number * 7}.", "en"))
    kept.settle()
    index = kept.meanings.index
    assert index is not None
    ids, vectors = kept.store.vectors.of(kept.stamp, kept.indexed())
    index.remove(ids)
    index.add(ids, vectors[:, ::-1].copy())

    assert soundness.recall(kept.store, kept.stamp, index) < soundness.RECALL
    assert any("of the nearest passages; `kb rebuild`" in fault for fault in kept.verify())
