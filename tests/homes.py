"""A home, its gate and its rules for tests: the real parts, with clocks that the test turns."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone, tzinfo
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

from edge_assistant.actuator import Actuator, Backend
from edge_assistant.adapters.memory_home import MemoryHome
from edge_assistant.config import shipped
from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.services import Command
from edge_assistant.errors import ActionError
from edge_assistant.skills.alarms import Alarms
from edge_assistant.skills.bell import Bell, Ring
from edge_assistant.skills.books import Rulebooks
from edge_assistant.skills.lists import Lists
from edge_assistant.skills.proposals import Choosing, Proposals
from edge_assistant.skills.table import skills
from edge_assistant.skills.timers import Timers
from edge_assistant.storage.actions import Actions
from edge_assistant.storage.alarms import AlarmStore
from edge_assistant.storage.database import Database
from edge_assistant.storage.lists import ListStore
from edge_assistant.storage.timers import TimerStore
from edge_assistant.tiers.rules import RuleTier
from edge_assistant.types import Action, Context, Declined, Query

NOON = datetime(2026, 3, 5, 12, 5)


@cache
def books() -> Rulebooks:
    return Rulebooks((shipped("rules"),))


@cache
def sample_home() -> Home:
    return Home.read(shipped("rules") / "home.yaml")


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class BrokenHome:
    """Devices that do not answer, or that do nothing."""

    def __init__(self, home: Home, silent: bool = False) -> None:
        self._home = home
        self._silent = silent
        self.called: list[Command] = []

    def home(self) -> Home:
        return self._home

    async def call(self, command: Command) -> Entity:
        self.called.append(command)
        if self._silent:
            raise ActionError("no route to the lamp")
        entity = self._home.entity(command.entity)
        assert entity is not None
        return entity


@dataclass
class House:
    """A rule tier over a home in a folder."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    backend: Backend | None = None
    rules: Rulebooks | None = None
    zone: tzinfo = timezone.utc
    choosing: Choosing | None = None
    """Who chooses what a wish means that no rule understands."""
    propose: Literal["confirm", "low-risk"] = "confirm"

    def __post_init__(self) -> None:
        self.database = Database(self.folder / "assistant.db")
        self.outbox = Database(self.folder / "outbox.db", durable=True)
        self.actions = Actions(self.outbox, self.clock)
        self.store = TimerStore(self.database, self.clock)
        backend = self.backend or MemoryHome(sample_home(), lambda: self.database)
        self.actuator = Actuator(backend, lambda: self.actions, self.clock, self.clock)
        self.bell = Bell(self.clock.sleep)
        self.alarm_store = AlarmStore(self.database, self.clock, self.zone)
        self.timers = Timers(lambda: self.store, books(), self.bell)
        self.alarms = Alarms(lambda: self.alarm_store, books(), self.bell)
        lists = Lists(lambda: ListStore(self.database))
        table = skills(
            self.actuator, self.timers, self.alarms, lists, lambda: NOON.replace(tzinfo=self.zone), Random(5)
        )
        proposals = Proposals(self.actuator, self.choosing, self.propose) if self.choosing else None
        self.tier = RuleTier(self.rules or books(), table, self.actuator, proposals)

    def close(self) -> None:
        self.database.close()
        self.outbox.close()

    def rings(self) -> AsyncGenerator[Ring]:
        return self.bell.rings([self.timers.due, self.alarms.due])

    def state(self, entity: str) -> str:
        found = self.actuator.home().entity(entity)
        assert found is not None
        return found.state

    async def hear(self, text: str, language: str = "en", context: Context | None = None) -> str:
        """Return what is said to a text, or why the tier leaves it."""
        said, _ = await self.receipts(text, language, context)
        return said

    async def receipts(
        self, text: str, language: str = "en", context: Context | None = None
    ) -> tuple[str, Sequence[Action]]:
        verdict = await self.tier.consider(Query(text, language, context=context or Context()))
        if isinstance(verdict, Declined):
            return f"declined: {verdict.reason}", ()
        words = [word async for word in verdict.words]
        return "".join(w for w in words if isinstance(w, str)), [w for w in words if isinstance(w, Action)]
