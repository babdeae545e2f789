"""What the page about devices shows is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge_assistant.config import Config
from edge_assistant.devices.home import Home
from edge_assistant.devices.links import HttpLink, MqttLink
from edge_assistant.devices.messages import messages
from tests.brokers import Mosquitto, devices, obedient
from tests.test_pages import at_home, blocks

PAGE = "docs/devices.md"


def settled(folder: Path, port: int) -> Path:
    """Write the settings and the home that the page shows, with another port and folder."""
    (folder / "home.yaml").write_text(blocks(PAGE, "yaml")[0], encoding="utf-8")
    settings = blocks(PAGE, "toml")[0].replace("/home/me", str(folder)).replace("1883", str(port))
    (folder / "config.toml").write_text(settings, encoding="utf-8")
    return folder


@pytest.mark.broker
async def test_a_lamp_is_connected_over_mqtt_in_five_minutes(tmp_path: Path) -> None:
    import anyio

    broker = Mosquitto(tmp_path)
    asked = blocks(PAGE, "sh")[0].splitlines()[1]
    async with devices(broker.port, obedient, prefix="home") as there:
        ran = await anyio.to_thread.run_sync(at_home, settled(tmp_path, broker.port), "bash", "-c", asked)
        log = await anyio.to_thread.run_sync(at_home, tmp_path, "edge-assistant", "history", "--actions")
    broker.kill()

    assert (ran.stdout, ran.stderr) == ("Set the desk lamp to 50%.\n", "")
    assert [(name, payload) for name, payload, _ in there.told] == [("desk", '{"state": "ON", "brightness": 127}')]
    assert "done     light.turn_on  light.desk  brightness=50" in log.stdout


def test_a_shelf_lamp_is_told_its_colour_and_reports_it(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(blocks(PAGE, "yaml")[1], encoding="utf-8")

    link = Home.read(tmp_path / "home.yaml").entities[0].link
    assert isinstance(link, MqttLink)
    ((topic, told),) = messages(link, "light.turn_on", {"color": "red"})
    _, warm = messages(link, "light.turn_on", {"temperature": 2700})[0]

    assert (topic, told) == ("home/shelf/set", '{"state": "ON", "color": {"r": 255, "g": 0, "b": 0}}')
    assert link.read["color"].said(told) == "red"
    mireds = link.read["temperature"].said(warm)
    assert mireds == 370
    assert link.dialect.same("temperature", 2700, link.dialect.heard("temperature", mireds))


def test_a_pump_is_connected_over_http(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(blocks(PAGE, "yaml")[2], encoding="utf-8")

    link = Home.read(tmp_path / "home.yaml").entities[0].link

    assert isinstance(link, HttpLink)
    assert link.send["switch.turn_off"].query == {"turn": "off"}
    assert link.dialect.heard("state", True) == "on"


def test_a_function_of_one_s_own_carries_out_commands(tmp_path: Path) -> None:
    (tmp_path / "try.py").write_text(blocks(PAGE, "python")[0], encoding="utf-8")

    ran = subprocess.run(
        [sys.executable, "try.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )

    assert ran.stdout == "light.turn_on light.kitchen {}\nTurned on the kitchen light. done\n"


@pytest.mark.parametrize(
    ("number", "broker"),
    [(0, "mqtt://127.0.0.1:1883"), (1, "mqtts://192.168.1.2"), (2, "mqtt://127.0.0.1:1883")],
)
def test_the_settings_are_accepted(tmp_path: Path, number: int, broker: str) -> None:
    (tmp_path / "config.toml").write_text(blocks(PAGE, "toml")[number], encoding="utf-8")

    assert Config.read(tmp_path / "config.toml").actions.mqtt == broker
