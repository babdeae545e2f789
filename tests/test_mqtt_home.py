"""Against a real Mosquitto: what is said to be done was done, once, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import aiomqtt
import pytest

from edge_assistant.actuator import TTL, Actuator, Receipt
from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.adapters.mqtt_home import MqttHome
from edge_assistant.adapters.router import Router
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.links import Dialect, MqttLink, Presence, Publish, Reading
from edge_assistant.devices.services import Command
from edge_assistant.errors import ConfigError, NotSent
from edge_assistant.storage.actions import Actions
from edge_assistant.storage.database import Database
from tests.brokers import Mosquitto, devices, kept_at, obedient, say

USERS = (
    "house:$7$101$vCn9R+Ujg4bZJ8Ui$dZNwBpC64YqA68C6riIwSb6jMual0nsw2eQ3OMSOPz/"
    "W4ujXNlxsrHn+ukYUnDQ0J/Yfj30IsEWefBZ19ipPMQ==\n"
)
"""What mosquitto_passwd writes for the user house with the password right."""
pytestmark = pytest.mark.broker


def lamp(name: str, scale: float | None = None) -> Entity:
    link = MqttLink(
        {
            "light.turn_on": (Publish(f"t/{name}/set", {"state": "ON", "brightness": "{brightness}"}),),
            "light.turn_off": (Publish(f"t/{name}/set", {"state": "OFF"}),),
        },
        {"state": Reading(f"t/{name}", ("state",)), "brightness": Reading(f"t/{name}", ("brightness",))},
        Dialect(scale={"brightness": scale} if scale else {}),
        (Presence(Reading(f"t/{name}/there")),),
    )
    return Entity(f"light.{name}", name, domain="light", link=link)


@dataclass
class Told:
    """A gate over devices at a broker."""

    actuator: Actuator
    home: MqttHome

    def state(self, id: str) -> str:
        return self.home.entities()[id].state

    async def act(self, *commands: Command, key: str | None = None) -> list[Receipt]:
        return await self.actuator.act(commands, asked=self.actuator.now(), key=key)


@asynccontextmanager
async def gate(broker: Broker, folder: Path, *entities: Entity, patience: float = 5.0) -> AsyncIterator[Told]:
    outbox = Database(folder / "outbox.db", durable=True)
    actions, connected = Actions(outbox), MqttHome(broker, entities)
    router = Router(MemoryHome(Home(entities=entities)), None, lambda home: [connected])
    try:
        yield Told(Actuator(router, lambda: actions, patience=patience, refresh=router.refresh), connected)
    finally:
        await router.aclose()
        outbox.close()


def at(broker: Mosquitto) -> Broker:
    return Broker.at(broker.url)


async def test_a_lamp_is_told_and_reports(broker: Mosquitto, tmp_path: Path) -> None:
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, lamp("a", 254)) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a", {"brightness": 33}))
        (again,) = await told.act(Command("light.turn_on", "light.a", {"brightness": 33}))

        assert (receipt.status, again.status) == ("done", "already")
        assert [payload for _, payload, _ in there.told] == ['{"state": "ON", "brightness": 84}']
        assert told.home.entities()["light.a"].attributes == {"brightness": 33}


async def test_a_thousand_commands_while_the_broker_dies(broker: Mosquitto, tmp_path: Path) -> None:
    lamps = [lamp(f"l{number}") for number in range(125)]
    asked: dict[str, float] = {}
    done: list[str] = []
    receipts: Counter[str] = Counter()
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, *lamps) as told:
        numbers = iter(range(1000))

        async def worker() -> None:
            for number in numbers:
                if number % 200 == 150:
                    broker.kill()
                    there.listening.clear()
                if number % 200 == 170:
                    broker.start()
                if not 150 <= number % 200 < 170:
                    await there.listening.wait()
                value = (number + 1) / 10
                asked[f"{value:g}"] = monotonic()
                (receipt,) = await told.act(Command("light.turn_on", lamps[number % 125].id, {"brightness": value}))
                receipts[receipt.status] += 1
                if receipt.status == "done":
                    done.append(f"{value:g}")

        await asyncio.gather(*(worker() for _ in range(8)))
        happened = [(f"{json.loads(payload)['brightness']:g}", at) for _, payload, at in there.told]

    times = Counter(value for value, _ in happened)
    assert receipts["done"] > 500
    assert receipts["failed"] > 50
    assert [value for value in done if value not in times] == []
    assert [value for value, many in times.items() if many > 1] == []
    assert [value for value, at in happened if at - asked[value] > TTL] == []


async def test_a_device_that_comes_back_late_finds_no_command(broker: Mosquitto, tmp_path: Path) -> None:
    absent = {"identifier": "lamp", "clean_session": False}
    async with aiomqtt.Client("127.0.0.1", broker.port, **absent) as client:  # type: ignore[arg-type]
        await client.subscribe("t/a/set", qos=1)

    async with gate(at(broker), tmp_path, lamp("a"), patience=2.0) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))
        await asyncio.sleep(2)  # the broker's clock cannot be turned

    async with aiomqtt.Client("127.0.0.1", broker.port, **absent) as client:  # type: ignore[arg-type]
        await client.subscribe("end", qos=1)
        await client.publish("end", "nothing came before this", qos=1)
        first = await client.messages.__anext__()
    assert (receipt.status, receipt.reason) == ("failed", "unreachable")
    assert str(first.topic) == "end"


async def test_a_broker_that_hangs_finds_no_command_when_it_wakes(broker: Mosquitto, tmp_path: Path) -> None:
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, lamp("a"), patience=2.5) as told:
        await told.act(Command("light.turn_on", "light.a", {"brightness": 1}))
        broker.signal(signal.SIGSTOP)
        (hung,) = await told.act(Command("light.turn_on", "light.a", {"brightness": 2}))
        broker.signal(signal.SIGCONT)
        await there.listening.wait()
        (later,) = await told.act(Command("light.turn_on", "light.a", {"brightness": 3}))

        values = [json.loads(payload)["brightness"] for _, payload, _ in there.told]
        assert (hung.status, hung.reason) == ("failed", "not_sent")
        assert (later.status, later.detail) == ("done", "")
        assert values == [1, 3]


async def test_without_a_broker_nothing_is_sent_and_nothing_waits(broker: Mosquitto, tmp_path: Path) -> None:
    async with gate(at(broker), tmp_path, lamp("a")) as told:
        broker.kill()
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))
        broker.start()
        async with devices(broker.port, obedient) as there:
            (later,) = await told.act(Command("light.turn_off", "light.a"))

            assert (receipt.status, receipt.reason) == ("failed", "not_sent")
            assert later.status == "done"
            assert [json.loads(payload)["state"] for _, payload, _ in there.told] == ["OFF"]


async def test_what_the_broker_kept_is_read_at_the_start_and_forgotten_with_the_connection(
    broker: Mosquitto, tmp_path: Path
) -> None:
    await say(broker.port, "t/a", '{"state": "ON"}', retain=True)
    async with gate(at(broker), tmp_path, lamp("a")) as told:
        before = told.state("light.a")
        await told.actuator.look()
        after = told.state("light.a")
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))
        broker.kill()
        while told.state("light.a") == "on":
            await asyncio.sleep(0)

        assert (before, after, receipt.status) == ("unknown", "on", "already")


async def test_a_kept_command_is_ignored_and_ours_are_never_kept(broker: Mosquitto, tmp_path: Path) -> None:
    await say(broker.port, "t/a/set", '{"state": "OFF"}', retain=True)
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, lamp("a")) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))

        assert receipt.status == "done"
        assert [payload for _, payload, _ in there.told].count('{"state": "ON"}') == 1
        assert await kept_at(broker.port, "t/a/set") == ['{"state": "OFF"}']


async def test_a_device_that_is_offline_is_not_told(broker: Mosquitto, tmp_path: Path) -> None:
    await say(broker.port, "t/a/there", "offline", retain=True)
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, lamp("a")) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))

        assert (receipt.reason, told.state("light.a")) == ("not_sent", "unavailable")
        assert there.told == []


@pytest.mark.parametrize("report", ["", "x" * 70_000, '{"state": "OFF"}', '{"other": 1}', "[" * 30_000])
async def test_a_device_that_reports_something_else_is_not_believed(
    broker: Mosquitto, tmp_path: Path, report: str
) -> None:
    reporting = devices(broker.port, lambda name, told: report)
    async with reporting as there, gate(at(broker), tmp_path, lamp("a"), patience=1.7) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))

        assert receipt.status == "failed"
        assert len(there.told) == 1


async def test_the_same_request_twice_is_told_once(broker: Mosquitto, tmp_path: Path) -> None:
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, lamp("a")) as told:
        on, off = Command("light.turn_on", "light.a"), Command("light.turn_off", "light.a")
        first = await told.act(on, key="message-1")
        await told.act(off)
        second = await told.act(on, key="message-1")

        assert [receipts[0].status for receipts in (first, second)] == ["done", "already"]
        assert [json.loads(payload)["state"] for _, payload, _ in there.told] == ["ON", "OFF"]


async def test_nobody_listening_is_not_done(broker: Mosquitto, tmp_path: Path) -> None:
    silent = Entity("light.b", "b", domain="light", link=MqttLink({"light.turn_on": (Publish("t/b/set", "ON"),)}))
    async with gate(at(broker), tmp_path, silent) as told:
        (alone,) = await told.act(Command("light.turn_on", "light.b"))
        async with devices(broker.port, lambda name, payload: None):
            (heard,) = await told.act(Command("light.turn_on", "light.b"))

        assert (alone.status, alone.detail) == ("failed", "nobody listens to t/b/set")
        assert heard.status == "done"
        assert told.state("light.b") == "unknown"


async def test_a_wrong_password_and_a_forbidden_topic_are_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "users").write_text(USERS)
    (tmp_path / "rights").write_text("user house\ntopic read t/#\n")
    broker = Mosquitto(tmp_path, f"password_file {tmp_path}/users", f"acl_file {tmp_path}/rights")
    receipts = []
    for word in ("wrong", "right"):
        monkeypatch.setenv("BROKER_USER", "house")
        monkeypatch.setenv("BROKER_PASSWORD", word)
        known = Broker.at(broker.url, "BROKER_USER", "BROKER_PASSWORD")
        async with gate(known, tmp_path, lamp("a")) as told:
            receipts += await told.act(Command("light.turn_on", "light.a"))
    broker.kill()

    assert [(receipt.status, receipt.reason) for receipt in receipts] == [("failed", "not_sent")] * 2
    assert "authori" in receipts[0].detail.lower() or "password" in receipts[0].detail.lower()
    assert "refused it (code 135)" in receipts[1].detail


def test_a_topic_that_is_told_and_heard_is_refused() -> None:
    other = Entity("light.b", "b", domain="light", link=MqttLink(read={"state": Reading("t/a/set")}))

    with pytest.raises(ConfigError, match="t/a/set is both told and heard"):
        MqttHome(Broker("127.0.0.1", 1), [lamp("a"), other])


async def deaf_broker(acknowledges: bool) -> tuple[asyncio.Server, list[bytes]]:
    """Serve MQTT 5 as far as needed: every command is taken, and acknowledged or not; nothing is delivered."""
    published: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind = (await reader.readexactly(1))[0] >> 4
                body = await reader.readexactly((await reader.readexactly(1))[0])
                if kind == 1:
                    writer.write(b"\x20\x03\x00\x00\x00")
                elif kind in (8, 10):  # SUBSCRIBE, UNSUBSCRIBE: one topic each
                    writer.write(bytes([0x90 if kind == 8 else 0xB0, 4]) + body[:2] + b"\x00\x00")
                elif kind == 3:
                    published.append(body)
                    size = int.from_bytes(body[:2], "big")
                    if acknowledges:
                        writer.write(b"\x40\x02" + body[2 + size : 4 + size])
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0), published


@pytest.mark.parametrize(
    ("acknowledges", "detail"), [(False, "did not acknowledge the command"), (True, "did not report its state")]
)
async def test_a_command_that_nobody_acknowledges_or_obeys_is_not_done(
    tmp_path: Path, acknowledges: bool, detail: str
) -> None:
    server, published = await deaf_broker(acknowledges)
    plain = MqttLink({"light.turn_on": (Publish("t/a/set", "ON"),)}, {"state": Reading("t/a")})
    lamp = Entity("light.a", "a", domain="light", link=plain)

    known = Broker("127.0.0.1", server.sockets[0].getsockname()[1])
    async with gate(known, tmp_path, lamp, patience=1.7) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a"))
    server.close()

    assert (receipt.status, receipt.reason) == ("failed", "unreachable")
    assert detail in receipt.detail
    assert len(published) == 1


async def test_a_home_file_that_changes_is_connected_anew(broker: Mosquitto, tmp_path: Path) -> None:
    memory = MemoryHome(Home(entities=(lamp("a"),)))
    house = Home(entities=(lamp("a"),))
    router = Router(memory, lambda: house, lambda home: [MqttHome(at(broker), home.entities)])
    async with devices(broker.port, obedient) as there:
        first = await router.call(Command("light.turn_on", "light.a"))
        house = Home(entities=(replace(lamp("b"), id="light.a"),))
        router.home()
        second = await router.call(Command("light.turn_on", "light.a"))
        await router.aclose()

        assert (first.state, second.state) == ("on", "on")
        assert [name for name, _, _ in there.told] == ["a", "b"]


async def test_memory_never_speaks_for_a_device(tmp_path: Path) -> None:
    home = Home(entities=(lamp("a"),))

    with pytest.raises(NotSent, match=r"light\.a is not connected"):
        await Router(MemoryHome(home)).call(Command("light.turn_on", "light.a"))


async def test_a_blind_that_takes_its_time_is_under_way(broker: Mosquitto, tmp_path: Path) -> None:
    link = MqttLink({"cover.open_cover": (Publish("t/blind/set", "OPEN"),)}, {"state": Reading("t/blind")})
    blind = Entity("cover.blind", "blind", domain="cover", link=link)
    moving = devices(broker.port, lambda name, payload: "opening")
    async with moving as there, gate(at(broker), tmp_path, blind) as told:
        (receipt,) = await told.act(Command("cover.open_cover", "cover.blind"))

        assert (receipt.status, told.state("cover.blind")) == ("started", "opening")
        assert len(there.told) == 1


def hue(name: str) -> Entity:
    """Return a lamp with a colour or a white of some warmth."""
    link = MqttLink(
        {
            "light.turn_on": (
                Publish(f"t/{name}/set", {"color": {"h": "{hue}", "s": "{saturation}"}}),
                Publish(f"t/{name}/set", {"color_temp": "{mireds}"}),
            )
        },
        {
            "state": Reading(f"t/{name}", ("state",)),
            "color": Reading(f"t/{name}", ("color",), form="hs"),
            "temperature": Reading(f"t/{name}", ("color_temp",)),
        },
        Dialect(mireds=True),
    )
    return Entity(f"light.{name}", name, domain="light", link=link)


async def test_a_lamp_has_a_colour_or_a_warmth(broker: Mosquitto, tmp_path: Path) -> None:
    red = Command("light.turn_on", "light.a", {"color": "red"})
    warm = Command("light.turn_on", "light.a", {"temperature": 2700})
    async with devices(broker.port, obedient) as there, gate(at(broker), tmp_path, hue("a")) as told:
        statuses = [(await told.act(command))[0].status for command in (red, red, warm, red)]

        assert statuses == ["done", "already", "done", "done"]
        assert len(there.told) == 3
        assert told.home.entities()["light.a"].attributes == {"color": "red"}


async def test_a_lamp_that_turns_another_colour_is_not_done(broker: Mosquitto, tmp_path: Path) -> None:
    blue = devices(broker.port, lambda name, told: '{"state": "ON", "color": {"h": 240, "s": 100}}')
    async with blue, gate(at(broker), tmp_path, hue("a"), patience=1.7) as told:
        (receipt,) = await told.act(Command("light.turn_on", "light.a", {"color": "red"}))

        assert (receipt.status, receipt.reason) == ("failed", "not_done")


@pytest.mark.parametrize(("anywhere", "state"), [(False, "unavailable"), (True, "unknown")])
async def test_a_device_may_be_there_in_several_ways(
    broker: Mosquitto, tmp_path: Path, anywhere: bool, state: str
) -> None:
    bridge = Presence(Reading("bridge", template="{{ value_json.state }}"), "up")
    link = MqttLink({}, {"state": Reading("t/a")}, present=(Presence(Reading("t/a/there")), bridge), anywhere=anywhere)
    await say(broker.port, "t/a/there", "offline", retain=True)
    await say(broker.port, "bridge", '{"state": "up"}', retain=True)
    async with gate(at(broker), tmp_path, Entity("sensor.a", "a", domain="sensor", link=link)) as told:
        await told.actuator.look()

        assert told.state("sensor.a") == state


async def test_what_cannot_be_worked_out_is_unknown_and_not_as_before(broker: Mosquitto, tmp_path: Path) -> None:
    link = MqttLink(read={"state": Reading("t/a", template="{{ value | float / 10 }}")})
    async with gate(at(broker), tmp_path, Entity("sensor.a", "a", domain="sensor", link=link)) as told:
        await say(broker.port, "t/a", "215", retain=True)
        await told.actuator.look()
        before = told.state("sensor.a")
        await say(broker.port, "t/a", "broken")
        while told.state("sensor.a") == before:
            await asyncio.sleep(0)

        assert (before, told.state("sensor.a")) == ("21.5", "unknown")
