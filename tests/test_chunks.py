"""Documents are cut into passages that fit and make sense alone."""

from __future__ import annotations

from edge_assistant.knowledge.chunks import WINDOW, asks, chunks
from edge_assistant.knowledge.documents import Block, Card, Document, plain
from edge_assistant.knowledge.sentences import pieces, sentences
from edge_assistant.knowledge.units import units
from edge_assistant.knowledge.words import naming, size, terms, tokens
from tests.bag_of_words import heating


def test_a_passage_carries_the_headings_above_it() -> None:
    first, *_ = chunks(heating())

    assert first.title == "Heating › Reset the heating"
    assert first.place == "heating.md#reset-the-heating"
    assert first.embedded.startswith("Heating › Reset the heating\nTo reset")


def test_a_heading_that_asks_becomes_the_question_of_its_passage() -> None:
    last = chunks(heating())[-1]

    assert last.question == "How often do I bleed radiators?"
    assert last.embedded == last.question
    assert asks("路由器怎么重置？")
    assert not asks("Reset the router")


def test_a_card_is_a_passage_of_its_own() -> None:
    document = Document(
        "cards.csv", "Cards", "en", cards=(Card("Who are you?", "A helper."), Card("你是谁？", "助手。", "zh"))
    )

    first, second = chunks(document)

    assert (first.question, first.text, first.place) == ("Who are you?", "A helper.", "cards.csv#who-are-you")
    assert second.language == "zh"


def test_long_text_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {number} says a little about the weather." for number in range(100))

    cut = chunks(plain("weather.txt", text, "en"))

    assert len(cut) > 1
    assert all(size(chunk.text) <= WINDOW and chunk.text.endswith("weather.") for chunk in cut)
    assert " ".join(chunk.text for chunk in cut) == text


def test_steps_stay_whole_with_what_introduces_them() -> None:
    document = Document("a.md", "A", "en", (Block("Do this:"), Block("1. Open.\n2. Close.", kind="list")))

    (chunk,) = chunks(document)

    assert chunk.text == "Do this:\n\n1. Open.\n2. Close."
    assert [unit.text for unit in units(chunk.text)] == ["Do this:\n1. Open.\n2. Close."]


def test_one_endless_word_is_cut() -> None:
    cut = chunks(plain("endless.txt", "x" * 50_000, "en"))

    assert max(len(chunk.text) for chunk in cut) <= 60_000
    assert max(len(piece) for piece in pieces("x" * 50_000, 600)) <= 600


def test_sentences_end_where_they_end() -> None:
    english = sentences("Dr. Smith met J. R. Brown at 3 p.m. on Main St. in Bonn. It cost $3.50! Did it? Yes.")
    chinese = sentences("他说：“你好。”然后走了。路由器坏了！怎么办？")

    assert english[-3:] == ["It cost $3.50!", "Did it?", "Yes."]
    assert chinese == ["他说：“你好。”", "然后走了。", "路由器坏了！", "怎么办？"]


def test_words_are_stemmed_and_ideographs_paired() -> None:
    assert tokens("The router's connections, RESETTING") == ["the", "router", "connect", "reset"]
    assert tokens("重置WiFi路由器2.4G") == ["重置", "wifi", "路由", "由器", "2", "4g"]
    assert terms("How do I reset it?") == ("reset",)
    assert naming("怎么重置？") == ("重置",)


def test_at_most_32_words_are_looked_for() -> None:
    assert len(terms(" ".join(f"word{number}" for number in range(10_000)))) == 32


def test_a_gap_longer_than_a_piece_leaves_no_empty_piece() -> None:
    assert pieces("one" + " " * 50 + "two", 8) == ["one", "two"]
