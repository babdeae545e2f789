"""What is answered about the devices of a home, some of which nobody can ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.languages import detect
from tests.homes import House, sample_home


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("are the lights off", "No, not the living room light."),
        ("are the lights off upstairs", "Yes, all of them."),
        ("are the lights on", "Yes: the living room light."),
        ("are any lights off downstairs", "Yes: the kitchen light, the counter light"),
        ("is the window open", "No, none."),
        ("are the windows closed", "Yes, all of them."),
        ("are the doors closed", "No, not the back door."),
        ("灯关了吗", "没有，客厅灯没有。"),
        ("楼上的灯关了吗", "是的，全部都是。"),
        ("窗户关了吗", "是的，全部都是。"),
        ("门关了吗", "没有，后门没有。"),
    ],
)
async def test_the_lights_are_off_only_when_all_are(house: House, asked: str, said: str) -> None:
    assert (await house.hear(asked, detect(asked))).startswith(said)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("is the window open", "The bedroom window is not reachable."),
        ("is the bedroom window open", "The bedroom window is not reachable."),
        ("are the windows closed", "The bedroom window is not reachable."),
        ("卧室窗户开着吗", "卧室窗户：无法连接。"),
    ],
)
async def test_what_cannot_be_asked_is_not_said_to_be_closed(tmp_path: Path, asked: str, said: str) -> None:
    home = sample_home()
    window = home.entity("binary_sensor.bedroom_window")
    assert window is not None
    gone = home.with_entity(replace(window, state="unavailable"))
    house = House(tmp_path, backend=MemoryHome(gone))

    answer = await house.hear(asked, detect(asked))
    house.close()

    assert answer == said
