from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.devices.home import Home
from edge_assistant.errors import ConfigError
from edge_assistant.skills.books import Rulebooks
from tests.homes import books, sample_home

HOME = Home.from_mapping(
    {
        "areas": [{"name": "Den"}],
        "entities": [{"name": "Lamp One", "domain": "light", "area": "Den"}, {"name": "Lamp", "domain": "lock"}],
    }
)


SHIPPED = """
language: en
intents:
  Greet: {data: [{sentences: [hello]}]}
  HassTurnOn: {data: [{sentences: ["turn on {name}"]}]}
responses: {Greet: {default: Hello!}}
"""


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """Stand for the folder of rules that comes with the package."""
    return folder(tmp_path / "ours", SHIPPED, "talk.yaml")


def folder(place: Path, text: str, name: str = "own.yaml") -> Path:
    (place / "rules" / "en").mkdir(parents=True, exist_ok=True)
    (place / "rules" / "en" / name).write_text(text, encoding="utf-8")
    return place / "rules"


def test_rules_of_the_user_are_read_after_the_shipped_ones(tmp_path: Path, ours: Path) -> None:
    own = folder(
        tmp_path, "intents: {Sing: {data: [{sentences: ['sing [me] a song']}]}}\nresponses: {Sing: {default: La}}"
    )

    book = Rulebooks((ours, own))("en")

    match = book.match("sing me a song", HOME)
    assert match is not None
    assert (match.intent, match.source) == ("Sing", "own.yaml:1")
    assert book.say("Sing", "default", {}) == "La"
    assert book.match("hello", HOME) is not None


def test_a_file_of_the_same_name_replaces_the_shipped_one(tmp_path: Path, ours: Path) -> None:
    own = folder(tmp_path, "intents: {Greet: {data: [{sentences: [ahoy]}]}}", "talk.yaml")

    book = Rulebooks((ours, own))("en")

    assert book.match("ahoy", HOME) is not None
    assert book.match("hello", HOME) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("intents: [", "own.yaml:1"),
        ("intents:\n  A: {data: [{sentences: ['turn (on']}]}", "own.yaml:2: 'turn (on' is no sentence template"),
        (
            "intents:\n  A:\n    data:\n      - sentences: [a <missing>]",
            "own.yaml:4: there is no expansion rule <missing>",
        ),
        ("intents:\n  A: {data: [{sentences: ['a {missing}']}]}", "own.yaml:2: there is no list {missing}"),
        ("expansion_rules:\n  loop: 'a <loop>'", "own.yaml:2: the expansion rule <loop> contains itself"),
        ("intents:\n  A: {data: [{sentences: ['(a|b|)']}]}", "own.yaml:2: '(a|b|)' has an empty alternative"),
        ("lists:\n  all: {wildcard: true}", "own.yaml:2: an open slot needs a check"),
        ("lists:\n  all: {range: {from: 9, to: 1}}", "own.yaml:2: this list cannot be used"),
        (
            "lists:\n  loud: {values: [loud]}\nexpansion_rules:\n  loud: so loud",
            "own.yaml:4: 'loud' is a list and an expansion rule (own.yaml:2): give one of them another name",
        ),
        ("intent: {}", "own.yaml:1: there is no section 'intent'"),
        ("language: de", "own.yaml:1: the language is 'de'"),
        ("frames: [please]", "own.yaml:1: a frame has words around '…'"),
        ("intents:\n  A: {data: [{sentences: [a], slot: {}}]}", "own.yaml:2: there is no key 'slot'"),
        ("intents: {A: {data: [{sentences: ['" + "(a|b|c|d|e|f|g|h) " * 12 + "']}]}}", "stands for more than"),
        ("intents: {A: {data: [{sentences: ['" + "a" * 1001 + "']}]}}", "at most 1000 characters"),
        ("a: &b [x]\nc: *b", "own.yaml:1: anchors and aliases are not allowed"),
        ("[1, 2]", "own.yaml:1: a rule file is a table"),
    ],
)
def test_a_broken_file_of_the_user_is_reported_and_the_shipped_rules_go_on(
    tmp_path: Path, ours: Path, text: str, complaint: str
) -> None:
    book = Rulebooks((ours, folder(tmp_path, text)))("en")

    assert len(book.rules.skipped) == 1
    assert complaint in book.rules.skipped[0]
    assert "\n" not in book.rules.skipped[0]
    assert book.match("turn on lamp one", HOME) is not None


def test_a_broken_replacement_leaves_the_shipped_file_in_use(tmp_path: Path, ours: Path) -> None:
    own = folder(tmp_path, "intents: {Greet: {data: [{sentences: ['(ahoy']}]}}", "talk.yaml")

    book = Rulebooks((ours, own))("en")

    assert book.match("hello", HOME) is not None
    assert "talk.yaml:1" in book.rules.skipped[0]


def test_a_broken_shipped_file_is_an_error(tmp_path: Path) -> None:
    rules = Rulebooks((folder(tmp_path, "intents: ["),))

    with pytest.raises(ConfigError, match=r"own\.yaml:1"):
        rules("en")


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path, ours: Path) -> None:
    rules = Rulebooks((ours, tmp_path / "none"))

    with pytest.raises(ConfigError, match="no such folder of rules"):
        rules("en")


