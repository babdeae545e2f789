"""Every sentence of the twin tests means what they claim, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.languages import LANGUAGES
from edge_assistant.operations.twins import complaint, read_twins
from edge_assistant.rules.rulebook import acts
from edge_assistant.skills.books import Rulebooks

TWINS = Path(__file__).parent / "rules"


@pytest.fixture(scope="module")
def books() -> Rulebooks:
    return Rulebooks((shipped("rules"),))


@pytest.fixture(scope="module")
def home() -> Home:
    return Home.read(shipped("rules") / "home.yaml")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_means_what_its_twin_claims(language: str, books: Rulebooks, home: Home) -> None:
    twins = read_twins(TWINS / language)

    complaints = [said for twin in twins if (said := complaint(twin, books(language), home))]

    assert complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_file_has_a_twin_in_both_languages(language: str) -> None:
    rules = {path.name for path in (shipped("rules") / language).glob("[!_]*.yaml")}

    twins = {path.name for path in (TWINS / language).glob("*.yaml")}

    assert rules == twins
    assert rules == {path.name for path in (shipped("rules") / "en").glob("[!_]*.yaml")}


def test_both_languages_know_the_same_intents_and_answers(books: Rulebooks) -> None:
    english, chinese = books("en").rules, books("zh").rules

    intents = {template.intent for template in english.templates}

    assert intents == {template.intent for template in chinese.templates}
    assert {intent: set(said) for intent, said in english.responses.items()} == {
        intent: set(said) for intent, said in chinese.responses.items() if intent != "Colour"
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_must_not_act_does_not_act_however_it_is_framed(language: str, books: Rulebooks, home: Home) -> None:
    twins = [twin for twin in read_twins(TWINS / language) if twin.intent is None]
    frames = {"en": ("please {}",), "zh": ("请{}吧",)}[language]

    acted = [
        said
        for twin in twins
        for said in (frame.format(twin.text.rstrip("?？")) for frame in frames)
        if not twin.text.endswith(("?", "？"))
        and any(acts(match.intent) for match in books(language).matches(said, home))
    ]

    assert acted == []
    assert len(twins) >= 100
