"""Words that people use for one another, from a file."""

from __future__ import annotations

import pytest

from edge_assistant.knowledge.synonyms import Synonyms, shipped


def test_a_file_of_synonyms_is_read_line_by_line() -> None:
    kept = Synonyms.read("# ours\nboiler, furnace, heating system\n\n阀门、龙头  # both\nalone\n")

    assert kept.plain("Is the Furnace on?") == "Is the boiler on?"
    assert kept.plain("龙头在哪里？") == "阀门在哪里？"


def test_a_question_is_put_in_the_words_that_are_said_most() -> None:
    kept = Synonyms.read("boiler, furnace, heating system")
    said = {"boiler": 1, "heat": 3, "system": 2}

    assert kept.as_said("Is the furnace on?", lambda token: said.get(token, 0)) == "Is the heating system on?"
    assert kept.as_said("Is the furnace on?", lambda token: 0) == "Is the furnace on?"


def test_words_are_replaced_whole() -> None:
    kept = Synonyms.read("tap, valve")

    assert kept.plain("The valves and the tapestry") == "The valves and the tapestry"


def test_nothing_to_replace_changes_nothing() -> None:
    assert Synonyms().plain("tap") == "tap"
    assert Synonyms().as_said("tap", lambda token: 1) == "tap"


@pytest.mark.parametrize(("one", "other"), [("怎么更改名字", "如何修改名字"), ("reboot it", "restart it")])
def test_what_ships_makes_the_same_deed_the_same(one: str, other: str) -> None:
    assert shipped().plain(one) == shipped().plain(other)


def test_the_groups_of_two_files_add_up() -> None:
    both = Synonyms.read("tap, valve") + Synonyms.read("boiler, furnace")

    assert both.plain("valve of the furnace") == "tap of the boiler"
