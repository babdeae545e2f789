from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.config import shipped
from edge_assistant.rules.packs import PACKS, Pack, read_pack
from edge_assistant.skills.books import Rulebooks
from tests.homes import House, books, sample_home

HOME_ASSISTANT = PACKS["home-assistant"]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Rulebooks:
    return Rulebooks((shipped("rules"),), tmp_path_factory.mktemp("cache"), ["home-assistant"])


def test_the_sentences_of_the_pack_are_understood_besides_our_own(both: Rulebooks) -> None:
    for language, said, intent in (
        ("en", "start mowing the lawn", "HassLawnMowerStartMowing"),
        ("en", "turn on the kitchen light", "HassTurnOn"),
        ("zh", "去割草", "HassLawnMowerStartMowing"),
        ("zh", "打开厨房灯", "HassTurnOn"),
    ):
        match = both(language).match(said, sample_home())

        assert match is not None
        assert match.intent == intent


def test_without_the_pack_only_our_own_sentences_are_understood() -> None:
    assert books()("en").match("start mowing the lawn", sample_home()) is None


def test_where_both_understand_a_sentence_alike_our_own_rule_is_chosen(both: Rulebooks) -> None:
    match = both("en").match("turn on the kitchen light", sample_home())

    assert match is not None
    assert match.source.startswith("devices.yaml:")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "who is batman"),
        ("en", "meet me in 5 hours"),
        ("en", "broadcast a video"),
        ("en", "play a game with me in the kitchen"),
        ("en", "add what you know about it to my list"),
        ("zh", "谁是诸葛亮"),
        ("zh", "5分钟后我们走"),
    ],
)
def test_what_an_open_slot_catches_must_be_of_its_kind(both: Rulebooks, language: str, said: str) -> None:
    assert both(language).match(said, sample_home(), "Kitchen") is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("start mowing the lawn", "intent HassLawnMowerStartMowing: no skill does this"),
    ],
)
async def test_what_no_skill_does_is_declined_with_the_reason(
    tmp_path: Path, both: Rulebooks, said: str, reason: str
) -> None:
    house = House(tmp_path, rules=both)

    heard = await house.hear(said)

    assert heard.startswith("declined: ")
    assert reason in heard
    assert house.store.all() == []
    house.close()


@pytest.mark.parametrize(("language", "said"), [("en", "are you always listening"), ("zh", "你是谁开发的")])
async def test_questions_of_the_pack_are_answered_in_our_words(
    tmp_path: Path, both: Rulebooks, language: str, said: str
) -> None:
    house = House(tmp_path, rules=both)

    heard = await house.hear(said, language)

    assert len(heard) > 15
    house.close()


def test_a_pack_that_is_not_installed_is_left_out() -> None:
    assert read_pack(replace(HOME_ASSISTANT, module="no_such_package_of_rules"), "en") is None


def stored(folder: Path, content: str) -> Pack:
    (folder / "odd_pack").mkdir()
    (folder / "odd_pack" / "__init__.py").write_text("")
    (folder / "odd_pack" / "en.json").write_text(content, encoding="utf-8")
    return replace(HOME_ASSISTANT, module="odd_pack", files={"en": "en.json"})


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"intents": {"A": {"data": [{"sentences": ["(a"]}]}}, "lists": {}}']
)
def test_a_broken_pack_stops_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))

    rules = read_pack(stored(tmp_path, content), "en")

    assert rules is not None
    assert rules.templates == ()
    assert "cannot be used" in rules.skipped[0]


def test_a_pack_is_kept_ready_until_its_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    small = {"intents": {"A": {"data": [{"sentences": ["ahoy"]}]}}, "lists": {}}
    pack = stored(tmp_path, json.dumps(small))
    first = read_pack(pack, "en", tmp_path / "cache")

    again = read_pack(pack, "en", tmp_path / "cache")

    assert first is not None
    assert again is not None
    assert first.templates[0].text == again.templates[0].text == "ahoy"
    assert (tmp_path / "cache" / "rules-en.home-assistant.json").exists()
