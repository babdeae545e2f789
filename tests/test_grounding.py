"""A generated sentence is told only where a passage states it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from edge_assistant.knowledge.grounding import Grounds
from edge_assistant.knowledge.telling import Telling
from edge_assistant.types import Passage

ENGLISH = Passage(
    "Hold the red button for five seconds. The pump was made in 1987 in Graz by Miller and Sons and weighs 1,200 kg.",
    "heating.md#reset-the-heating",
    0.5,
)
CHINESE = Passage("重置暖气时按住红色按钮五秒。水泵于1987年在格拉茨制造。", "暖气.md", 0.4)
OTHER = Passage("The filter is not washable. Change it every spring.", "filter.md", 0.3)
PASSAGES = (ENGLISH, CHINESE, OTHER)


def grounds(question: str = "How do I reset the heating?") -> Grounds:
    return Grounds(question, PASSAGES)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("To reset the heating, hold the red button for 5 seconds.", 0),
        ("Hold the red button.", 0),
        ("The pump weighs 1200 kg.", 0),
        ("It was made by Miller and Sons.", 0),
        ("按住红色按钮5秒即可重置暖气。", 1),
        ("水泵是1987年制造的。", 1),
        ("The passage states that the red button must be held for five seconds.", 0),
        ("According to the passages, the pump was made in Graz.", 0),
        ("根据资料，按住红色按钮五秒。", 1),
        ("The filter should not be washed, change it every spring.", 2),
    ],
)
def test_what_a_passage_states_is_found_there(sentence: str, passage: int) -> None:
    assert grounds().check(sentence).passage == passage


@pytest.mark.parametrize(
    "sentence",
    [
        "Hold the red button for ten seconds.",
        "The pump was made in 1988.",
        "The pump was made in Vienna by Miller and Sons.",
        "Unplug the boiler and call a plumber.",
        "按住红色按钮十秒。",
        "水泵在维也纳生产。",
        "请拔掉电源并联系维修人员。",
    ],
)
def test_another_number_another_name_and_other_words_are_not_stated(sentence: str) -> None:
    verdict = grounds().check(sentence)

    assert verdict.passage is None
    assert not verdict.silent


def test_a_denial_is_not_stated_where_the_passage_denies_nothing() -> None:
    assert Grounds("?", [ENGLISH]).check("Do not hold the red button.").passage is None
    assert Grounds("?", [OTHER]).check("The filter is not washable.").passage == 0


def test_a_name_from_the_question_that_stands_nowhere_takes_the_answer_down() -> None:
    asked = grounds("Where was the Zephyr turbine made?")

    assert asked.check("The Zephyr turbine was made in Graz.").passage is None
    assert asked.check("The pump was made in Graz.").passage == 0


def test_the_passage_that_is_cited_counts_first_if_it_states_the_sentence() -> None:
    twins = Grounds("?", [ENGLISH, ENGLISH, OTHER])

    assert twins.check("Hold the red button [2].").passage == 1
    assert twins.check("Hold the red button [3].").passage == 0
    assert twins.check("Hold the red button [9].").text == "Hold the red button."


@pytest.mark.parametrize(
    "sentence",
    [
        "The documents do not say.",
        "The passages don't mention how to do that.",
        "This is not mentioned in the passages.",
        "There is no information about it.",
        "None of the passages answer the question.",
        "这些资料都没有回答这个问题。",
        "文档里没有说明。",
        "资料中没有提到这一点。",
        "根据资料无法确定。",
    ],
)
def test_that_the_documents_do_not_say_is_understood(sentence: str) -> None:
    assert grounds().check(sentence).silent


@pytest.mark.parametrize("sentence", ["资料显示滤网不可水洗。", "The text on the display is not green."])
def test_a_plain_denial_is_an_answer(sentence: str) -> None:
    assert not grounds().check(sentence).silent


async def by_letters(text: str) -> AsyncGenerator[str]:
    for letter in text:
        yield letter


async def told(text: str, *, cite: bool = False) -> tuple[str, list[Passage], str]:
    telling = Telling(grounds(), cite=cite)
    pieces = [piece async for piece in telling.pieces(by_letters(text))]
    words = "".join(piece for piece in pieces if isinstance(piece, str))
    return words, [piece for piece in pieces if isinstance(piece, Passage)], telling.reason


async def test_sentences_that_no_passage_states_are_left_out() -> None:
    words, sources, _ = await told("Hold the red button. Then sing a song. Change the filter every spring.")

    assert words == "Hold the red button. Change the filter every spring."
    assert sources == [ENGLISH, OTHER]


async def test_marks_are_counted_anew_in_the_order_of_the_sources() -> None:
    words, sources, _ = await told(
        "Change it every spring. [3] Hold the red button [1].\n按住红色按钮五秒。[2]", cite=True
    )

    assert words == "Change it every spring. [1] Hold the red button. [2]\n按住红色按钮五秒。 [3]"
    assert sources == [OTHER, ENGLISH, CHINESE]


async def test_an_opening_is_told_with_what_it_opens() -> None:
    words, _, _ = await told("Yes. Follow these steps:\n1. Hold the red button.\n2. Change the filter.\nGood luck!")

    assert words == "Yes. Follow these steps:\n1. Hold the red button.\n2. Change the filter."


async def test_an_opening_goes_with_what_it_opens() -> None:
    words, sources, reason = await told("Certainly! Here you go:\nUnplug the boiler.")

    assert (words, sources) == ("", [])
    assert reason == "none of its 1 sentences stands in the passages"


async def test_a_model_that_goes_astray_is_stopped() -> None:
    heard: list[str] = []

    async def rambling() -> AsyncGenerator[str]:
        for number in range(100):
            heard.append(f"Cheese number {number} is blue. ")
            yield heard[-1]

    pieces = [piece async for piece in Telling(grounds(), cite=False).pieces(rambling())]

    assert pieces == []
    assert len(heard) < 6


async def test_a_model_that_finds_nothing_is_stopped_and_what_it_said_before_stays() -> None:
    words, _, _ = await told("Hold the red button. The documents do not say more about it. The pump was made in Graz.")

    assert words == "Hold the red button."


async def test_while_a_sentence_is_unfinished_there_are_signs_of_life_but_not_before_the_first() -> None:
    telling = Telling(grounds(), cite=False)

    pieces = [piece async for piece in telling.pieces(by_letters("Hold the red button. The pump"))]

    assert pieces[0] == "Hold the red button."
    assert pieces[1] == ENGLISH
    assert "" in pieces


def test_what_only_says_again_what_was_asked_is_no_answer() -> None:
    assert grounds("Who made the pump in Graz?").check("The pump was made in Graz.").passage is None
    assert grounds("Was the pump made in Graz?").check("Yes, the pump was made in Graz.").passage == 0
