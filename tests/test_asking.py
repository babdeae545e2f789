"""Questions from synchronous code, and from many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_assistant import ask
from edge_assistant.asking import Answering, Everybody
from edge_assistant.errors import ConfigError, InputError


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A home with rules alone."""
    (tmp_path / "config.toml").write_text('tiers = ["rules"]\n', encoding="utf-8")
    return tmp_path


@pytest.fixture
def everybody() -> Iterator[Everybody]:
    yield Everybody()
    assert [thread.name for thread in threading.enumerate() if "_live" in thread.name] == []


def test_many_threads_ask_at_once_and_each_gets_its_own_answer(plain: Path) -> None:
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda number: ask(f"what is {number} times 3", plain).text, range(100)))

    assert [str(number * 3) in text for number, text in enumerate(answers)] == [True] * 100


def test_who_asks_at_the_same_time_shares_one_assistant_and_the_last_one_closes_it(
    plain: Path, everybody: Everybody
) -> None:
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(everybody.asking(plain))
        other = second.enter_context(everybody.asking(plain))
        assert one is other
        first.close()
        assert "6" in other.ask("what is 2 times 3").text
    with everybody.asking(plain) as later:
        assert later is not one


def test_another_home_has_an_assistant_of_its_own(plain: Path, everybody: Everybody) -> None:
    with everybody.asking(plain) as one, everybody.asking(plain / "other") as other:
        assert one is not other


def test_a_question_that_cannot_be_asked_raises_where_it_was_asked(plain: Path) -> None:
    with pytest.raises(InputError, match="the question is empty"):
        ask(" ", plain)


def test_a_home_that_cannot_be_read_is_told_and_forgotten(plain: Path, everybody: Everybody) -> None:
    settings = plain / "config.toml"
    settings.write_text("tiers = 5\n", encoding="utf-8")
    with pytest.raises(ConfigError), everybody.asking(plain):
        pass
    settings.write_text('tiers = ["rules"]\n', encoding="utf-8")

    with everybody.asking(plain) as answering:
        assert isinstance(answering, Answering)
