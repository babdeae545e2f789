"""How heavy wants kilograms, and what weighs them speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.knowledge.documents import Block, Document
from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.measures import amounts, measured, speaks
from tests.bag_of_words import library


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How heavy is the pump?", "weight"),
        ("How much does the pump weigh?", "weight"),
        ("水泵多重？", "weight"),
        ("How tall is the mast?", "length"),
        ("桥有多长时间没有维修？", "duration"),
        ("桅杆多高？", "length"),
        ("How far is the well?", "length"),
        ("井有多远？", "length"),
        ("How hot does the oven get?", "temperature"),
        ("烤箱能有多热？", "temperature"),
        ("How fast is the lift?", "speed"),
        ("电梯多快？", "speed"),
        ("How much does a ticket cost?", "money"),
        ("票多少钱？", "money"),
        ("How old is the boiler?", "age"),
        ("How often is the filter cleaned?", "frequency"),
        ("滤网多久清洗一次？", "frequency"),
        ("What percentage of the water is lost?", "share"),
        ("镇上有几座桥？", "count 座"),
        ("How long is the cable?", "extent"),
    ],
)
def test_which_measure_a_question_asks_for(question: str, name: str) -> None:
    found = measured(question)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("question", ["Who built the pump?", "How many people live here?", "水泵是谁造的？"])
def test_other_questions_ask_for_no_measure(question: str) -> None:
    assert measured(question) is None


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("How heavy is the pump of 5 kg?", "The pump of 5 kg is new; the old one weighs 12 kg.", ["12 kg"]),
        ("水泵多重？", "水泵重40公斤，1987年制造。", ["40公斤"]),
        ("How long does the test take?", "The test of 3 valves takes about two hours.", ["two hours"]),
        ("How long does the test take?", "The test as such is dull.", []),
        ("How hot does it get?", "In 1987 it reached 85 °C.", ["85 °C"]),
        ("镇上有几座桥？", "镇上三座桥和两个井。", ["三座"]),
    ],
)
def test_only_a_number_of_the_right_units_is_an_amount(question: str, text: str, said: list[str]) -> None:
    measure = measured(question)

    assert measure is not None
    assert [text[start:end] for start, end in amounts(measure, question, text)] == said


def test_a_text_speaks_of_a_measure_by_a_word_or_by_a_unit() -> None:
    weight = measured("How heavy is it?")

    assert weight is not None
    assert speaks(weight, "It weighs little.")
    assert speaks(weight, "It has 12 kg.")
    assert not speaks(weight, "It has 12 litres.")


@pytest.mark.parametrize(
    ("language", "question", "text"),
    [("en", "How heavy is the pump?", "The pump weighs 12 kg."), ("zh", "水泵有多重？", "水泵共12公斤。")],
)
def test_what_weighs_says_how_heavy_it_is(language: str, question: str, text: str) -> None:
    asked = Question(question, language, {}, 10)

    assert asked.measuring
    assert asked.measuring <= asked.said(text)
    assert not asked.measuring <= asked.said("The pump is red." if language == "en" else "水泵是红的。")


def test_the_row_that_was_asked_for_is_the_answer(tmp_path: Path) -> None:
    kept = library(tmp_path)
    rows = "- Model: A; Weight: 9 kg; Power: 40 W\n- Model: B; Weight: 12 kg; Power: 60 W"
    kept.add(Document("pumps.md", "Pumps", "en", (Block("These are the pumps."), Block(rows, kind="table"))))

    answer = kept.answer("How heavy is model B?", "en")

    assert answer is not None
    assert answer.text == "Model B: Weight 12 kg; Power 60 W"
