"""A little more, a little less, halfway: steps of lamps and fans, covers that stop, rooms that are cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.devices.home import Home
from edge_assistant.languages import detect
from tests.homes import House, sample_home


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dim the desk lamp", "The desk lamp is off, so there is nothing to turn down."),
        ("dim the study light", "The desk lamp is off, so there is nothing to turn down."),
        ("make the bedroom fan slower", "The bedroom fan is off, so there is nothing to turn down."),
        ("把书房的灯调暗一点", "台灯是关着的，没有可调低的。"),
        ("把台灯调暗", "台灯是关着的，没有可调低的。"),
        ("卧室风扇慢一点", "卧室风扇是关着的，没有可调低的。"),
    ],
)
async def test_what_is_off_is_not_turned_on_by_less_of_it(house: House, text: str, said: str) -> None:
    before = house.actuator.home()

    assert await house.hear(text, detect(text)) == said
    assert house.actuator.home() == before


async def test_of_the_lamps_of_a_room_only_those_that_are_on_are_dimmed(house: House) -> None:
    said = await house.hear("dim the living room lights")

    assert said == "Set the living room light to 60%."
    assert house.state("light.floor_lamp") == "off"


@pytest.mark.parametrize(
    ("turns", "percentage"),
    [
        (["set the bedroom fan to 50%", "make the bedroom fan faster"], 75),
        (["set the bedroom fan to 50%", "turn the bedroom fan down a bit"], 25),
        (["set the bedroom fan to 50%", "increase the bedroom fan by 10 percent"], 60),
        (["set the bedroom fan to 50%", "turn up the fan"], 75),
        (["set the bedroom fan to 20%", "make the fan slower"], 10),
        (["set the bedroom fan to 90%", "speed up the bedroom fan"], 100),
        (["把卧室风扇调到50%", "卧室风扇快一点"], 75),
        (["把卧室风扇调到50%", "把卧室风扇的风速调低"], 25),
        (["把卧室风扇调到50%", "风扇调大一档"], 75),
    ],
)
async def test_a_fan_goes_a_step_faster_or_slower(house: House, turns: list[str], percentage: int) -> None:
    for text in turns:
        await house.hear(text, detect(text))

    fan = house.actuator.home().entity("fan.bedroom")
    assert fan is not None
    assert fan.attributes["percentage"] == percentage


@pytest.mark.parametrize(
    ("text", "service", "target"),
    [
        ("stop the living room curtains", "cover.stop_cover", "cover.living_room_curtains"),
        ("stop the curtains midway", "cover.stop_cover", "cover.living_room_curtains"),
        ("stop the garage door", "cover.stop_cover", "cover.garage_door"),
        ("窗帘停一下", "cover.stop_cover", "cover.living_room_curtains"),
        ("客厅窗帘停", "cover.stop_cover", "cover.living_room_curtains"),
        ("clean the kitchen", "vacuum.clean_area", "vacuum.robot"),
        ("send the robot vacuum to the office", "vacuum.clean_area", "vacuum.robot"),
        ("把书房扫一下", "vacuum.clean_area", "vacuum.robot"),
    ],
)
async def test_covers_stop_and_rooms_are_cleaned_without_a_yes(
    house: House, text: str, service: str, target: str
) -> None:
    _, actions = await house.receipts(text, detect(text))

    assert [(action.action, action.target, action.status) for action in actions] == [(service, target, "done")]


async def test_the_room_to_clean_is_told_by_its_id(house: House) -> None:
    said, actions = await house.receipts("打扫客厅", "zh")

    assert said == "扫地机器人开始清扫客厅。"
    assert actions[0].slots == {"area": "living_room"}


async def test_of_several_covers_the_one_that_moves_is_stopped(tmp_path: Path) -> None:
    home = sample_home()
    curtains = next(entity for entity in home.entities if entity.id == "cover.living_room_curtains")
    moving = replace(curtains, id="cover.kitchen_curtains", name="Kitchen curtains", area="kitchen", state="closing")
    house = House(tmp_path, backend=MemoryHome(Home(home.areas, home.floors, (*home.entities, moving))))

    _, actions = await house.receipts("stop the curtains")
    house.close()

    assert [action.target for action in actions] == ["cover.kitchen_curtains"]
