"""Devices that announce themselves: understood where nothing has to be computed, and said where it has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.adapters.mqtt_kept import announced, keep, known
from edge_assistant.assistant import Assistant
from edge_assistant.config import Actions, Config, Rules
from edge_assistant.devices.discovery import discovered, merged
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.links import MqttLink, messages
from edge_assistant.devices.services import Command, risk
from edge_assistant.errors import ConfigError
from edge_assistant.operations.doctor import TRIALS
from edge_assistant.rooms import discovered_file, open_house
from tests.brokers import Mosquitto, devices, obedient, say

LAMP = {
    "name": None,
    "schema": "json",
    "command_topic": "t/lamp/set",
    "state_topic": "t/lamp",
    "brightness": True,
    "brightness_scale": 254,
    "supported_color_modes": ["color_temp"],
    "availability": [{"topic": "z/bridge/state", "value_template": "{{ value_json.state }}"}],
    "unique_id": "0x01_light",
    "object_id": "reading_lamp",
    "device": {"name": "Reading lamp", "suggested_area": "Library"},
}
PLUG = {
    "~": "plug/7",
    "name": "Relay",
    "cmd_t": "~/cmnd/POWER",
    "stat_t": "~/stat",
    "val_tpl": "{{ value_json['POWER'] }}",
    "pl_on": "1",
    "pl_off": "0",
    "stat_on": "ON",
    "stat_off": "OFF",
    "avty_t": "~/LWT",
    "pl_avail": "Online",
    "uniq_id": "plug7",
    "dev": {"name": "Boiler", "sa": "Kitchen"},
}
STATION = {
    "dev": {"name": "Weather"},
    "o": {"name": "station"},
    "cmps": {
        "temp": {"p": "sensor", "stat_t": "w/t", "unit_of_meas": "°C", "dev_cla": "temperature", "uniq_id": "w1"},
        "rain": {"p": "binary_sensor", "stat_t": "w/r", "dev_cla": "moisture", "uniq_id": "w2"},
    },
}


def announce(component: str, config: Any, id: str = "x") -> dict[str, str]:
    return {f"homeassistant/{component}/{id}/config": json.dumps(config)}


def one(component: str, config: Any) -> Entity:
    found = discovered(announce(component, config))
    assert found.skipped == ()
    return found.entities[0]


def sent(entity: Entity, service: str, **slots: float) -> list[tuple[str, str]]:
    assert isinstance(entity.link, MqttLink)
    return messages(entity.link, f"{entity.domain}.{service}", slots)


def test_a_lamp_that_speaks_json_is_understood() -> None:
    lamp = one("light", LAMP)

    assert (lamp.id, lamp.name, lamp.area) == ("light.reading_lamp", "Reading lamp", "Library")
    assert sent(lamp, "turn_on", brightness=50) == [("t/lamp/set", '{"state": "ON", "brightness": 127}')]
    assert sent(lamp, "turn_off") == [("t/lamp/set", '{"state": "OFF"}')]
    assert isinstance(lamp.link, MqttLink)
    assert lamp.link.topics == {"t/lamp", "z/bridge/state"}


def test_abbreviations_and_a_base_topic_are_spelled_out() -> None:
    plug = one("switch", PLUG)

    assert (plug.id, plug.name) == ("switch.x", "Boiler Relay")
    assert sent(plug, "turn_on") == [("plug/7/cmnd/POWER", "1")]
    assert isinstance(plug.link, MqttLink)
    assert plug.link.topics == {"plug/7/stat", "plug/7/LWT"}
    assert plug.link.dialect.heard("state", "ON") == "on"


def test_a_device_announces_its_parts_together() -> None:
    found = discovered(announce("device", STATION, "station"))

    assert [(entity.id, entity.name) for entity in found.entities] == [
        ("sensor.station_temp", "Weather temperature"),
        ("binary_sensor.station_rain", "Weather moisture"),
    ]
    assert found.entities[0].attributes == {"unit": "°C"}


@pytest.mark.parametrize(
    ("component", "config", "service", "slots", "told"),
    [
        (
            "light",
            {"command_topic": "a/set", "brightness_command_topic": "a/b", "brightness_scale": 100},
            "turn_on",
            {"brightness": 40.0},
            [("a/b", "40"), ("a/set", "ON")],
        ),
        ("light", {"command_topic": "a/set", "brightness_command_topic": "a/b"}, "turn_on", {}, [("a/set", "ON")]),
        ("cover", {"command_topic": "c/set", "device_class": "garage"}, "open_cover", {}, [("c/set", "OPEN")]),
        ("cover", {"set_position_topic": "c/p"}, "set_cover_position", {"position": 30.0}, [("c/p", "30")]),
        ("lock", {"command_topic": "l/set"}, "unlock", {}, [("l/set", "UNLOCK")]),
        (
            "fan",
            {"command_topic": "f/set", "percentage_command_topic": "f/p", "speed_range_max": 10},
            "set_percentage",
            {"percentage": 50.0},
            [("f/p", "5")],
        ),
        (
            "climate",
            {"temperature_command_topic": "h/t", "temperature_command_template": '{"target": {{ value }} }'},
            "set_temperature",
            {"temperature": 21.5},
            [("h/t", '{"target": 21.5 }')],
        ),
        ("climate", {"mode_command_topic": "h/m", "modes": ["off", "heat"]}, "turn_on", {}, [("h/m", "heat")]),
    ],
)
def test_what_is_announced_can_be_told(
    component: str, config: dict[str, Any], service: str, slots: dict[str, float], told: list[tuple[str, str]]
) -> None:
    entity = one(component, {"name": "Thing", **config})

    assert sent(entity, service, **slots) == told
    guarded = component == "lock" or config.get("device_class") == "garage"
    assert (risk(Command(f"{component}.{service}", entity.id), entity) == "high") == guarded


@pytest.mark.parametrize(
    ("component", "config", "reason"),
    [
        ("switch", {"name": "x", "command_topic": "a/+/set"}, "a topic is a plain path"),
        ("switch", {"name": "x", "command_topic": "$SYS/a"}, "a topic is a plain path"),
        ("switch", {"name": "x"}, "command_topic is missing"),
        ("switch", {"name": "x", "command_topic": "a", "state_topic": "a"}, "both told and heard"),
        ("sensor", {"name": "x", "state_topic": "a", "value_template": "{{ value | regex_replace }}"}, "computes"),
        ("sensor", {"name": "x", "state_topic": "a", "value_template": "{{ states('lock.door') }}"}, "computes"),
        ("light", {"name": "x", "command_topic": "a", "schema": "template"}, "computes what it sends"),
        ("siren", {"name": "x"}, "nothing here understands a siren"),
        ("light", {"name": "x", "command_topic": ["a"]}, "valid string"),
        ("cover", {"name": "x", "set_position_topic": "a", "set_position_template": "{{ 100 - value }}"}, "computes"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_the_reason(component: str, config: dict[str, Any], reason: str) -> None:
    found = discovered(announce(component, config))

    assert found.entities == ()
    assert reason in found.skipped[0]


@pytest.mark.parametrize("text", ["", "no json", "[]", "3", "[" * 50_000, '{"~": 3}', '{"device": 3, "cmps": 3}'])
def test_what_is_no_announcement_does_no_harm(text: str) -> None:
    assert discovered({"homeassistant/light/x/config": text, "homeassistant/config": text}).entities == ()


def test_what_the_owner_wrote_comes_first() -> None:
    written = Home.from_mapping(
        {"areas": [{"name": "Library"}], "entities": [{"id": "switch.x", "name": "Mine", "domain": "switch"}]}
    )
    found = discovered({**announce("light", LAMP), **announce("switch", PLUG)})

    home = merged(written, found)

    assert [(entity.id, entity.name, entity.area) for entity in home.entities] == [
        ("switch.x", "Mine", None),
        ("light.reading_lamp", "Reading lamp", "library"),
    ]
    assert [area.name for area in home.areas] == ["Library"]


def test_a_new_room_comes_with_its_lamp() -> None:
    home = merged(Home(), discovered(announce("light", LAMP)))

    assert home.find(area="Library") == home.entities


def test_a_device_that_tells_another_one_s_state_is_left_out() -> None:
    other = {"name": "Other", "command_topic": "t/lamp"}

    home = merged(Home(), discovered({**announce("light", LAMP), **announce("switch", other)}))

    assert [entity.id for entity in home.entities] == ["light.reading_lamp"]


def test_a_damaged_memory_of_announcements_is_no_announcement(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(b"\xff{")

    assert known(tmp_path / "bad").entities == known(tmp_path / "none").entities == ()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()


@pytest.mark.broker
async def test_the_doctor_learns_what_is_there_and_it_can_be_told(broker: Mosquitto, tmp_path: Path) -> None:
    await say(broker.port, "homeassistant/light/x/config", json.dumps(LAMP), retain=True)
    (tmp_path / "home.yaml").write_text("areas: []")
    settings = Actions(mqtt=broker.url, discover="homeassistant")
    config = Config(home=tmp_path, tiers=("rules",), actions=settings, rules=Rules(house=tmp_path / "home.yaml"))

    async with devices(broker.port, obedient), Assistant.open(config=config) as assistant:
        told = await TRIALS["devices"](assistant)
        answer = await assistant.ask("turn on the reading lamp")

    assert told.startswith("1 connected, 1 announced themselves")
    assert (answer.text, answer.actions[0].status) == ("Turned on the reading lamp.", "done")
    assert open_house(config).entities[0].id == "light.reading_lamp"
    assert discovered_file(config).exists()


@pytest.mark.broker
async def test_a_broker_without_announcements_has_none(broker: Mosquitto, tmp_path: Path) -> None:
    found = await announced(Broker.at(broker.url), "homeassistant")
    keep(tmp_path / "cache" / "discovered.json", found)

    assert found == {}
    with pytest.raises(ConfigError, match="no topic prefix"):
        await announced(Broker.at(broker.url), "#")
