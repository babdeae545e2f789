"""Devices that announce themselves: understood as far as they can be told and believed, and else left out."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.adapters.mqtt_kept import announced, keep, known
from edge_assistant.adapters.templates import check_link, fill, said
from edge_assistant.assistant import Assistant
from edge_assistant.config import Actions, Config, Rules
from edge_assistant.devices import colors
from edge_assistant.devices.discovery import discovered, merged
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.links import MqttLink
from edge_assistant.devices.messages import messages
from edge_assistant.devices.services import Command, risk
from edge_assistant.errors import ConfigError, NotSent
from edge_assistant.operations.doctor import TRIALS
from edge_assistant.rooms import discovered_file, open_house
from edge_assistant.types import Slot
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


HUES = {
    "name": "Lamp",
    "schema": "json",
    "cmd_t": "j/set",
    "stat_t": "j",
    "sup_clrm": ["hs", "color_temp"],
}
WORDS = {
    "schema": "template",
    "cmd_t": "w",
    "cmd_on_tpl": "on,{{ brightness | d }},{% if red is defined %}{{ red }}-{{ green }}-{{ blue }}{% endif %}",
    "cmd_off_tpl": "off",
    "stat_t": "w/state",
    "stat_tpl": "{{ value.split(',')[0] }}",
    "bri_tpl": "{{ value.split(',')[1] }}",
    "r_tpl": "{{ value.split(',')[2].split('-')[0] }}",
    "g_tpl": "{{ value.split(',')[2].split('-')[1] }}",
    "b_tpl": "{{ value.split(',')[2].split('-')[2] }}",
}
BACKWARDS = {"set_pos_t": "c/p", "pos_t": "c", "pos_open": 0, "pos_clsd": 100}


def announce(component: str, config: Any, id: str = "x") -> dict[str, str]:
    return {f"homeassistant/{component}/{id}/config": json.dumps(config)}


def one(component: str, config: Any) -> Entity:
    found = discovered(announce(component, config), check_link)
    assert found.skipped == ()
    return found.entities[0]


def sent(entity: Entity, service: str, **slots: Slot) -> list[tuple[str, str]]:
    assert isinstance(entity.link, MqttLink)
    return messages(entity.link, f"{entity.domain}.{service}", slots, fill)


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
        ("light", HUES, "turn_on", {"color": "red"}, [("j/set", '{"state": "ON", "color": {"h": 0, "s": 100}}')]),
        ("light", HUES, "turn_on", {"temperature": 2700}, [("j/set", '{"state": "ON", "color_temp": 370}')]),
        (
            "light",
            {"cmd_t": "j", "schema": "json", "sup_clrm": ["rgb"]},
            "turn_on",
            {"color": "blue", "brightness": 100},
            [("j", '{"state": "ON", "brightness": 255, "color": {"r": 0, "g": 0, "b": 255}}')],
        ),
        (
            "light",
            {"cmd_t": "b", "rgb_cmd_t": "b/rgb", "clr_temp_cmd_t": "b/warm"},
            "turn_on",
            {"color": "green"},
            [("b/rgb", "0,255,0"), ("b", "ON")],
        ),
        (
            "light",
            {"cmd_t": "b", "clr_temp_cmd_t": "b/warm", "clr_temp_k": True},
            "turn_on",
            {"temperature": 4000},
            [("b/warm", "4000"), ("b", "ON")],
        ),
        (
            "light",
            {"cmd_t": "b", "rgb_cmd_t": "b/rgb", "rgb_cmd_tpl": "{{ '#%02x' }}{{ red + green }}"},
            "turn_on",
            {"color": "red"},
            [("b/rgb", "#%02x255"), ("b", "ON")],
        ),
        ("light", WORDS, "turn_on", {"color": "red", "brightness": 20}, [("w", "on,51,255-0-0")]),
        ("light", WORDS, "turn_on", {}, [("w", "on,,")]),
        ("light", WORDS, "turn_off", {}, [("w", "off")]),
        ("cover", {"cmd_t": "c", "pl_stop": "HALT"}, "stop_cover", {}, [("c", "HALT")]),
        ("cover", BACKWARDS, "set_cover_position", {"position": 30}, [("c/p", "70")]),
        (
            "cover",
            {"set_pos_t": "c", "set_pos_tpl": "{{ 100 - value }}"},
            "set_cover_position",
            {"position": 30},
            [("c", "70")],
        ),
        ("siren", {"cmd_t": "s"}, "turn_on", {}, [("s", '{"state": "ON"}')]),
        ("siren", {"cmd_t": "s", "cmd_tpl": "{{ value }}!"}, "turn_off", {}, [("s", "OFF!")]),
        ("humidifier", {"cmd_t": "h"}, "turn_off", {}, [("h", "OFF")]),
        ("vacuum", {"cmd_t": "v", "pl_ret": "home"}, "return_to_base", {}, [("v", "home")]),
        ("scene", {"cmd_t": "s", "pl_on": "3"}, "turn_on", {}, [("s", "3")]),
        ("alarm_control_panel", {"cmd_t": "a"}, "alarm_disarm", {}, [("a", "DISARM")]),
    ],
)
def test_what_is_announced_can_be_told(
    component: str, config: dict[str, Any], service: str, slots: dict[str, Slot], told: list[tuple[str, str]]
) -> None:
    entity = one(component, {"name": "Thing", **config})

    assert sent(entity, service, **slots) == told
    guarded = component in ("lock", "alarm_control_panel") or config.get("device_class") == "garage"
    assert (risk(Command(f"{component}.{service}", entity.id), entity) == "high") == guarded


def heard(entity: Entity, text: str) -> dict[str, Slot]:
    assert isinstance(entity.link, MqttLink)
    link = entity.link
    found = {name: said(reading, text) for name, reading in link.read.items()}
    return {name: link.dialect.heard(name, value) for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("component", "config", "text", "understood"),
    [
        (
            "light",
            HUES,
            '{"state": "ON", "brightness": 127, "color_mode": "hs", "color": {"h": 2, "s": 98}, "color_temp": 300}',
            {"state": "on", "brightness": 50, "color": "red", "temperature": "unknown"},
        ),
        (
            "light",
            HUES,
            '{"state": "ON", "color_mode": "color_temp", "color": {"h": 30, "s": 60}, "color_temp": 370}',
            {"state": "on", "color": "unknown", "temperature": 2703},
        ),
        ("light", HUES, '{"state": "OFF"}', {"state": "off"}),
        ("light", HUES, '{"color": "none"}', {"color": "unknown"}),
        ("light", WORDS, "on,51,0-0-255", {"state": "on", "brightness": 20, "color": "blue"}),
        ("light", WORDS, "off", {"state": "off"}),
        ("cover", BACKWARDS, "70", {"position": 30, "state": "open"}),
        ("cover", BACKWARDS, "100", {"position": 0, "state": "closed"}),
        ("cover", BACKWARDS, "half", {"position": "unknown", "state": "unknown"}),
        ("cover", {"cmd_t": "c", "stat_t": "c/s", "stat_opening": "UP"}, "UP", {"state": "opening"}),
        ("siren", {"cmd_t": "s", "stat_t": "s/s"}, '{"state": "ON"}', {"state": "on"}),
        ("siren", {"cmd_t": "s", "stat_t": "s/s"}, "OFF", {"state": "off"}),
        ("vacuum", {"cmd_t": "v", "stat_t": "v/s"}, '{"state": "cleaning"}', {"state": "cleaning"}),
        ("sensor", {"stat_t": "s", "val_tpl": "{{ value_json.t / 10 }}"}, '{"t": 215}', {"state": "21.5"}),
        ("sensor", {"stat_t": "s", "val_tpl": "{{ value_json.t / 10 }}"}, '{"t": "hot"}', {"state": "unknown"}),
        ("number", {"stat_t": "n", "cmd_t": "n/set"}, "7", {"state": "7"}),
        ("select", {"stat_t": "n", "cmd_t": "n/set"}, "Eco", {"state": "eco"}),
        ("valve", {"stat_t": "n", "cmd_t": "n/set"}, "open", {"state": "open"}),
        ("alarm_control_panel", {"cmd_t": "a", "stat_t": "a/s"}, "armed_away", {"state": "armed_away"}),
    ],
)
def test_what_is_announced_is_heard(
    component: str, config: dict[str, Any], text: str, understood: dict[str, Slot]
) -> None:
    assert heard(one(component, {"name": "Thing", **config}), text) == understood


@pytest.mark.parametrize("color", sorted(colors.NAMES - {"black"}))
@pytest.mark.parametrize("mode", ["hs", "rgb", "xy"])
def test_a_lamp_that_takes_a_colour_reports_that_colour(color: str, mode: str) -> None:
    lamp = one("light", {**HUES, "sup_clrm": [mode]})
    assert isinstance(lamp.link, MqttLink)

    ((_, told),) = sent(lamp, "turn_on", color=color)

    assert lamp.link.dialect.same("color", color, heard(lamp, told)["color"])
    other = "blue" if color != "blue" else "red"
    assert not lamp.link.dialect.same("color", other, heard(lamp, told)["color"])


@pytest.mark.parametrize(
    ("config", "slots", "unsaid"),
    [
        (LAMP, {"color": "red"}, "color"),
        (PLUG, {"brightness": 50}, "brightness"),
        (HUES, {"color": "black"}, "color"),
        ({**HUES, "sup_clrm": ["onoff"]}, {"temperature": 2700}, "temperature"),
        (WORDS, {"temperature": 2700}, "temperature"),
    ],
)
def test_a_lamp_is_not_told_half_of_what_was_asked(config: dict[str, Any], slots: dict[str, Slot], unsaid: str) -> None:
    lamp = one("light", {"name": "Lamp", **config})

    with pytest.raises(NotSent, match=f"nothing says how {unsaid} is sent to this device"):
        sent(lamp, "turn_on", **slots)


def test_a_device_may_say_in_several_places_that_it_is_there() -> None:
    places = [{"t": "~/a"}, {"topic": "bridge", "val_tpl": "{{ value_json.state }}", "pl_avail": "up"}]
    lamp = one("light", {"~": "x", "name": "Lamp", "cmd_t": "~/set", "avty": places, "avty_mode": "any"})
    assert isinstance(lamp.link, MqttLink)

    assert [(p.reading.topic, p.reading.path, p.online) for p in lamp.link.present] == [
        ("x/a", (), "online"),
        ("bridge", ("state",), "up"),
    ]
    assert lamp.link.anywhere


def test_a_node_between_stands_for_nothing_and_a_part_that_is_taken_back_is_gone() -> None:
    station = {**STATION, "cmps": {**STATION["cmps"], "old": {"p": "sensor"}}}  # type: ignore[dict-item]
    found = discovered(
        {
            "my/prefix/light/x/config": json.dumps(HUES),
            "homeassistant/light/switch/y/config": json.dumps(HUES),
            "homeassistant/device/node/station/config": json.dumps(station),
        }
    )

    assert found.skipped == ()
    assert [entity.id for entity in found.entities] == [
        "sensor.station_temp",
        "binary_sensor.station_rain",
        "light.y",
        "light.x",
    ]


@pytest.mark.parametrize(
    ("component", "config", "reason"),
    [
        ("switch", {"name": "x", "command_topic": "a/+/set"}, "a topic is a plain path"),
        ("switch", {"name": "x", "command_topic": "$SYS/a"}, "a topic is a plain path"),
        ("switch", {"name": "x"}, "command_topic is missing"),
        ("switch", {"name": "x", "command_topic": "a", "state_topic": "a"}, "both told and heard"),
        ("sensor", {"name": "x", "state_topic": "a", "val_tpl": "{{ value | regex_replace }}"}, "regex_replace"),
        (
            "sensor",
            {"name": "x", "state_topic": "a", "val_tpl": "{{ states('lock.door') }}"},
            "computes too much (call)",
        ),
        ("sensor", {"name": "x", "state_topic": "a", "value_template": "{{ now() }}"}, "computes too much (call)"),
        ("sensor", {"name": "x", "state_topic": "a", "value_template": "{{ trigger }}"}, "asks for trigger"),
        ("sensor", {"name": "x"}, "state_topic is missing"),
        ("switch", {"name": "x", "command_topic": "a", "availability": {"topic": "a/#"}}, "a topic is a plain path"),
        ("switch", {"name": "x", "command_topic": "a", "command_template": "{{ 3 }}"}, "says nothing of what is asked"),
        ("light", {"name": "x", "command_topic": "a", "schema": "template"}, "command_on_template is missing"),
        ("camera", {"name": "x"}, "nothing here understands a camera"),
        ("lock", {"name": "x", "command_topic": "a", "command_template": "{{ value }} {{ code }}"}, "it wants a code"),
        ("alarm_control_panel", {"name": "x", "command_topic": "a", "code": "REMOTE_CODE"}, "it wants a code"),
        ("cover", {"name": "x", "position_open": 0, "position_closed": 0}, "are the same"),
        ("light", {"name": "x", "command_topic": ["a"]}, "valid string"),
        (
            "cover",
            {
                "name": "x",
                "set_position_topic": "a",
                "set_position_template": "{% for i in 'ab' %}{{ value }}{% endfor %}",
            },
            "computes too much (for)",
        ),
    ],
)
def test_what_cannot_be_used_is_left_out_with_the_reason(component: str, config: dict[str, Any], reason: str) -> None:
    found = discovered(announce(component, config), check_link)

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


ODD: tuple[Any, ...] = (
    *(None, True, -1, 1e308, float("inf"), float("nan"), 10**400, "", "+", "#", "a/+/b", "\x00", "$SYS/x", "x" * 5000),
    *("{{", "{{ value * 'x' }}", "{brightness}", "{{x}}", [], {}, [[]], [{}], {"t": "a/#"}, [1, None], "\u202e"),
)


def test_thousands_of_odd_announcements_name_no_topic_but_a_plain_one() -> None:
    chance = random.Random(3)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("light", LAMP),
        ("light", HUES),
        ("light", WORDS),
        ("switch", PLUG),
        ("cover", BACKWARDS),
    ]
    topics, reasons = set(), set()
    for _ in range(3_000):
        component, config = chance.choice(kinds)
        keys = [*config, "avty", "dev", "cmps", "~", "val_tpl", "schema", "name", "pos_open", "pl_on", "sup_clrm"]
        odd = {key: chance.choice(ODD) for key in chance.sample(keys, 3)}
        found = discovered(announce(component, {"name": "Thing", **config, **odd}), check_link)
        reasons |= {*found.skipped}
        for link in (entity.link for entity in merged(Home(), found).entities):
            assert isinstance(link, MqttLink)
            topics |= {publish.topic for publishes in link.send.values() for publish in publishes} | link.topics

    assert len(topics) > 20
    assert not [topic for topic in topics if set(topic) & set("+#\0{}") or topic.startswith("$")]
    assert not [reason for reason in reasons if "\n" in reason]
