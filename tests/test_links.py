"""Where a command goes stands in the home file; nothing that is said can lead it elsewhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edge_assistant.devices.home import Home
from edge_assistant.devices.links import Dialect, HttpLink, MqttLink, Publish, Reading, Request
from edge_assistant.devices.messages import address, filled, messages, requested
from edge_assistant.devices.services import Command
from edge_assistant.errors import ActionError, ConfigError, NotSent
from edge_assistant.types import Slot
from tests.homes import BrokenHome, House

MQTT = MqttLink(
    {
        "light.turn_on": (
            Publish("t/lamp/set", {"state": "ON", "b": "{brightness}", "c": {"name": "{color}"}}),
            Publish("t/lamp/color", "{color}"),
        )
    }
)
REQUEST = Request("http://192.168.1.20:8080/light/{color}", "PUT", {"level": "{brightness}"}, {"b": "{brightness}"})
NASTY = ("+", "#", "/", "\x00", "\r\n", "@host", "..", "{color}", "?", "&", "%", "\\", "://evil.example", '"', "\u202e")


def hostile(many: int) -> Iterator[str]:
    """Generate values that try to lead elsewhere; the same ones each time."""
    chance = random.Random(3)
    for _ in range(many):
        yield "".join(chance.choice((*NASTY, "red", "50", "a")) for _ in range(chance.randint(1, 8)))


def test_fifty_thousand_values_lead_nowhere_else() -> None:
    for value in hostile(50_000):
        slots: dict[str, Slot] = {"color": value, "brightness": value}
        topics = {topic for topic, _ in messages(MQTT, "light.turn_on", slots)}
        url = urlsplit(address(REQUEST, slots))

        assert topics == {"t/lamp/set", "t/lamp/color"}
        assert (url.scheme, url.netloc, url.path.count("/")) == ("http", "192.168.1.20:8080", 2)
        assert not set(url.path + url.query) & set("\r\n\0#\\ ")


async def test_fifty_thousand_values_do_not_pass_the_gate(tmp_path: Path) -> None:
    backend = BrokenHome(Home.from_mapping({"entities": [{"id": "light.kitchen", "name": "k", "domain": "light"}]}))
    house = House(tmp_path, backend=backend)
    values = [value for value in hostile(50_000) if value != "red"]

    commands = [Command("light.turn_on", "light.kitchen", {"color": value}) for value in values]
    receipts = await house.actuator.act(commands, asked=house.clock.now)
    house.close()

    assert {receipt.reason for receipt in receipts} == {"out_of_range"}
    assert backend.called == []


def test_a_message_that_lacks_its_value_is_left_out() -> None:
    sent = messages(MQTT, "light.turn_on", {"brightness": 50})

    assert sent == [("t/lamp/set", '{"state": "ON", "b": 50}')]
    assert filled(REQUEST.json, {"brightness": 21.5}) == {"b": 21.5}
    with pytest.raises(ActionError, match="nothing says how"):
        messages(MQTT, "light.turn_off", {})


def test_a_device_is_told_all_that_was_asked_or_nothing() -> None:
    plain = MqttLink({"light.turn_on": (Publish("t/lamp/set", "ON"),)})
    pump = HttpLink({"light.turn_on": Request("http://192.168.1.20/on")})

    with pytest.raises(NotSent, match="nothing says how color is sent"):
        messages(plain, "light.turn_on", {"color": "red"})
    with pytest.raises(NotSent, match="nothing says how temperature is sent"):
        messages(MQTT, "light.turn_on", {"brightness": 5, "temperature": 2700})
    with pytest.raises(NotSent, match="nothing says how brightness is sent"):
        requested(pump, {"brightness": 50}, pump.send["light.turn_on"])
    assert messages(plain, "light.turn_on", {}) == [("t/lamp/set", "ON")]


def test_a_template_in_a_message_needs_somebody_who_works_it_out() -> None:
    link = MqttLink({"light.turn_on": (Publish("t", {"value": "{brightness}"}, "{{ value }}"),)})

    with pytest.raises(NotSent, match="nothing here works templates out"):
        messages(link, "light.turn_on", {"brightness": 50})


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "again"),
    [
        ("brightness", 50, 127, 50),
        ("brightness", 33, 84, 33),
        ("muted", True, "mute", True),
        ("state", "on", "1", "on"),
        ("volume", 7, 7, 7),
    ],
)
def test_a_device_has_its_own_words_and_steps(name: str, ours: Slot, theirs: Slot, again: Slot) -> None:
    dialect = Dialect(
        {"muted": {"true": "mute", "false": "unmute"}, "state": {"on": "1", "off": "0"}}, {"brightness": 254}
    )

    assert dialect.spoken({name: ours}) == {name: theirs}
    assert dialect.heard(name, theirs) == again


def test_a_device_of_ten_steps_may_mean_what_was_wanted() -> None:
    dialect = Dialect(scale={"percentage": 10})

    assert dialect.same("percentage", 33, dialect.heard("percentage", 3))
    assert not dialect.same("percentage", 33, dialect.heard("percentage", 4))
    assert dialect.same("percentage", 33, 33)
    assert not dialect.same("percentage", 33, None)


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ((), "ON\x1b[2J", "ON[2J"),
        (("a", "b"), '{"a": {"b": 3}}', 3),
        (("a",), '{"a": [1]}', None),
        (("a",), '{"a": {"b": 3}}', None),
        (("a",), "no json", None),
        (("a",), "[" * 50_000, None),
        ((), "x" * 1000, "x" * 255),
    ],
)
def test_a_report_is_read_where_it_should_stand(path: tuple[str, ...], text: str, said: Slot | None) -> None:
    assert Reading(path=path).said(text) == said


GOOD = """
entities:
  - id: light.desk
    name: Desk lamp
    mqtt:
      topic: home/desk/set
      send: {turn_on: {state: ON, brightness: "{brightness}"}, turn_off: {state: OFF}}
      state: home/desk
      read: {state: state, brightness: brightness}
      scale: {brightness: 254}
      available: home/desk/availability
  - id: switch.pump
    name: Pump
    http:
      send: {turn_on: "http://192.168.1.20/on", turn_off: {url: "http://192.168.1.20/off", method: GET}}
      state: http://192.168.1.20/state
