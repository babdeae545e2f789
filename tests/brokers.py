"""A real Mosquitto of a test's own, and devices that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import aiomqtt
import pytest

_silent = logging.getLogger("devices")
_silent.setLevel(logging.CRITICAL)
PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Return a port that no outgoing connection can take while the broker is dead."""
    for port in random.sample(range(20_000, 30_000), 100):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


class Mosquitto:
    """One broker process on a port of its own; what it has kept survives its death."""

    def __init__(self, folder: Path, *settings: str) -> None:
        if PROGRAM is None:
            pytest.skip("not run: mosquitto is not installed")
        self.port = free_port()
        self._file = folder / "mosquitto.conf"
        kept = [
            f"persistence_location {folder}/",
            "persistence true",
            "autosave_on_changes true",
            "autosave_interval 1",
        ]
        kept += ["set_tcp_nodelay true", "user root"]
        access = settings or ("allow_anonymous true",)
        self._file.write_text("\n".join([f"listener {self.port} 127.0.0.1", *kept, *access, ""]))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert PROGRAM is not None, "otherwise the test was skipped"
        self._process = subprocess.Popen([PROGRAM, "-c", self._file], stderr=subprocess.DEVNULL)
        until = monotonic() + 10
        while monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
        raise AssertionError("mosquitto does not listen")

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it was started"
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@dataclass
class Devices:
    """Every device under one prefix: it takes a command, remembers it, and reports its new state."""

    port: int
    prefix: str
    obeys: Callable[[str, str], str | None]
    """Takes the name of a device and what it is told, and returns what it reports; None: nothing."""
    told: list[tuple[str, str, float]] = field(default_factory=list)
    """Device, payload, and when."""
    listening: asyncio.Event = field(default_factory=asyncio.Event)

    async def live(self) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                await self._connection()
            await asyncio.sleep(0.05)

    async def _connection(self) -> None:
        options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        async with aiomqtt.Client("127.0.0.1", self.port, timeout=1, socket_options=options, logger=_silent) as client:
            await client.subscribe(f"{self.prefix}/+/set", qos=1)
            self.listening.set()
            try:
                async for message in client.messages:
                    await self._obey(client, str(message.topic).split("/")[-2], bytes(message.payload or b"").decode())
            finally:
                if client._disconnected.done():
                    client._disconnected.exception()  # seen: aiomqtt leaves it behind

    async def _obey(self, client: aiomqtt.Client, name: str, payload: str) -> None:
        self.told.append((name, payload, monotonic()))
        said = self.obeys(name, payload)
        if said is not None:
            await client.publish(f"{self.prefix}/{name}", said, qos=1, retain=True)


@asynccontextmanager
async def devices(port: int, obeys: Callable[[str, str], str | None], prefix: str = "t") -> AsyncIterator[Devices]:
    """Run devices for as long as the context lasts."""
    running = Devices(port, prefix, obeys)
    task = asyncio.create_task(running.live())
    await running.listening.wait()
    try:
        yield running
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def obedient(name: str, payload: str) -> str:
    """Do as told: a lamp that takes JSON and reports it."""
    told = json.loads(payload)
    return json.dumps({"state": "ON", **told})


async def say(port: int, topic: str, payload: str, retain: bool = False) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


async def kept_at(port: int, topic: str, sleeper: str | None = None) -> list[str]:
    """Return what the broker keeps at a topic, for everybody or for a device that slept since it was here."""
    session = {"identifier": sleeper, "clean_session": False} if sleeper else {}
    async with aiomqtt.Client("127.0.0.1", port, **session) as client:  # type: ignore[arg-type]
        await client.subscribe(topic, qos=1)
        await client.publish("end", "")
        await client.subscribe("end")
        await client.publish("end", "")
        kept = []
        async for message in client.messages:
            if str(message.topic) == "end":
                break
            kept.append(bytes(message.payload or b"").decode())
        return kept
