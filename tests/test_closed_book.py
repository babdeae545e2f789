"""Questions that a model answers out of its own memory."""

from __future__ import annotations

import pytest

from edge_assistant.knowledge.closed_book import finished, is_fact, is_own, knows_nothing


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("Who discovered Uranus?", True),
        ("What do you call a group of lions?", True),
        ("When did World War I end?", True),
        ("天王星是谁发现的？", True),
        ("Who are you?", False),
        ("What should I eat tonight?", False),
        ("Please tell me who discovered Uranus.", True),
        ("Do you know where Lima is?", True),
        ("你知道天王星是谁发现的吗？", True),
        ("请告诉我智利的首都在哪里", True),
        ("请问你是谁？", False),
        ("Can you tell me who you are?", False),
        ("Could you help me?", False),
        ("What is osmosis?", False),
        ("What are black holes", False),
        ("What is the capital of Chile?", True),
        ("What is 12 times 12?", True),
        ("什么是渗透作用？", False),
        ("渗透作用是什么？", False),
        ("智利的首都是什么？", True),
        ("你叫什么名字？", False),
        ("Why is the sky blue?", False),
        ("天空为什么是蓝的？", False),
        ("Write a poem.", False),
        ("I am tired.", False),
    ],
)
def test_a_fact_is_a_thing_of_the_world_with_a_short_answer(question: str, fact: bool) -> None:
    assert is_fact(question) is fact


@pytest.mark.parametrize(
    ("question", "own"),
    [
        ("When did my sister move out?", True),
        ("Where did I put the keys?", True),
        ("Do you know when my sister moved out?", True),
        ("你知道我的护照号是多少吗？", True),
        ("我的护照号是多少？", True),
        ("Where should I go in May?", False),
        ("How old are you?", False),
        ("What is my horoscope good for?", False),
        ("我该睡几个小时？", False),
        ("When did Rome fall?", False),
    ],
)
def test_what_only_the_user_can_know_is_told_from_what_the_world_knows(question: str, own: bool) -> None:
    assert is_own(question) is own


@pytest.mark.parametrize(
    ("answer", "nothing"),
    [
        ("I don't know.", True),
        ("I'm sorry, but I cannot tell.", True),
        ("As an AI, I have no such data.", True),
        ("抱歉，我无法回答。", True),
        ("  ", True),
        ("It was William Herschel.", False),
        ("是威廉·赫歇尔。", False),
    ],
)
def test_an_answer_that_says_it_is_none_is_none(answer: str, nothing: bool) -> None:
    assert knows_nothing(answer) is nothing


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("It was Ada. She was bor", "It was Ada."),
        ("是艾达。她生于", "是艾达。"),
        ("It was Dr. Herschel of", "It was Dr. Herschel of"),
    ],
)
def test_an_answer_that_was_cut_off_keeps_its_whole_sentences(answer: str, kept: str) -> None:
    assert finished(answer) == kept
