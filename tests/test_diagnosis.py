"""A search explains itself: which stage found or lost a passage, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.knowledge.diagnosis import Diagnosis, Limits, Note, diagnose
from edge_assistant.knowledge.diagnosis_wording import _SAID, line, sentence
from edge_assistant.knowledge.documents import Block, Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.selection import Selection
from edge_assistant.knowledge.synonyms import Synonyms
from tests.bag_of_words import BagOfWords, heating, library

LIMITS = Limits(quoted=0.6, handed_on=0.15, passages=3)
CHINESE = Document("暖气.md", "暖气", "zh", (Block("重置暖气时按住红色按钮五秒。", ("怎么重置暖气？",)),))


def garden() -> Document:
    blocks = tuple(Block(f"The hedge number {number} is cut in spring.", (f"Hedge {number}",)) for number in range(4))
    return Document("garden.md", "Garden", "en", blocks)


@pytest.fixture
def kept(tmp_path: Path) -> Library:
    filled = library(tmp_path)
    for document in (heating(), CHINESE, garden()):
        filled.add(document)
    filled.settle()
    return filled


def found(kept: Library, text: str, expect: str | None = None, language: str = "en") -> Diagnosis:
    return diagnose(kept, text, language, LIMITS, expect)


def keys(diagnosis: Diagnosis) -> set[str]:
    return {note.key for note in diagnosis.notes}


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    diagnosis = found(library(tmp_path), "how do I reset the heating?")

    assert next(sentence(note, "en") for note in diagnosis.notes).endswith("edge-assistant kb add PATH")


def test_what_is_quoted_shows_its_place_at_every_stage(kept: Library) -> None:
    diagnosis = found(kept, "how do I reset the heating?")

    best = diagnosis.standings[0]
    assert (best.place, best.words, best.fused, best.sentences) == ("heating.md#reset-the-heating", 1, 1, 1)
    assert keys(diagnosis) == {"quoted"}
    assert "words 1 (bm25" in line(best, "en")


def test_words_that_stand_nowhere_are_named_as_they_were_typed(kept: Library) -> None:
    notes = found(kept, "how do I repaint the heating?").notes

    assert Note("words", "words unknown", ("repaint",)) in notes
    assert "no word known" in keys(found(kept, "repaint carpets?"))
    assert Note("words", "no word known", ("清洗窗帘",)) in found(kept, "怎么清洗窗帘", language="zh").notes
    assert Note("words", "words unknown", ("窗帘",)) in found(kept, "按钮窗帘", language="zh").notes
    assert "words unknown" not in keys(found(kept, "按钮应该重置吗", language="zh"))


def test_an_answer_below_the_threshold_names_it(kept: Library) -> None:
    strict = diagnose(kept, "how do I reset the heating?", "en", Limits(0.999, 0.15, 3))
    hopeless = diagnose(kept, "how do I reset the heating?", "en", Limits(0.9999, 0.999, 3))

    assert "knowledge.threshold is 1.00" in sentence(strict.notes[-1], "en")
    assert "The documents do not say" in sentence(hopeless.notes[-1], "en")


def test_a_search_by_words_alone_says_why(tmp_path: Path, kept: Library) -> None:
    broken = library(tmp_path / "other", BagOfWords(breaks=True))
    broken.add(heating())

    assert Note("meaning", "words only", ("the embedder is broken",)) in found(broken, "reset the heating").notes
    assert Note("meaning", "language not read", ("zh",)) in found(kept, "怎么重置暖气", language="zh").notes


def test_an_order_is_told_from_a_question(kept: Library) -> None:
    assert "an order" in keys(found(kept, "turn on the heating"))


def test_the_expected_document_is_the_answer(kept: Library) -> None:
    assert "is the answer" in keys(found(kept, "how do I reset the heating?", "heating.md"))


def test_an_expected_document_that_ended_lower_says_what_it_lacks(kept: Library) -> None:
    diagnosis = found(kept, "how do I reset the heating in spring?", "garden.md")

    assert diagnosis.expected is not None
    assert diagnosis.expected.document == "garden.md"
    assert {"handed on", "too far down"} & keys(diagnosis)
    assert any(note.key == "does not say" and "reset" in str(note.values[1]) for note in diagnosis.notes)


def test_an_expected_document_in_another_language_says_how_to_look_there(kept: Library) -> None:
    notes = found(kept, "how do I reset the heating?", "暖气.md").notes

    assert "look there with --language zh" in sentence(notes[-1], "en")
    assert "用 --language zh 指定语言" in sentence(notes[-1], "zh")


def test_an_embedder_of_both_languages_is_not_told_to_be_replaced(tmp_path: Path) -> None:
    embedder = BagOfWords()
    embedder.languages = ("en", "zh")
    both = library(tmp_path, embedder)
    for number in range(60):
        both.add(Document(f"{number}.md", "Hedge", "en", (Block(f"The hedge number {number} is reset in spring."),)))
    both.add(CHINESE)

    assert "other language" not in keys(found(both, "how do I reset the hedge?", "暖气.md"))
    assert "language not read" not in keys(found(both, "窗帘", language="zh"))


def test_a_question_in_other_words_says_what_was_looked_for(tmp_path: Path) -> None:
    reworded = library(tmp_path, synonyms=Synonyms.read("furnace, heating"))
    reworded.add(heating())

    notes = found(reworded, "how do I reset the furnace?").notes

    assert Note("words", "reworded", ("how do I reset the heating?",)) in notes
    assert "words unknown" not in {note.key for note in notes}


def test_the_probability_is_that_of_the_answer(kept: Library) -> None:
    text = "how do I reset the hedge number 2 in spring?"
    finding, notes = kept.answer(text, "en"), found(kept, text).notes

    assert finding is not None
    assert any(note.stage == "threshold" and note.values[1] == finding.confidence for note in notes)


def test_an_expected_document_without_a_common_word_is_lost(tmp_path: Path) -> None:
    words_only = library(tmp_path, words_only=True)
    words_only.add(heating())
    words_only.add(garden())

    notes = found(words_only, "how do I reset the heating?", "garden.md").notes

    assert Note("expected", "shares no word", ("garden.md",)) in notes


def test_a_document_that_was_left_out_by_a_filter_says_so(kept: Library) -> None:
    limits = Limits(quoted=0.6, handed_on=0.15, passages=3)

    found = diagnose(kept, "When was the pump built?", "en", limits, "heating.md", within=Selection(("boat",)))

    assert found.notes[-1] == Note("expected", "not searched", ("heating.md", "main"))
    assert "is in the collection main" in sentence(found.notes[-1], "en")


def test_a_document_that_was_never_added_or_cannot_be_says_so(kept: Library) -> None:
    unknown = found(kept, "reset?", "heatin.md").notes[-1]
    refused = diagnose(kept, "reset?", "en", LIMITS, "scan.pdf", lambda source: f"{source}: no text").notes[-1]

    assert sentence(unknown, "en").endswith("edge-assistant kb add heatin.md Did you mean heating.md?")
    assert sentence(refused, "en") == "scan.pdf is not in the knowledge base, and cannot be: scan.pdf: no text."


def test_everything_can_be_said_in_both_languages() -> None:
    assert _SAID["en"].keys() == _SAID["zh"].keys()
    for key in _SAID["en"]:
        values = ("heating.md", 0.5, 0.6, 3, 2) if key in ("quoted", "not sure", "hopeless") else ("a", "b", "c", 4, 5)
        assert sentence(Note("order", key, values), "en") != sentence(Note("order", key, values), "zh")
