"""The connection itself: whom it trusts, which MQTT it speaks, and what it leaves behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from aiomqtt import TLSParameters

from edge_assistant.adapters.mqtt import MqttLine
from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.config import Actions
from edge_assistant.errors import ConfigError, NotSent
from tests.brokers import Mosquitto, devices, kept_at, obedient
from tests.certificates import Authority

STATUS = "edge/house/status"
DIES = f"""
import asyncio, os, signal, sys
from edge_assistant.adapters.mqtt import MqttLine
from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.config import Actions

async def main():
    settings = Actions(mqtt=sys.argv[1], mqtt_status="{STATUS}")
    line = MqttLine(Broker.of(settings), [], lambda *said: None, lambda: None)
    await line.ready()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
pytestmark = pytest.mark.broker


@asynccontextmanager
async def line(broker: Broker, *topics: str, heard: list[str] | None = None) -> AsyncIterator[MqttLine]:
    said = heard if heard is not None else []
    connected = MqttLine(broker, topics, lambda topic, text, kept: said.append(text), lambda: None)
    try:
        yield connected
    finally:
        await connected.aclose()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def encrypted(folder: Path, authority: Authority, place: str, *more: str) -> tuple[Mosquitto, Actions]:
    """Start a broker with a certificate for a place, and return how it is connected to."""
    certificate, key = authority.sign(f"broker-{place.partition(':')[2]}", place)
    files = f"cafile {authority.file}", f"certfile {certificate}", f"keyfile {key}"
    broker = Mosquitto(folder, "allow_anonymous true", *files, *more)
    return broker, Actions(mqtt=f"mqtts://127.0.0.1:{broker.port}", mqtt_ca=authority.file)


async def test_who_trusts_the_authority_speaks_tls(tmp_path: Path, authority: Authority) -> None:
    broker, settings = encrypted(tmp_path, authority, "IP:127.0.0.1")
    heard: list[str] = []
    topics = [f"t/{number}" for number in range(300)]
    async with aiomqtt.Client("127.0.0.1", broker.port, tls_params=TLSParameters(str(authority.file))) as client:
        for topic in topics:
            await client.publish(topic, "kept", qos=1, retain=True)

    async with line(Broker.of(settings), *topics, heard=heard) as connected:
        await connected.ready()
        while len(heard) < len(topics):
            await asyncio.sleep(0)
    broker.kill()

    assert set(heard) == {"kept"}


@pytest.mark.parametrize(
    ("place", "trusted", "complaint"),
    [
        ("IP:127.0.0.1", "other", r"its certificate cannot be trusted \(self-signed"),
        ("IP:127.0.0.1", "system", r"its certificate cannot be trusted \("),
        ("DNS:elsewhere", "right", r"its certificate cannot be trusted \(IP address mismatch"),
    ],
)
async def test_a_broker_that_cannot_prove_itself_is_told_nothing(
    tmp_path: Path, authority: Authority, place: str, trusted: str, complaint: str
) -> None:
    broker, settings = encrypted(tmp_path, authority, place, "log_type all", f"log_dest file {tmp_path}/log")
    authorities = {"other": Authority(tmp_path, "other").file, "system": None, "right": authority.file}

    async with line(Broker.of(settings.model_copy(update={"mqtt_ca": authorities[trusted]}))) as connected:
        with pytest.raises(NotSent, match=complaint):
            await connected.publish("t/a/set", "ON", 5)
    broker.kill()

    assert "edge-assistant-" not in (tmp_path / "log").read_text()


async def test_a_broker_without_tls_is_said_to_be_one(broker: Mosquitto, authority: Authority) -> None:
    settings = Actions(mqtt=broker.url.replace("mqtt:", "mqtts:"), mqtt_ca=authority.file)

    async with line(Broker.of(settings)) as connected:
        with pytest.raises(NotSent, match=r"127\.0\.0\.1:\d+: no TLS connection \("):
            await connected.ready()


