"""Prompts that a model died of."""

from __future__ import annotations

from edge_assistant.models.poison import REMEMBERED, Poison, fingerprint


def test_a_prompt_is_deadly_after_two_deaths_unless_it_was_survived() -> None:
    poison = Poison()

    poison.died("one")
    poison.died("two")
    poison.survived("two")
    for prompt in ("one", "two"):
        poison.died(prompt)

    assert (poison.deadly("one"), poison.deadly("two"), poison.deadly("three")) == (True, False, False)


def test_only_so_many_prompts_are_remembered() -> None:
    poison = Poison()

    for number in range(REMEMBERED + 1):
        poison.died(str(number))
        poison.died(str(number))

    assert (poison.deadly("0"), poison.deadly("1")) == (False, True)


def test_a_prompt_is_known_by_what_is_said_and_not_by_how_long_the_answer_may_be() -> None:
    asked = [{"role": "user", "content": "月 \ud800"}]

    one = fingerprint({"messages": asked, "max_tokens": 1})

    assert one == fingerprint({"messages": asked, "max_tokens": 9})
    assert one != fingerprint({"messages": asked, "choices": ["Yes", "No"]})
    assert len(one) == 64
