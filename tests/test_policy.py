from __future__ import annotations

from edge_assistant.policy import Policy
from edge_assistant.types import Declined, Message, Passage, Query
from tests.conftest import FakeTier

HOME = FakeTier("device", Declined(""))
AWAY = FakeTier("cloud", Declined(""), leaves_device=True)


def test_a_tier_on_the_device_sees_everything(passage: Passage) -> None:
    query = Query("?", passages=(passage,), private=True, history=(Message("user", "secret", private=True),))

    assert Policy().view(HOME, query) is query


def test_what_leaves_the_device_is_only_the_question_and_the_public_turns(passage: Passage) -> None:
    query = Query("?", passages=(passage,), history=(Message("user", "secret", private=True), Message("user", "open")))

    view = Policy().view(AWAY, query)

    assert isinstance(view, Query)
    assert (view.passages, view.history) == ((), (Message("user", "open"),))


def test_a_refusal_says_why() -> None:
    assert Policy().view(AWAY, Query("?", private=True)) == Declined("the question is private")
    assert Policy().view(AWAY, Query("?", local_only=True)) == Declined("only local answers are wanted")
