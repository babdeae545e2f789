"""Devices behind an MQTT broker: told at fixed topics, and believed when they report it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

import anyio

from edge_assistant.adapters.mqtt import MqttLine
from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.adapters.templates import fill, said
from edge_assistant.devices.home import Entity
from edge_assistant.devices.links import UNKNOWN, MqttLink
from edge_assistant.devices.messages import messages
from edge_assistant.devices.services import Command, begun, goal
from edge_assistant.errors import ActionError, ConfigError, NotSent
from edge_assistant.types import Slot

_SETTLE: Final = 0.3
"""Seconds that a device has, once we are connected, to have its state with the broker."""
_LONGEST: Final = 5.0
"""Seconds for a command, where nobody says how many there are."""
_MARGIN: Final = 0.2
"""Seconds before the end in which we say what we know."""


class MqttHome:
    """The states that devices report, and the way to tell them something.

    What a device was heard to say counts only while the connection stands: afterwards its state is unknown.
    Raises `ConfigError` where a topic is both told and heard.
    """

    def __init__(self, broker: Broker, entities: Collection[Entity]) -> None:
        self._links = {entity.id: _link(entity) for entity in entities}
        self._unknown = {entity.id: replace(entity, state="unknown") for entity in entities}
        self._reported = dict(self._unknown)
        self._absent: dict[str, set[int]] = {id: set() for id in self._links}
        """Where each says that it is not there, of the places where it would."""
        self._away: set[str] = set()
        self._heard: Counter[tuple[str, str]] = Counter()
        """How often each state and attribute was reported since we connected, without what the broker had kept."""
        self._seen: set[str] = set()
        self._losses = 0
        self._listeners: dict[str, list[str]] = {}
        for id, link in self._links.items():
            for topic in link.topics:
                self._listeners.setdefault(topic, []).append(id)
        _refuse_echoes(self._links, self._listeners)
        self._news = asyncio.Event()
        self._line = MqttLine(broker, self._listeners, self._hear, self._forget)

    def entities(self) -> Mapping[str, Entity]:
        """Return the entities as they are known to be."""
        away = {id: replace(self._unknown[id], state="unavailable") for id in self._away}
        return {**self._reported, **away}

    async def refresh(self, ids: Collection[str]) -> None:
        """Connect, and wait a moment for the states of these entities. Raises `ActionError`."""
        wanted = {id for id in ids if self._links[id].read}
        if self._line.connected and wanted <= self._seen:
            return
        fresh = not self._line.connected
        await self._line.ready()
        with anyio.move_on_after(_SETTLE if fresh else 0):
            await self._until(lambda: wanted <= self._seen)

    async def call(self, command: Command) -> Entity:
        """Tell a device, and return it as it reports itself. Raises `ActionError`."""
        link = self._links[command.entity]
        deadline = min(anyio.current_effective_deadline(), anyio.current_time() + _LONGEST) - _MARGIN
        sending = messages(link, command.service, command.slots, fill)
        await self.refresh([command.entity])
        if command.entity in self._away:
            raise NotSent("the device is offline")
        wanted = {name: value for name, value in goal(command).items() if name in link.read}
        before, losses = self._reports(command.entity, wanted), self._losses
        for topic, payload in sending:
            await self._line.publish(topic, payload, deadline - anyio.current_time())
        if not wanted:
            return self._reported[command.entity].reporting(goal(command))

        def settled() -> bool:
            there = self._obeys(command, wanted) or begun(self._reported[command.entity], command)
            return (there and self._reports(command.entity, wanted) > before) or self._losses > losses

        with anyio.CancelScope(deadline=deadline):
            await self._until(settled)
        if self._losses > losses:
            raise ActionError("it was told, but the connection broke before it reported its state")
        if self._reports(command.entity, wanted) == before:
            raise ActionError("it was told, but did not report its state")
        reported = self._reported[command.entity]
        return reported.reporting(goal(command)) if self._obeys(command, wanted) else reported

    async def aclose(self) -> None:
        """Hang up."""
        await self._line.aclose()

    def _obeys(self, command: Command, wanted: Mapping[str, Slot]) -> bool:
        """Return whether a device reports what it was told, as far as it reports and counts in steps of its own."""
        entity, dialect = self._reported[command.entity], self._links[command.entity].dialect
        has = {"state": entity.state, **entity.attributes}
        return all(dialect.same(name, value, has.get(name)) for name, value in wanted.items())

    def _reports(self, id: str, names: Collection[str]) -> int:
        return sum(self._heard[id, name] for name in names)

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._news.wait()

    def _hear(self, topic: str, text: str, kept: bool) -> None:
        """Take in what was said at a topic; `kept` is what the broker had from before."""
        for id in self._listeners.get(topic, ()):
            link = self._links[id]
            self._hear_presence(id, link, topic, text)
            found = {name: said(reading, text) for name, reading in link.read.items() if reading.topic == topic}
            new = {name: link.dialect.heard(name, value) for name, value in found.items() if value is not None}
            if not new:
                continue
            self._reported[id] = _consistent(self._reported[id], new, kept).reporting(new)
            self._seen.add(id)
            for name in new:
                self._heard[id, name] += not kept
        self._spread()

    def _hear_presence(self, id: str, link: MqttLink, topic: str, text: str) -> None:
        """Take in that a device is there or not; it is, unless it says otherwise."""
        absent = self._absent[id]
        for number, presence in enumerate(link.present):
            if presence.reading.topic == topic:
                online = str(said(presence.reading, text)) == presence.online
                (absent.discard if online else absent.add)(number)
        enough = len(link.present) if link.anywhere else 1
        (self._away.add if absent and len(absent) >= enough else self._away.discard)(id)

    def _spread(self) -> None:
        """Wake everyone who waits for news."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _forget(self) -> None:
        """The connection is gone: what was heard may be so no longer."""
        self._losses += 1
        self._reported = dict(self._unknown)
        self._seen.clear()
        self._away.clear()
        for places in self._absent.values():
            places.clear()
        self._spread()


def _consistent(entity: Entity, new: Mapping[str, Slot], kept: bool) -> Entity:
    """Return an entity without what no longer holds: a light has a colour or a white of some warmth, not both."""
    hues = {"color", "temperature"}
    if entity.domain != "light" or len(hues & new.keys()) != 1:
        return entity
    return entity.reporting(dict.fromkeys(hues - (set() if kept else new.keys()), UNKNOWN))


def _link(entity: Entity) -> MqttLink:
    assert isinstance(entity.link, MqttLink), "only these are handed in"
    return entity.link


def _refuse_echoes(links: Mapping[str, MqttLink], heard: Collection[str]) -> None:
    for id, link in links.items():
        for publish in (publish for publishes in link.send.values() for publish in publishes):
            if publish.topic in heard:
                raise ConfigError(f"{id}: {publish.topic} is both told and heard")