def test_what_was_read_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    own, cache = folder(tmp_path, "intents: {A: {data: [{sentences: [ahoy]}]}}"), tmp_path / "cache"
    first = Rulebooks((own,), cache)("en").rules
    (cache / "rules-en.json").write_text((cache / "rules-en.json").read_text().replace('"ahoy"', '"kept"'))

    kept = Rulebooks((own,), cache)("en").rules
    folder(tmp_path, "intents: {A: {data: [{sentences: [changed]}]}}")
    changed = Rulebooks((own,), cache)("en").rules

    assert [rules.templates[0].text for rules in (first, kept, changed)] == ["ahoy", "kept", "changed"]


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"key": 1', b"\xff\x00"])
def test_a_damaged_cache_is_read_anew(tmp_path: Path, damage: bytes) -> None:
    own, cache = folder(tmp_path, "intents: {A: {data: [{sentences: [ahoy]}]}}"), tmp_path / "cache"
    Rulebooks((own,), cache)("en")
    (cache / "rules-en.json").write_bytes(damage)

    book = Rulebooks((own,), cache)("en")

    assert book.match("ahoy", HOME) is not None


def test_a_number_in_a_name_may_be_said_or_written() -> None:
    for said in ("turn on lamp one", "turn on lamp 1", "turn lamp one on"):
        match = books()("en").match(said, HOME)

        assert match is not None
        assert match.slots == {"name": "Lamp One"}


def test_a_name_means_the_device_that_the_verb_fits() -> None:
    match = books()("en").match("unlock the lamp", HOME)

    assert match is not None
    assert match.domains == ("lock",)


def test_the_room_of_the_speaker_completes_what_was_said() -> None:
    match = books()("en").match("lights on", HOME, "Den")

    assert match is not None
    assert match.slots == {"area": "Den", "domain": "light"}


def test_of_several_meanings_the_same_one_is_always_best() -> None:
    home = sample_home()

    orders = [[m.why for m in books()("en").matches("turn on the kitchen light", home)] for _ in range(3)]

    assert orders[0] == orders[1] == orders[2]
    assert orders[0][0] == "intent HassTurnOn: name=Kitchen light"


def test_windows_are_what_this_home_has_as_windows() -> None:
    covers = Home.from_mapping(
        {"entities": [{"name": "A", "domain": "cover", "attributes": {"device_class": "window"}}]}
    )

    here, there = (books()("en").match("which windows are open", home) for home in (sample_home(), covers))

    assert here is not None
    assert there is not None
    assert (here.slots["domain"], there.slots["domain"]) == ("binary_sensor", "cover")


@pytest.mark.parametrize("text", ["把客厅灯调到５０％", "把客厅灯调到50%", "把客厅灯调到百分之五十"])
def test_numbers_may_be_written_in_wide_digits(text: str) -> None:
    match = books()("zh").match(text, sample_home())

    assert match is not None
    assert match.slots == {"name": "客厅灯", "brightness": 50}


@pytest.mark.parametrize("text", ["", "   ", "?", "…", "a" * 1025, "\x00", "打开" * 512, "({[<|>]})", "turn on {name}"])
def test_odd_texts_match_nothing(text: str) -> None:
    for language in ("en", "zh"):
        assert books()(language).match(text, sample_home()) is None


@pytest.mark.parametrize(
    ("area", "slots"),
    [
        ("Bedroom", {"temperature": 20}),
        (None, {"name": "Thermostat", "temperature": 20}),
        ("Garden", {"name": "Thermostat", "temperature": 20}),
    ],
)
def test_a_device_that_is_called_what_it_is_yields_to_the_one_in_the_room(
    area: str | None, slots: dict[str, object]
) -> None:
    home = Home.from_mapping(
        {
            "areas": [{"name": "Bedroom"}, {"name": "Hall"}, {"name": "Garden"}],
            "entities": [
                {"name": "Thermostat", "domain": "climate", "area": "Hall"},
                {"name": "Bedroom heating", "domain": "climate", "area": "Bedroom"},
            ],
        }
    )

    match = books()("en").match("set the thermostat to 20 degrees", home, area)

    assert match is not None
    assert match.slots == slots


@pytest.mark.parametrize(
    ("second", "slots"),
    [("Bedroom", {"name": "Bedroom fan"}), ("Hall", {"area": "Bedroom"})],
)
def test_the_fan_of_a_room_is_a_kind_only_where_the_room_has_one(second: str, slots: dict[str, object]) -> None:
    home = Home.from_mapping(
        {
            "areas": [{"name": "Bedroom"}, {"name": "Hall"}],
            "entities": [
                {"name": "Bedroom fan", "domain": "fan", "area": "Bedroom"},
                {"name": "Ventilator", "domain": "fan", "area": second},
            ],
        }
    )

    match = books()("en").match("set the bedroom fan to high", home)

    assert match is not None
    assert match.slots == {**slots, "percentage": 75}
