"""How far documents may travel, and which collection is preferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.config import Collection as Settings
from edge_assistant.errors import InputError
from edge_assistant.knowledge.collections import STARTER, Collection, Collections
from edge_assistant.knowledge.documents import Card, Document, plain
from edge_assistant.knowledge.fuse import levelled, lowered
from edge_assistant.network.nearby import nearby
from edge_assistant.policy import Policy
from edge_assistant.storage.database import Database
from edge_assistant.types import Declined, Passage, Query, Share
from tests.bag_of_words import library
from tests.conftest import FakeTier

AWAY = FakeTier("cloud", Declined(""), leaves_device=True)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "assistant.db")


def test_a_collection_stays_at_home_until_something_else_is_said(database: Database) -> None:
    collections = Collections(database)

    assert collections.of("main") == Collection("main", None, "never", 0)
    assert collections.change("main", share="lan") == Collection("main", None, "lan", 0)
    assert collections.change("main", language="zh", priority=2) == Collection("main", "zh", "lan", 2)
    assert Collections(database).of("main") == Collection("main", "zh", "lan", 2)


def test_what_the_settings_say_is_not_changed_by_command(database: Database) -> None:
    Collections(database).change("manuals", share="cloud")
    collections = Collections(database, {"manuals": Settings(language="zh")})

    assert collections.of("manuals") == Collection("manuals", "zh", "never", 0)
    with pytest.raises(InputError, match="set in the settings file"):
        collections.change("manuals", share="cloud")


def test_a_found_passage_carries_how_far_it_may_travel(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(plain("open.txt", "The pump is red.", "en", collection="open"))
    kept.add(plain("home.txt", "The pump is in the cellar.", "en"))
    kept.collections.change("open", share="cloud")

    assert {one.source: one.share for one in kept.search("pump", 5, "en")} == {"open.txt": "cloud", "home.txt": "never"}


def test_a_preferred_collection_is_lifted(tmp_path: Path) -> None:
    kept = library(tmp_path)
    for number in range(3):
        kept.add(plain(f"{number}.txt", f"The pump {'pump ' * (2 - number)}is red.", "en", collection=f"c{number}"))
    usual = [one.source for one in kept.search("pump", 5, "en")]

    kept.collections.change("c" + usual[-1][0], priority=1)
    assert [one.source for one in kept.search("pump", 5, "en")] == [usual[0], usual[2], usual[1]]

    kept.collections.change("c" + usual[-1][0], priority=2)
    assert [one.source for one in kept.search("pump", 5, "en")] == [usual[2], usual[0], usual[1]]


def test_a_document_of_the_owner_wins_near_ties_with_those_that_came_with_the_package(tmp_path: Path) -> None:
    kept = library(tmp_path)
    for number, text in enumerate(("The colour of the pump is red.", "Red is the colour of the pump, always.")):
        kept.add(plain(f"{number}.txt", text, "en", collection=STARTER))
    kept.add(plain("mine.txt", "The colour of the pump here is red since Ilse painted it.", "en"))

    behind = [one.source for one in kept.search("Which colour is the pump?", 5, "en")]
    kept.collections.change(STARTER, priority=0)
    equal = [one.source for one in kept.search("Which colour is the pump?", 5, "en")]

    assert behind[0] == "mine.txt"
    assert equal[-1] == "mine.txt"


def test_scores_of_lower_standing_change_nothing_among_themselves() -> None:
    scores = {1: 1.0, 2: 0.9, 3: 0.2}

    assert lowered(scores, {1, 2, 3}) == pytest.approx(scores)
    assert lowered(scores, set()) == scores
    assert list(lowered(scores, {1})) == [2, 1, 3]
    assert list(lowered(scores, {1, 2})) == [1, 2, 3]
    assert max(lowered(scores, {1}).values()) == pytest.approx(1.0)


def test_a_language_that_the_embedder_finds_nearer_does_not_crowd_out_the_others() -> None:
    cosines = {number: 0.9 - number / 100 for number in range(10)} | {20: 0.80, 21: 0.70, 22: 0.60}

    level = levelled(cosines, foreign={20, 21, 22}, kept={9}, most=3)

    assert set(level) == {0, 1, 2, 9, 20, 21, 22}
    assert level[20] == pytest.approx(0.99)
    assert level[0] == 0.9
    assert levelled({1: 0.5}, set(), set(), 3) == {1: 0.5}


def test_a_document_of_the_owner_answers_before_one_that_came_with_the_package(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(plain("pump.txt", "The pump runs at 3 bar of pressure.", "en", collection=STARTER))
    kept.add(plain("mine.txt", "Since the repair the pump of our house runs at 2 bar of pressure.", "en"))

    told = kept.answer("At what pressure does the pump run?", "en")
    kept.collections.change(STARTER, priority=0)
    equal = kept.answer("At what pressure does the pump run?", "en")

    assert told is not None
    assert told.found.stored.document == "mine.txt"
    assert equal is not None
    assert equal.found.stored.document == "pump.txt"


def test_what_came_with_the_package_answers_where_it_is_much_surer(tmp_path: Path) -> None:
    kept = library(tmp_path)
    card = Card("What is an IP address?", "The number under which a device is reached in a network.")
    kept.add(Document("cards.jsonl", "Cards", "en", cards=(card,), collection=STARTER))
    kept.add(plain("mine.txt", "The new address of Ilse is in the red book.", "en"))

    told = kept.answer("What is an IP address?", "en")

    assert told is not None
    assert told.found.stored.document == "cards.jsonl"


@pytest.mark.parametrize(
    ("sharing", "reach", "leaves"),
    [
        (False, "lan", set()),
        (False, "cloud", set()),
        (True, "lan", {"lan", "cloud"}),
        (True, "cloud", {"cloud"}),
    ],
)
def test_what_leaves_is_allowed_by_the_settings_and_by_the_collection(
    sharing: bool, reach: Share, leaves: set[str]
) -> None:
    shares: tuple[Share, ...] = ("never", "lan", "cloud")
    query = Query("?", passages=tuple(Passage(share, "a.md", 0.5, share) for share in shares))

    view = Policy(share_passages=sharing, reach="lan" if reach == "lan" else "cloud").view(AWAY, query)

    assert isinstance(view, Query)
    assert {passage.text for passage in view.passages} == leaves


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:9931/v1", True),
        ("http://[fd00::1]:80", True),
        ("http://192.168.1.2/v1", True),
        ("http://big-machine.local:8080", True),
        ("https://api.example.com", False),
        ("https://192.168.1.2.example.com", False),
        ("https://8.8.8.8", False),
        ("http://0.0.0.0", False),
        ("https://intranet", False),
        ("nonsense", False),
    ],
)
def test_only_an_address_that_says_so_is_near(url: str, near: bool) -> None:
    assert nearby(url) is near
