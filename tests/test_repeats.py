"""A passage that stands in several documents is found once, and documents can be chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.repeats import alike
from edge_assistant.knowledge.selection import Selection
from tests.bag_of_words import library

RULES = (
    "Before you open the cover, switch the heating off and wait until the pump has come to rest. "
    "Hold the red button on the left side of the housing for 5 seconds until the lamp goes out, "
    "then lift the cover with both hands and put it down on a dry and level surface away from children."
)


@pytest.fixture
def kept(tmp_path: Path) -> Library:
    kept = library(tmp_path)
    kept.add(plain("small.md", RULES, "en", collection="manuals"))
    kept.add(plain("large.md", RULES.replace("from children", "from animals"), "en", collection="manuals"))
    kept.add(plain("other.txt", "The red button in the lift calls the porter.", "en", collection="house"))
    kept.settle()
    return kept


def test_a_passage_in_two_documents_is_found_once_with_both_sources(kept: Library) -> None:
    found = kept.search("open the cover with the red button", 5, "en")

    assert sorted(found[0].source.split(", ")) == ["large.md", "small.md"]
    assert [passage.source for passage in found[1:]] == ["other.txt"]


def test_however_often_a_passage_stands_somewhere_others_are_found_too(kept: Library) -> None:
    for number in range(20):
        kept.add(plain(f"copy-{number}.md", RULES, "en"))
    kept.add(plain("lamp.txt", "The red lamp is red.", "en"))

    found = kept.find("hold the red button", 3, "en")

    assert [one.stored.document for one in found[1:]] == ["other.txt", "lamp.txt"]
    assert len({found[0].stored.chunk.place, *found[0].stored.also}) == 22


def test_the_other_document_keeps_its_passage(kept: Library) -> None:
    kept.remove("small.md")

    assert kept.search("open the cover with the red button", 5, "en")[0].source == "large.md"


@pytest.mark.parametrize("other", ["for 8 seconds", "for 5 minutes and 3 seconds"])
def test_passages_that_differ_in_a_number_stay_two(other: str) -> None:
    long = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz") + ". " + RULES

    assert alike(long, long.replace("from children", "from animals"))
    assert not alike(long, long.replace("for 5 seconds", other))


@pytest.mark.parametrize("words_only", [False, True])
def test_only_the_documents_that_are_wanted_are_searched(kept: Library, tmp_path: Path, words_only: bool) -> None:
    searched = library(tmp_path, words_only=words_only)

    for wanted in (Selection(("house",)), Selection(source="*.txt"), Selection(("house",), "o*")):
        found = searched.find("red button", 5, "en", within=wanted)
        assert [one.stored.document for one in found] == ["other.txt"]
    assert searched.find("red button", 5, "en", within=Selection(("nothing",))) == []


def test_a_selection_of_many_documents_is_taken_from_the_index(kept: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_assistant.knowledge.nearness._COMPARED", 1)

    found = kept.find("red button", 5, "en", within=Selection(("manuals",)))

    assert {one.stored.collection for one in found} == {"manuals"}
    assert found[0].cosine is not None
