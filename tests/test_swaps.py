"""A sentence that says the question with another word in its place does not answer it."""

from __future__ import annotations

from edge_assistant.knowledge.swaps import swaps
from edge_assistant.knowledge.traits import denies, reversed_by, traits
from edge_assistant.knowledge.words import naming


def _swaps(question: str, sentence: str) -> dict[str, float]:
    return swaps(question, naming(question), traits(question).head, sentence, lambda term: 1.0)


def test_a_word_that_another_one_replaces_between_the_same_two_is_swapped() -> None:
    found = _swaps("Who sold the old green pump to Miller?", "Smith sold the old blue pump to Miller.")

    assert found["swapped"] == 1
    assert found["swapped before"] == 1
    assert found["swapped after"] == 1


def test_a_sentence_that_says_every_word_swaps_none() -> None:
    found = _swaps("Who sold the green pump?", "Smith sold the green pump.")

    assert set(found.values()) == {0.0}


def test_what_is_asked_for_may_be_said_with_another_word() -> None:
    assert _swaps("What color pump did Smith sell?", "Smith sold a blue pump.")["swapped before"] == 0
    assert _swaps("Did Smith sell a green pump?", "Smith sold a blue pump.")["swapped before"] == 1


def test_a_word_that_is_left_out_between_two_others_is_dropped() -> None:
    assert _swaps("Who fills the second water tank?", "Miller fills the water tank.")["dropped"] == 1


def test_numbers_in_words_and_figures_are_counted_alike() -> None:
    assert _swaps("Which of the three pumps hums?", "Of the 3 pumps, the last hums.")["counted otherwise"] == 0
    assert _swaps("Which of the three pumps hums?", "Of the two pumps, the last hums.")["counted otherwise"] == 1


def test_unspaced_text_swaps_nothing_that_can_be_seen() -> None:
    assert _swaps("谁卖了绿色的水泵？", "史密斯卖了蓝色的水泵。")["swapped"] == 0


def test_a_prefix_that_turns_a_word_round_says_the_opposite() -> None:
    assert reversed_by("Which valves are irrelevant here?", "These valves are relevant here.")
    assert reversed_by("Which valves are connected?", "These valves are disconnected.")
    assert not reversed_by("Which valves are relevant?", "These valves are relevant.")
    assert denies("Which non-metal valves are there?")
