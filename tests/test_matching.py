"""What is let through to hassil is all that hassil needs: the results are those of all templates and all names."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from bench.sentences import drawn, full_lists, plain
from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.languages import LANGUAGES
from edge_assistant.rules import slot_checks
from edge_assistant.rules.draft import Rules
from edge_assistant.rules.files import read_rules
from edge_assistant.rules.matching import HomeNames, Templates
from edge_assistant.rules.packs import PACKS, read_pack
from edge_assistant.rules.word_index import squeezed
from edge_assistant.skills import CHECKS
from tests.homes import sample_home

EVERY = 12
"""One template of so many is tried; the rest of them in other runs of the seed."""


def rules_of(language: str, pack: str) -> Rules:
    if pack == "own":
        return read_rules(language, [shipped("rules")], {**slot_checks.CHECKS, **CHECKS})
    found = read_pack(PACKS[pack], language)
    assert found is not None
    return found


def outcome(results: Iterator[Any]) -> set[tuple[str, ...]]:
    return {
        (
            result.intent.name,
            str(sorted((name, str(entity.value)) for name, entity in result.entities.items())),
            str(result.response),
            result.intent_metadata["source"],
            result.intent_metadata["text"],
            str(result.text_chunks_matched),
        )
        for result in results
    }


def bent(text: str, random: Random) -> str:
    """Return a text as people also write it: other case, hyphens, punctuation, a word too many or too few."""
    words = text.split(" ")
    ways = (
        text,
        text.upper(),
        text.replace(" ", "-", 1),
        text + "!",
        text.replace(" ", "  "),
        " ".join(words[: len(words) // 2] + words[len(words) // 2 + 1 :]),
        f"{text} {random.choice(words)}",
        text[1:],
    )
    return random.choice(ways) if random.random() < 0.5 else text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("pack", ["own", *PACKS])
def test_results_are_those_of_hassil_with_every_template(language: str, pack: str) -> None:
    from hassil.recognize import recognize_all

    rules, home, random = rules_of(language, pack), sample_home(), Random(5)
    intents = plain(rules, full_lists(home, language))
    templates, names = Templates(rules), HomeNames(home, language)
    texts = [template.text for template in rules.templates][random.randrange(EVERY) :: EVERY]

    different = []
    for said in drawn(intents, random, texts):
        text = bent(said, random)
        context = random.choice(({}, {"area": "Kitchen"}))
        found = names.within(squeezed(text))
        plain_ones, open_ones = templates.candidates(squeezed(text), found)
        ours = outcome(templates.results(text, [*plain_ones, *open_ones], names, found, context))
        theirs = outcome(iter(recognize_all(text, intents, intent_context=dict(context), language=language)))
        if ours != theirs:
            different.append((text, ours ^ theirs))

    assert different == []
    assert len(texts) > 30


@pytest.mark.parametrize(
    ("template", "text", "fits"),
    [
        ("turn on [the] light[s]", "Turn on the LIGHTS", True),
        ("turn on [the] light[s]", "turn on the lamp", False),
        ("set {name} to {0..100:level}", "set desk lamp to 22", True),
        ("(light;on) now", "on light now", True),
        ("(a;b;c;d;e) now", "e d c b a now", True),
        ("say {anything}", "say", True),
        ("say {anything} please", "say something kind please", True),
        ("say {anything} please", "say something kind", False),
    ],
)
def test_the_sieve_lets_through_what_may_fit(template: str, text: str, fits: bool) -> None:
    rules = Rules(
        "en",
        (rule("Test", template),),
        lists={"anything": {"wildcard": True}},
        wildcards={"anything": "label"},
    ).prepared()
    names = HomeNames(Home.from_mapping({"entities": [{"name": "Desk Lamp", "domain": "light"}]}), "en")

    found = Templates(rules).candidates(squeezed(text), names.within(squeezed(text)))

    assert any(found) == fits


def rule(intent: str, text: str) -> Any:
    from edge_assistant.rules.draft import Template

    return Template(intent, text, "test.yaml:1")
