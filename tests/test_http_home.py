"""Devices over HTTP, and behind functions: told once, and believed when they report it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from edge_assistant.actuator import Actuator
from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.adapters.python_home import Carry
from edge_assistant.adapters.router import Router, connect, planned
from edge_assistant.config import Actions as Settings
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.links import Dialect, HttpLink, MqttLink, PythonLink, Reading, Request
from edge_assistant.devices.services import Command
from edge_assistant.errors import ConfigError
from edge_assistant.storage.actions import Actions
from edge_assistant.storage.database import Database
from edge_assistant.types import Slot


class Lamp(ThreadingHTTPServer):
    """A lamp with an HTTP interface; `manner` says how well it works."""

    daemon_threads = True

    def __init__(self, manner: str = "good") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = manner
        self.state = {"on": False, "level": 0}
        self.asked: list[tuple[str, str, str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Lamp

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append((self.command, self.path, body, self.headers.get("Authorization")))
        if self.server.manner == "redirect":
            self.send_response(302)
            self.send_header("Location", f"{self.server.url}/elsewhere")
            self.end_headers()
            return
        if self.command == "POST" and self.server.manner == "good":
            self.server.state = {**self.server.state, **json.loads(body)}
        self.send_response(500 if self.server.manner == "broken" else 200)
        self.end_headers()
        self.wfile.write(b"x" * 100_000 if self.server.manner == "huge" else json.dumps(self.server.state).encode())

    do_GET = do_POST = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(params=["good"])
def lamp(request: pytest.FixtureRequest) -> Iterator[Lamp]:
    server = Lamp(request.param)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def entity(lamp: Lamp, reports: bool = True) -> Entity:
    link = HttpLink(
        {"light.turn_on": Request(f"{lamp.url}/set", json={"on": True, "level": "{brightness}"})},
        Request(f"{lamp.url}/state", "GET") if reports else None,
        {"state": Reading(path=("on",)), "brightness": Reading(path=("level",))},
        Dialect({"state": {"on": "true", "off": "false"}}, {"brightness": 255}),
        "LAMP_TOKEN",
    )
    return Entity("light.desk", "desk", domain="light", link=link)


@asynccontextmanager
async def gate(
    folder: Path,
    *entities: Entity,
    rehearse: bool = False,
    patience: float = 5.0,
    callables: Mapping[str, Carry] | None = None,
) -> AsyncIterator[Actuator]:
    home, outbox = Home(entities=entities), Database(folder / "outbox.db")
    actions = Actions(outbox)
    router = Router(MemoryHome(home), None, lambda home: connect(home, Settings(), callables))
    try:
        yield Actuator(
            router,
            lambda: actions,
            patience=patience,
            refresh=router.refresh,
            rehearse=planned if rehearse else None,
        )
    finally:
        await router.aclose()
        outbox.close()


async def test_a_lamp_is_told_by_a_request_and_asked_how_it_is(
    lamp: Lamp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAMP_TOKEN", "secret")
    half = Command("light.turn_on", "light.desk", {"brightness": 50})
    async with gate(tmp_path, entity(lamp)) as actuator:
        (receipt,) = await actuator.act([half], asked=actuator.now())
        (again,) = await actuator.act([half], asked=actuator.now())

    assert (receipt.status, again.status) == ("done", "already")
    assert lamp.asked == [
        ("POST", "/set", '{"on":true,"level":128}', "Bearer secret"),
        ("GET", "/state", "", "Bearer secret"),
    ]


@pytest.mark.parametrize(
    ("lamp", "reason", "detail"),
    [
        ("redirect", "unreachable", "the device answered 302"),
        ("broken", "unreachable", "the device answered 500"),
        ("huge", "unreachable", "the device answered more than 65536 bytes"),
        ("deaf", "not_done", ""),
    ],
    indirect=["lamp"],
)
async def test_a_lamp_that_does_not_obey_is_never_called_done(
    lamp: Lamp, tmp_path: Path, reason: str, detail: str
) -> None:
    async with gate(tmp_path, entity(lamp), patience=0.5) as actuator:
        (receipt,) = await actuator.act([Command("light.turn_on", "light.desk")], asked=actuator.now())

    assert (receipt.status, receipt.reason, receipt.detail) == ("failed", reason, detail)
    assert [path for method, path, _, _ in lamp.asked if method == "POST"] == ["/set"]


async def test_a_lamp_that_is_not_there_is_not_reached(tmp_path: Path) -> None:
    gone = Lamp()
    gone.server_close()
    async with gate(tmp_path, entity(gone)) as actuator:
        await actuator.look()
        (receipt,) = await actuator.act([Command("light.turn_on", "light.desk")], asked=actuator.now())

        assert receipt.status == "failed"
        assert actuator.home().entities[0].state == "unknown"


async def test_a_lamp_that_does_not_report_is_done_when_it_took_the_request(lamp: Lamp, tmp_path: Path) -> None:
    async with gate(tmp_path, entity(lamp, reports=False)) as actuator:
        (receipt,) = await actuator.act([Command("light.turn_on", "light.desk")], asked=actuator.now())

        assert receipt.status == "done"
        assert actuator.home().entities[0].state == "unknown"


async def test_the_state_is_read_when_it_is_asked_for(lamp: Lamp, tmp_path: Path) -> None:
    lamp.state = {"on": True, "level": 255}
    async with gate(tmp_path, entity(lamp)) as actuator:
        before = actuator.home().entities[0].state
        await actuator.look()
        after = actuator.home().entities[0]

    assert (before, after.state, after.attributes) == ("unknown", "on", {"brightness": 100})


async def test_a_trial_run_says_what_would_be_sent(lamp: Lamp, tmp_path: Path) -> None:
    async with gate(tmp_path, entity(lamp), rehearse=True) as actuator:
        (receipt,) = await actuator.act([Command("light.turn_on", "light.desk")], asked=actuator.now())

    assert (receipt.status, receipt.reason) == ("refused", "rehearsal")
    assert receipt.detail == f"POST {lamp.url}/set"
    assert lamp.asked == []


async def test_a_function_carries_out_a_service(tmp_path: Path) -> None:
    called: list[Command] = []

    async def on(command: Command) -> Mapping[str, Slot]:
        called.append(command)
        return {"state": "on"}

    async def off(command: Command) -> None:
        raise OSError("the relay sticks")

    relay = Entity("switch.pump", "pump", domain="switch")
    kept = Entity("switch.other", "other", domain="switch", state="on", link=PythonLink())
    functions: dict[str, Carry] = {"switch.turn_on": on, "switch.turn_off": off}
    async with gate(tmp_path, relay, kept, callables=functions) as actuator:
        commands = [Command("switch.turn_on", "switch.pump"), Command("switch.turn_off", "switch.other")]
        receipts = await actuator.act(commands, asked=actuator.now())
        state = actuator.home().entity("switch.pump")

    assert [(receipt.status, receipt.detail) for receipt in receipts] == [
        ("done", ""),
        ("failed", "OSError: the relay sticks"),
    ]
    assert called == commands[:1]
    assert state is not None
    assert state.state == "on"


async def test_what_nobody_carries_out_is_not_sent(tmp_path: Path) -> None:
    async with gate(tmp_path, Entity("switch.pump", "pump", domain="switch", link=PythonLink())) as actuator:
        (receipt,) = await actuator.act([Command("switch.turn_on", "switch.pump")], asked=actuator.now())

    assert (receipt.status, receipt.reason) == ("failed", "not_sent")


def test_a_device_over_mqtt_needs_a_broker() -> None:
    home = Home(entities=(Entity("light.desk", "desk", domain="light", link=MqttLink()),))

    with pytest.raises(ConfigError, match=r"light\.desk is connected through mqtt, but the setting actions\.mqtt"):
        connect(home, Settings())


@pytest.mark.parametrize("url", ["http://broker", "mqtt://user:secret@broker", "mqtt://", "broker", "mqtt://h/topic"])
def test_an_address_that_is_no_broker_is_refused(url: str) -> None:
    home = Home(entities=(Entity("light.desk", "desk", domain="light", link=MqttLink()),))

    with pytest.raises(ConfigError, match=r"actions\.mqtt"):
        connect(home, Settings(mqtt=url))


async def test_a_command_without_a_request_says_so(tmp_path: Path) -> None:
    async with gate(tmp_path, Entity("light.desk", "desk", domain="light", link=HttpLink())) as actuator:
        (receipt,) = await actuator.act([Command("light.turn_on", "light.desk")], asked=actuator.now())

    assert "nothing says how light.turn_on is sent" in receipt.detail