"""


def read(folder: Path, text: str) -> Home:
    path = folder / "home.yaml"
    path.write_text(text, encoding="utf-8")
    return Home.read(path)


def test_a_home_says_how_its_devices_are_connected(tmp_path: Path) -> None:
    desk, pump = read(tmp_path, GOOD).entities

    assert isinstance(desk.link, MqttLink)
    assert desk.link.topics == {"home/desk", "home/desk/availability"}
    assert isinstance(pump.link, HttpLink)
    assert pump.link.send["switch.turn_off"] == Request("http://192.168.1.20/off", "GET")


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        ("home/desk/set", "home/+/set", r"home.yaml:6: .*mqtt.topic: a topic is a plain path"),
        ("home/desk/set", "home/{brightness}/set", r"home.yaml:6: .*mqtt.topic: a topic is a plain path"),
        ("home/desk/set", "$SYS/set", r"home.yaml:6: .*mqtt.topic: a topic is a plain path"),
        ("home/desk/set", '"home/desk\\0"', r"home.yaml:6: .*mqtt.topic: a topic is a plain path"),
        ("topic: home/desk/set", "", r"home.yaml:3: entities.0: no topic says where light.turn_on is sent"),
        ("state: home/desk\n", "state: home/desk/set\n", r"home/desk/set is both told and heard"),
        ("{brightness}", "{colour}", r"light.turn_on has no value \{colour\}"),
        ("turn_off: {state", "explode: {state", r"there is no service light.explode"),
        ("254", "0", r"home.yaml:10: .*scale.brightness: input should be greater than 0"),
        ("http://192.168.1.20/on", "http://{x}/on", r"home.yaml:15: .*the host of an address is fixed"),
        ("http://192.168.1.20/on", "http://me:secret@host/on", r"the host of an address is fixed"),
        ("http://192.168.1.20/on", "file:///etc/passwd", r"an address starts with http"),
        ("http://192.168.1.20/on", "http://host:port/on", r"home.yaml:15: "),
        ("http:\n", "via: mqtt\n    http:\n", r"via mqtt needs a section mqtt"),
        ("scale:", "scal:", r"home.yaml:10: entities.0.mqtt.scal: there is no such key"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, good: str, bad: str, complaint: str
) -> None:
    assert good in GOOD

    with pytest.raises(ConfigError, match=complaint):
        read(tmp_path, GOOD.replace(good, bad, 1))


@pytest.mark.parametrize("said", [float("inf"), float("nan"), -1e300, 10**400, "inf", "nan", "1e999", "9" * 400])
def test_a_number_beyond_measure_is_no_brightness(said: Slot) -> None:
    dialect = Dialect(scale={"brightness": 254}, mireds=True)

    assert dialect.heard("brightness", said) == dialect.heard("temperature", said) == "unknown"
