"""What a model's answer from passages is worth: features, and the tables that shipped."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from edge_assistant.calibration import Table
from edge_assistant.knowledge.answered import fit, promise
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.confidence import Confidence, likelihood, size
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Passage

QUESTION = "When was the pump in the cellar made?"
PASSAGES = (
    Passage(
        "The pump in the cellar was made in Graz in 1987. It weighs 40 kilograms.",
        "pump.md",
        0.9,
        quotation="The pump in the cellar was made in Graz in 1987.",
        right=0.7,
    ),
)


def described(billions: float) -> ModelFile:
    return ModelFile(name="tiny", file="tiny.gguf", size=1, sha256="0" * 64, billions=billions)


def spoken(*likelihoods: float, ended: str = "stop") -> Spoken:
    return Spoken(100, 0, len(likelihoods), ended, 1.0, 1.0, likelihoods)


@pytest.mark.parametrize(
    ("billions", "like"), [(0.135, "tiny"), (0.49, "small"), (1.54, "large"), (14.0, "large"), (0.0, "small")]
)
def test_a_model_is_taken_for_the_measured_one_of_its_size(billions: float, like: str) -> None:
    assert size(described(billions)) == like


def test_an_answer_that_the_model_found_likely_and_that_says_what_would_be_quoted_is_believed_more() -> None:
    confidence, promised = Confidence(described(0.49)), promise(QUESTION, PASSAGES)
    good = {**promised, **fit(QUESTION, "In 1987.", PASSAGES)}
    bad = {**promised, **fit(QUESTION, "40 kilograms.", PASSAGES)}

    believed = confidence.after("en", good, spoken(-0.01, -0.02, -0.01))

    assert believed > confidence.after("en", good, spoken(-1.5, -2.5, -3.0)) + 0.02
    assert believed > confidence.after("en", bad, spoken(-0.01, -0.02, -0.01)) + 0.1


def test_passages_that_probably_answer_promise_more() -> None:
    confidence = Confidence(described(0.49))
    doubtful = (Passage(PASSAGES[0].text, "pump.md", 0.9, quotation=PASSAGES[0].quotation, right=0.2),)

    assert confidence.before("en", promise(QUESTION, PASSAGES)) > confidence.before("en", promise(QUESTION, doubtful))


def test_a_model_that_tells_no_likelihoods_is_weighed_without_them() -> None:
    features = {**promise(QUESTION, PASSAGES), **fit(QUESTION, "In 1987.", PASSAGES)}

    believed = Confidence(described(0.49)).after("en", features, None)

    assert 0.3 < believed < 0.95
    assert believed == Confidence(described(0.49)).after("en", features, spoken())


@pytest.mark.parametrize("language", ["en", "zh", "de"])
@pytest.mark.parametrize("billions", [0.135, 0.49, 1.54])
def test_every_size_and_language_has_a_table(billions: float, language: str) -> None:
    confidence = Confidence(described(billions))

    assert 0 < confidence.before(language, {}) < 1
    assert 0 < confidence.after(language, {}, spoken(-0.1)) < 1
    assert 0 < (confidence.remembered(language, {}, spoken(-0.1)) or 0) < 1


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("billions", [0.49, 1.54])
def test_a_fact_that_a_model_remembers_is_believed_as_far_as_it_finds_its_words_likely(
    billions: float, language: str
) -> None:
    confidence = Confidence(described(billions))
    sure, hesitant, lost = (
        confidence.remembered(language, {}, spoken(*tokens)) or 0.0
        for tokens in ((-0.3, -0.01, -0.01, -0.05), (-0.3, -0.01, -0.01, -2.5), (-0.3, -2.0, -3.0, -4.0))
    )

    assert sure > 0.5 > hesitant > lost


def test_nothing_is_known_of_a_fact_where_no_likelihoods_are_told() -> None:
    assert Confidence(described(0.49)).remembered("en", {}, None) is None


def test_the_likelihoods_are_summed_up_and_what_is_unlikely_is_only_that() -> None:
    heard = likelihood(spoken(-0.5, -100.0, ended="length"))

    assert heard == {
        "likely": -3.25,
        "least likely": -6.0,
        "first likely": -0.5,
        "all likely": -6.5,
        "cut": 1.0,
    }


@pytest.mark.parametrize(
    ("answer", "feature", "value"),
    [
        ("In 1987.", "quoted", 1.0),
        ("40 kilograms.", "quoted", 0.0),
        ("In 1987.", "holds", 1.0),
        ("In Graz.", "lacks", 1.0),
        ("The pump in the cellar was made.", "nothing new", 1.0),
        ("It weighs 40 kilograms.", "verbatim", 1.0),
        ("It weighs 41 kilograms.", "verbatim", 0.0),
    ],
)
def test_what_speaks_for_an_answer(answer: str, feature: str, value: float) -> None:
    assert fit(QUESTION, answer, PASSAGES)[feature] == value


@pytest.mark.parametrize(
    ("question", "feature", "value"),
    [
        (QUESTION, "covered", 1.0),
        ("Who sang on the moon?", "covered", 0.0),
        ("What did Ludwig weigh?", "name missing", 1.0),
        ("What weighs 40 kilograms?", "number missing", 0.0),
        ("What weighs 50 kilograms?", "number missing", 1.0),
        (QUESTION, "wants time", 1.0),
        ("地下室的水泵是哪年造的？", "wants time", 1.0),
    ],
)
def test_what_passages_promise(question: str, feature: str, value: float) -> None:
    assert promise(question, PASSAGES)[feature] == value


def test_tables_hold_numbers_and_their_origin_and_no_text() -> None:
    tables = [
        file for file in files("edge_assistant.models").joinpath("tables").iterdir() if file.name.endswith("json")
    ]

    assert tables
    for file in tables:
        kept = json.loads(file.read_text("utf-8"))
        assert set(kept) == {"intercept", "weights", "origin"}
        assert set(kept["origin"]) == {"questions", "model", "data", "date", "auroc"}
        assert Table.read(json.dumps(kept)).weights
