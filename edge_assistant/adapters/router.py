"""One home over several backends: each device is told through its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import anyio

from edge_assistant.actuator import Backend
from edge_assistant.adapters.templates import fill
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.links import HttpLink, MemoryLink, MqttLink, PythonLink
from edge_assistant.devices.messages import address, messages, requested
from edge_assistant.devices.services import Command
from edge_assistant.errors import ActionError, ConfigError, NotSent

if TYPE_CHECKING:
    from edge_assistant.adapters.python_home import Carry
    from edge_assistant.config import Actions

_log = logging.getLogger(__name__)


class Connection(Protocol):
    """Devices that are connected in one way."""

    def entities(self) -> Mapping[str, Entity]:
        """Return the entities as they are known to be."""
        ...

    async def refresh(self, ids: Collection[str]) -> None:
        """Find out how these are. Raises `ActionError`."""
        ...

    async def call(self, command: Command) -> Entity:
        """Carry out one command. Raises `ActionError`."""
        ...

    async def aclose(self) -> None:
        """Hang up."""
        ...


class Router:
    """A backend that hands each command to the connection of its entity, and to `rest` where it has none."""

    def __init__(
        self,
        rest: Backend,
        house: Callable[[], Home] | None = None,
        connect: Callable[[Home], Sequence[Connection]] = lambda home: (),
    ) -> None:
        """Take the home as its file says now, and what connects it. Raises `ConfigError`."""
        self._rest = rest
        self._listed = listed = house() if house is not None else rest.home()
        self._house = house or (lambda: listed)
        self._connect = connect
        self._connections = connect(self._listed)
        self._retired: list[Connection] = []

    def home(self) -> Home:
        """Return the home with what every connection knows."""
        self._catch_up()
        home = self._rest.home()
        now = {id: entity for connection in self._connections for id, entity in connection.entities().items()}
        return replace(home, entities=tuple(now.get(entity.id, entity) for entity in home.entities)) if now else home

    def _catch_up(self) -> None:
        """Connect anew when the file has changed; one that cannot be connected leaves everything as it was."""
        house = self._house()
        if house is self._listed:
            return
        self._listed = house
        try:
            connections = self._connect(house)
        except ConfigError as error:
            _log.warning("still connected as before: %s", error)
        else:
            self._retired.extend(self._connections)
            self._connections = connections

    def connected(self) -> list[Entity]:
        """Return the entities that are told through a connection."""
        return [entity for connection in self._connections for entity in connection.entities().values()]

    async def refresh(self, ids: Collection[str] | None = None) -> None:
        """Find out how these entities are, or all; one that cannot be asked stays unknown."""
        await self._hang_up()

        async def ask(connection: Connection, wanted: Collection[str]) -> None:
            try:
                await connection.refresh(wanted)
            except ActionError as error:
                _log.warning("%s", error)

        async with anyio.create_task_group() as group:
            for connection in self._connections:
                known = connection.entities().keys()
                wanted = [id for id in known if ids is None or id in ids]
                if wanted:
                    group.start_soon(ask, connection, wanted)

    async def call(self, command: Command) -> Entity:
        """Carry out one command. Raises `ActionError`."""
        for connection in self._connections:
            if command.entity in connection.entities():
                return await connection.call(command)
        entity = self.home().entity(command.entity)
        if entity is not None and isinstance(entity.link, MqttLink | HttpLink | PythonLink):
            raise NotSent(f"{entity.id} is not connected")  # what only remembers must not say that it is done
        return await self._rest.call(command)

    async def aclose(self) -> None:
        """Hang up everywhere."""
        self._retired.extend(self._connections)
        self._connections = ()
        await self._hang_up()

    async def _hang_up(self) -> None:
        while self._retired:
            await self._retired.pop().aclose()


def planned(command: Command, entity: Entity) -> str:
    """Say what would be sent to carry out a command. Raises `ActionError` where nothing would."""
    link, slots = entity.link, command.slots
    if isinstance(link, MqttLink):
        return "; ".join(f"{topic} {payload}" for topic, payload in messages(link, command.service, slots, fill))
    if isinstance(link, HttpLink) and (request := link.send.get(command.service)) is not None:
        return f"{request.method} {address(request, requested(link, slots, request))}"
    values = " ".join(f"{name}={value}" for name, value in slots.items())
    return f"{command.service} {command.entity} {values}".rstrip()


def connect(home: Home, settings: Actions, callables: Mapping[str, Carry] | None = None) -> Sequence[Connection]:
    """Return what the devices of a home are told through; nothing is connected yet. Raises `ConfigError`.

    Where callables are handed in, they carry out what has no connection of its own.
    """
    linked: dict[type, dict[str, Entity]] = {kind: {} for kind in (MqttLink, HttpLink, PythonLink, MemoryLink)}
    for entity in home.entities:
        usual = MemoryLink() if callables is None else PythonLink()
        linked[type(entity.link or usual)][entity.id] = entity
    connections: list[Connection] = []
    if devices := linked[MqttLink]:
        connections.append(_mqtt(settings, devices))
    if devices := linked[HttpLink]:
        from edge_assistant.adapters.http_home import HttpHome

        connections.append(HttpHome(devices.values()))
    if devices := linked[PythonLink]:
        from edge_assistant.adapters.python_home import PythonHome

        connections.append(PythonHome(devices, callables or {}))
    return connections


def _mqtt(settings: Actions, devices: Mapping[str, Entity]) -> Connection:
    from edge_assistant.adapters.mqtt_broker import Broker
    from edge_assistant.adapters.mqtt_home import MqttHome

    if settings.mqtt is None:
        raise ConfigError(f"{next(iter(devices))} is connected through mqtt, but the setting actions.mqtt is missing")
    return MqttHome(Broker.of(settings), devices.values())
