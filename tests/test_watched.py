from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.devices.home import Home
from edge_assistant.errors import ConfigError
from edge_assistant.skills.books import Rulebooks
from edge_assistant.watched import Watched
from tests.homes import Clock, sample_home

HOUSE = "entities:\n  - {{id: light.{name}, name: {name}}}\n"


def at_once(work: Callable[[], None]) -> None:
    work()


def write(path: Path, text: str) -> None:
    """Write a file so that it is surely newer than before."""
    old = path.stat().st_mtime_ns if path.exists() else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(old + 1_000_000, old + 1_000_000))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Watched[Home]:
    path = tmp_path / "home.yaml"
    write(path, HOUSE.format(name="lamp"))
    return Watched(lambda: (path,), lambda last: Home.read(path), clock, at_once)


def names(home: Home) -> list[str]:
    return [entity.name for entity in home.entities]


def test_a_changed_home_is_in_use_at_the_next_question(tmp_path: Path, clock: Clock, house: Watched[Home]) -> None:
    first = names(house())
    write(tmp_path / "home.yaml", HOUSE.format(name="desk"))
    at_the_same_moment = names(house())
    clock.now += 1

    house()
    later = names(house())

    assert (first, at_the_same_moment, later) == (["lamp"], ["lamp"], ["desk"])


def test_a_broken_home_leaves_the_last_good_one_in_use_and_says_why_once(
    tmp_path: Path, clock: Clock, house: Watched[Home], caplog: pytest.LogCaptureFixture
) -> None:
    house()
    write(tmp_path / "home.yaml", "entities: [")

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.now += 1
            house()

    assert names(house()) == ["lamp"]
    assert house.trouble is not None
    assert house.trouble.startswith("home.yaml:1: ")
    assert len(caplog.records) == 1


def test_a_mended_home_is_in_use_again(tmp_path: Path, clock: Clock, house: Watched[Home]) -> None:
    house()
    for text in ("entities: [", HOUSE.format(name="mended")):
        write(tmp_path / "home.yaml", text)
        clock.now += 1
        house()

    home = house()

    assert names(home) == ["mended"]
    assert house.trouble is None


def test_a_home_that_cannot_be_read_at_first_is_an_error(tmp_path: Path) -> None:
    house = Watched(lambda: (), lambda last: Home.read(tmp_path / "none.yaml"))

    with pytest.raises(ConfigError):
        house()


def test_devices_of_a_changed_home_are_there_and_states_are_kept(tmp_path: Path, clock: Clock) -> None:
    homes = [sample_home(), Home.from_mapping({"entities": [{"name": "New", "domain": "light"}]})]
    memory = MemoryHome(homes[0], None, lambda: homes[0])

    before = memory.home()
    homes.pop(0)
    after = memory.home()

    assert len(before.entities) > 20
    assert names(after) == ["New"]


RULES = "intents: {{Sing: {{data: [{{sentences: [{said}]}}]}}}}\nresponses: {{Sing: {{default: La}}}}\n"


@pytest.fixture
def books(tmp_path: Path, clock: Clock) -> Rulebooks:
    write(tmp_path / "ours" / "en" / "talk.yaml", "intents: {Greet: {data: [{sentences: [hello]}]}}")
    write(tmp_path / "mine" / "en" / "sing.yaml", RULES.format(said="sing"))
    return Rulebooks((tmp_path / "ours", tmp_path / "mine"), clock=clock, begin=at_once)


def understood(books: Rulebooks, text: str) -> bool:
    books("en")
    return bool(books("en").match(text, Home()))


def test_changed_new_and_removed_rule_files_are_noticed(tmp_path: Path, clock: Clock, books: Rulebooks) -> None:
    assert understood(books, "sing")
    write(tmp_path / "mine" / "en" / "sing.yaml", RULES.format(said="croon"))
    write(tmp_path / "mine" / "en" / "more.yaml", "intents: {Sing: {data: [{sentences: [hum]}]}}")
    clock.now += 1

    noticed = [understood(books, said) for said in ("croon", "hum", "sing")]
    (tmp_path / "mine" / "en" / "more.yaml").unlink()
    clock.now += 1

    assert noticed == [True, True, False]
    assert not understood(books, "hum")


@pytest.mark.parametrize(
    "broken", ["intents: [", "intents: {Sing: {data: [{sentences: ['(la']}]}}", "a: &b [x]\nc: *b"]
)
def test_a_rule_file_that_is_broken_later_does_not_lose_what_it_said(
    tmp_path: Path, clock: Clock, books: Rulebooks, broken: str
) -> None:
    books("en")
    write(tmp_path / "mine" / "en" / "sing.yaml", broken)
    clock.now += 1

    still = understood(books, "sing")

    assert still
    assert "sing.yaml:" in str(books.trouble("en"))


def test_a_broken_file_of_the_package_does_not_stop_a_running_assistant(
    tmp_path: Path, clock: Clock, books: Rulebooks
) -> None:
    books("en")
    write(tmp_path / "ours" / "en" / "talk.yaml", "intents: [")
    clock.now += 1

    still = understood(books, "hello")

    assert still
    assert "talk.yaml:1" in str(books.trouble("en"))


def test_rules_are_read_beside_the_running_work(tmp_path: Path, clock: Clock) -> None:
    waiting: list[Callable[[], None]] = []
    write(tmp_path / "ours" / "en" / "talk.yaml", "intents: {Greet: {data: [{sentences: [hello]}]}}")
    books = Rulebooks((tmp_path / "ours",), clock=clock, begin=waiting.append)
    books("en")
    write(tmp_path / "ours" / "en" / "talk.yaml", "intents: {Greet: {data: [{sentences: [ahoy]}]}}")
    clock.now += 5

    meanwhile = understood(books, "hello")
    clock.now += 5
    understood(books, "hello")
    waiting.pop()()

    assert meanwhile
    assert waiting == []
    assert understood(books, "ahoy")
