"""What lets people in takes a PIN where one is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.assistant import Assistant
from edge_assistant.config import Actions, Config
from edge_assistant.devices.pin import Pin, digits
from edge_assistant.errors import ConfigError
from tests.homes import Clock


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4711", "4711"),
        ("my PIN is 47 11", "4711"),
        ("four seven one one", "4711"),
        ("四七一一", "4711"),
        ("密码是四七幺幺", "4711"),
        ("４７１１", "4711"),
        ("someone", ""),
        ("yes", ""),
    ],
)
def test_a_pin_is_heard_as_people_say_it(text: str, found: str) -> None:
    assert digits(text) == found


def test_three_wrong_tries_bring_a_rest() -> None:
    clock = Clock()
    pin = Pin("4711", clock)

    tries = [pin.check("1234") for _ in range(4)]
    right = pin.check("4711")
    clock.now += 61
    after = pin.check("4711")

    assert tries == ["wrong", "wrong", "wrong", "locked"]
    assert (right, after) == ("locked", "right")


@pytest.mark.parametrize("secret", ["", "123", "12a4", "４７１１"])
def test_a_pin_has_at_least_four_digits(secret: str) -> None:
    with pytest.raises(ConfigError, match="at least 4 digits"):
        Pin(secret)


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (
            ("unlock the front door", "4711"),
            ("Unlock the front door? Say your PIN to confirm.", "Unlocked the front door."),
        ),
        (("把前门锁打开", "四七一一"), ("请说出密码来确认。", "前门")),
        (("unlock the front door", "yes"), ("PIN to confirm.", "A yes is not enough for this; please say your PIN.")),
        (
            ("unlock the front door", "yes", "4711"),
            ("PIN to confirm.", "A yes is not enough", "Unlocked the front door."),
        ),
        (("unlock the front door", "1234"), ("PIN to confirm.", "That is not the PIN, so I did nothing.")),
        (("4711",), ("nothing was waiting",)),
        (("unlock the front door", "no", "4711"), ("PIN to confirm.", "All right", "nothing was waiting")),
    ],
)
async def test_a_door_takes_a_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, talk: tuple[str, ...], said: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HOUSE_PIN", "4711")
    config = Config(home=tmp_path, tiers=("rules",), actions=Actions(pin_env="HOUSE_PIN"))
    async with Assistant.open(config=config) as assistant:
        answers = [await assistant.ask(text, conversation="a") for text in talk]
        kept = [turn.question for turn in assistant.rooms.history.latest(10)]

    assert [part in answer.text for part, answer in zip(said, answers, strict=True)] == [True] * len(talk)
    assert all("4711" not in text and "1234" not in text and "四七一一" not in text for text in kept)


async def test_no_answer_tells_the_right_pin_from_a_wrong_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_PIN", "4711")
    config = Config(home=tmp_path, tiers=("rules",), actions=Actions(pin_env="HOUSE_PIN"))
    async with Assistant.open(config=config) as assistant:
        bare = [(await assistant.ask(text)).text for text in ("4711", "4712", "my PIN is 47 11", "密码是四七一二")]
        sums = [(await assistant.ask(f"what is 47 + {number}")).text for number in (11, 12)]

    assert bare[:3] == [bare[0]] * 3
    assert "没有" in bare[3]
    assert sums == ["47 + 11 = 58", "47 + 12 = 59"]


async def test_a_pin_that_is_not_set_is_a_fault_and_no_open_door(tmp_path: Path) -> None:
    config = Config(home=tmp_path, tiers=("rules",), actions=Actions(pin_env="NO_SUCH_PIN"))

    with pytest.raises(ConfigError, match="NO_SUCH_PIN is not set"):
        async with Assistant.open(config=config) as assistant:
            await assistant.ask("unlock the front door")
