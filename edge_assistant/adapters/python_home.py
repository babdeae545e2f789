"""Devices behind functions of the program that embeds us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeAlias

from edge_assistant.devices.home import Entity
from edge_assistant.devices.services import Command, goal
from edge_assistant.errors import ActionError, NotSent
from edge_assistant.types import Slot

Carry: TypeAlias = Callable[[Command], Awaitable[Mapping[str, Slot] | None]]
"""Carries out a command and returns the state and attributes that the device reports; None if it does not report."""


class PythonHome:
    """Calls one async function per service. What a device did not report is unknown."""

    def __init__(self, entities: Mapping[str, Entity], callables: Mapping[str, Carry]) -> None:
        self._entities = {id: replace(entity, state="unknown") for id, entity in entities.items()}
        self._callables = callables

    def entities(self) -> Mapping[str, Entity]:
        """Return the entities as they were last reported."""
        return self._entities

    async def refresh(self, ids: Collection[str]) -> None:
        """Nothing to ask: functions only do."""

    async def call(self, command: Command) -> Entity:
        """Call the function of a service. Raises `ActionError`, also for what such functions usually raise."""
        carry = self._callables.get(command.service)
        if carry is None:
            raise NotSent(f"no function carries out {command.service}")
        try:
            said = await carry(command)
        except (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ActionError(f"{type(error).__name__}: {error}") from error
        entity = self._entities[command.entity]
        if said is None:
            return entity.reporting(goal(command))
        self._entities[command.entity] = reported = entity.reporting(said)
        return reported

    async def aclose(self) -> None:
        """Nothing to close."""