async def test_a_broker_may_ask_who_we_are(tmp_path: Path, authority: Authority) -> None:
    broker, settings = encrypted(tmp_path, authority, "IP:127.0.0.1", "require_certificate true")
    certificate, key = authority.sign("house")

    async with line(Broker.of(settings)) as stranger:
        with pytest.raises(NotSent):
            await stranger.publish("t/a/set", "ON", 5)
    heard: list[str] = []
    known = Broker.of(settings.model_copy(update={"mqtt_certificate": certificate, "mqtt_key": key}))
    async with line(known) as connected, line(known, "t/a", heard=heard) as other:
        await other.ready()
        await connected.publish("t/a", "ON", 5)
        while not heard:
            await asyncio.sleep(0)
    broker.kill()

    assert heard == ["ON"]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"mqtt": "mqtts://a", "mqtt_ca": "none.pem"}, r"actions.mqtt_ca: .*none.pem cannot be used \(No such file"),
        ({"mqtt": "mqtts://a", "mqtt_ca": "empty.pem"}, r"actions.mqtt_ca: .*empty.pem cannot be used \("),
        ({"mqtt": "mqtts://a", "mqtt_certificate": "empty.pem"}, r"actions.mqtt_certificate: .* cannot be used \("),
        ({"mqtt": "mqtt://a", "mqtt_ca": "empty.pem"}, r"certificates need an address that starts with mqtts://"),
        ({"mqtt": "mqtt://a", "mqtt_status": "a/+"}, r"actions.mqtt_status: a topic is a plain path"),
        ({"mqtt": "http://a"}, r"this is no address of a broker"),
        ({}, r"this is no address of a broker"),
    ],
)
def test_settings_that_cannot_work_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.pem").touch()

    with pytest.raises(ConfigError, match=complaint) as caught:
        Broker.of(Actions.model_validate(settings))

    assert "\n" not in str(caught.value)


@asynccontextmanager
async def old(broker: Mosquitto) -> AsyncIterator[tuple[int, list[int]]]:
    """Stand before a broker and refuse everything newer than MQTT 3.1.1, as older brokers do."""
    levels: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(4096)
        levels.append(first[first.index(b"MQTT") + 4])
        if levels[-1] > 4:
            writer.write(b"\x20\x02\x00\x01")
            writer.close()
            return
        behind, before = await asyncio.open_connection("127.0.0.1", broker.port)
        before.write(first)
        await asyncio.gather(_pass_on(reader, before), _pass_on(behind, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], levels
    finally:
        server.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(4096):
            writer.write(some)
    writer.close()


async def test_an_older_broker_is_spoken_to_as_it_understands(broker: Mosquitto) -> None:
    heard: list[str] = []
    async with (
        old(broker) as (port, levels),
        devices(broker.port, obedient) as there,
        line(Broker("127.0.0.1", port), "t/a", heard=heard) as connected,
    ):
        await connected.publish("t/a/set", '{"brightness": 1}', 5)
        while not heard:
            await asyncio.sleep(0)

        assert levels == [5, 4]
        assert [payload for _, payload, _ in there.told] == ['{"brightness": 1}']
        assert json.loads(heard[0]) == {"state": "ON", "brightness": 1}


async def test_an_older_broker_keeps_nothing_for_a_sleeping_device(broker: Mosquitto) -> None:
    await kept_at(broker.port, "t/a/set", sleeper="lamp")

    async with old(broker) as (port, _), line(Broker("127.0.0.1", port)) as connected:
        await connected.publish("t/a/set", "ON", 5)

    assert await kept_at(broker.port, "t/a/set", sleeper="lamp") == []


async def test_the_broker_says_whether_we_are_there(broker: Mosquitto) -> None:
    settings = Actions(mqtt=broker.url, mqtt_status=STATUS)
    async with line(Broker.of(settings)) as connected:
        await connected.ready()
        during = await kept_at(broker.port, STATUS)
    after = await kept_at(broker.port, STATUS)

    assert (during, after) == (["online"], ["offline"])


async def test_the_broker_says_that_we_are_gone_when_we_cannot(broker: Mosquitto) -> None:
    died = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", DIES, broker.url], timeout=60, check=False)
    while await kept_at(broker.port, STATUS) != ["offline"]:
        await asyncio.sleep(0)

    assert died.returncode == -9


async def test_one_of_two_goes_and_the_other_is_still_there(broker: Mosquitto) -> None:
    settings = Actions(mqtt=broker.url, mqtt_status=STATUS)
    async with line(Broker.of(settings)) as staying:
        await staying.ready()
        async with line(Broker.of(settings)) as going:
            await going.ready()
        while await kept_at(broker.port, STATUS) != ["online"]:
            await asyncio.sleep(0)

    assert await kept_at(broker.port, STATUS) == ["offline"]
