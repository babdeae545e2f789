"""What a model is shown of a passage."""

from __future__ import annotations

from edge_assistant.knowledge.excerpts import excerpt
from edge_assistant.types import Passage

TEXT = (
    "The house has two floors. The cellar is dry. The pump stands there. It was made in Graz in 1987. "
    "The garden is wide. Apples grow in it. Bees live behind the hedge."
)


def test_a_short_passage_is_shown_whole() -> None:
    assert excerpt("Where is the pump?", Passage(TEXT, "house.md", 1.0), 100) == TEXT


def test_the_sentences_around_the_words_of_the_question_are_shown() -> None:
    shown = excerpt("When was the pump made?", Passage(TEXT, "house.md", 1.0), 12)

    assert shown == "The pump stands there. It was made in Graz in 1987."


def test_the_quotation_is_always_shown() -> None:
    quoted = Passage(TEXT, "house.md", 1.0, quotation="Bees live behind the hedge.", right=0.5)

    assert excerpt("When was the pump made?", quoted, 9).endswith("Bees live behind the hedge.")


def test_a_shortened_quotation_is_found_too() -> None:
    quoted = Passage(TEXT, "house.md", 1.0, quotation="… in Graz in 1987. …", right=0.5)

    assert "Graz" in excerpt("Where do bees live?", quoted, 9)


def test_a_sentence_that_is_too_long_stays_whole() -> None:
    assert excerpt("pump", Passage("One two three four five. Six.", "a.md", 1.0), 3) in (
        "One two three four five.",
        "Six.",
    )


def test_chinese_is_cut_at_its_own_full_stops() -> None:
    passage = Passage("房子有两层。地下室很干燥。水泵在那里。它于1987年制造。花园很大。", "房子.md", 1.0)

    assert excerpt("水泵是什么时候制造的？", passage, 14) == "水泵在那里。它于1987年制造。"


def test_text_without_any_sentence_is_shown_as_it_is() -> None:
    assert excerpt("pump", Passage("\n\n", "a.md", 1.0), 0) == "\n\n"
