"""Guessing ahead from what was said."""

from __future__ import annotations

from edge_assistant.adapters.lookup import Lookup


def test_what_followed_the_same_tokens_is_guessed() -> None:
    lookup = Lookup([1, 2, 3, 4, 5, 6, 7, 8, 2, 3], longest=3)

    assert lookup.guess() == [4, 5, 6]


def test_three_tokens_say_more_than_two() -> None:
    lookup = Lookup([1, 2, 3, 10, 11, 9, 2, 3, 20, 21, 1, 2, 3], longest=2)

    assert lookup.guess() == [10, 11]


def test_of_two_places_the_later_one_is_taken() -> None:
    lookup = Lookup([1, 2, 3, 9, 1, 2, 4, 9, 1, 2], longest=1)

    assert lookup.guess() == [4]


def test_tokens_that_are_new_are_followed_by_no_guess() -> None:
    lookup = Lookup([1, 2, 3, 4], longest=3)

    assert lookup.guess() == []
    lookup.hear(1)
    assert lookup.guess() == []
    lookup.hear(2)
    assert lookup.guess() == [3, 4, 1]


def test_who_wants_no_guess_gets_none() -> None:
    lookup = Lookup([1, 2, 3, 1, 2], longest=0)
    lookup.hear(3)

    assert lookup.guess() == []
