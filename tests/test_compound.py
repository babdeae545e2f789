"""A question that is two questions finds two answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.knowledge.compound import questions
from edge_assistant.knowledge.selection import Selection
from edge_assistant.knowledge.synonyms import Synonyms
from tests.bag_of_words import heating, library


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "how do I clean the filter and where is its lid?",
            ("how do I clean the filter", "where is the filter's lid"),
        ),
        ("Who built the pump, and when did it break?", ("Who built the pump", "when did the pump break")),
        ("怎么清洗滤网，滤网在哪里买？", ("怎么清洗滤网", "滤网在哪里买")),
    ],
)
def test_joined_questions_are_taken_apart(text: str, parts: tuple[str, ...]) -> None:
    assert questions(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "who built the pump and the tank?",
        "What did he say, and is it true",
        "the pump and the tank",
        "在奥地利，谁建了水泵？",
        "谁建了水泵，它在哪里？",
    ],
)
def test_one_question_stays_one(text: str) -> None:
    assert questions(text) == (text,)


def test_each_part_is_answered_from_its_own_passage(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(heating())

    answer = kept.answer("how do I reset the heating and in what year was the pump built?", "en")

    assert answer is not None
    assert "2. Hold the red button for five seconds." in answer.text
    assert "The pump was built in Graz in 1987." in answer.text
    assert len({one.stored.id for one in answer.sources}) == 2


def test_each_part_is_looked_for_only_in_the_documents_that_are_wanted(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(heating())
    boat = replace(heating(), source="boat.md", collection="boat")
    blocks = [replace(one, text=one.text.replace("red", "blue").replace("1987", "1999")) for one in boat.blocks]
    kept.add(replace(boat, blocks=tuple(blocks)))

    answer = kept.answer(
        "how do I reset the heating and in what year was the pump built?", "en", within=Selection(("boat",))
    )

    assert answer is not None
    assert "2. Hold the blue button for five seconds." in answer.text
    assert "The pump was built in Graz in 1999." in answer.text
    assert {one.stored.document for one in answer.sources} == {"boat.md"}


def test_a_question_is_asked_in_the_words_of_the_documents(tmp_path: Path) -> None:
    kept = library(tmp_path, synonyms=Synonyms.read("machine, apparatus, pump"))
    kept.add(heating())

    answer = kept.answer("In what year was the apparatus built?", "en")

    assert answer is not None
    assert answer.text == "The pump was built in Graz in 1987."
