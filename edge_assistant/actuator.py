"""The gate under every tier: nothing reaches a device but through here."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from secrets import token_hex
from time import monotonic, time
from typing import Final, Literal, Protocol, TypeAlias

import anyio

from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.pending import Pending
from edge_assistant.devices.pin import Pin
from edge_assistant.devices.services import SERVICES, Choice, Command, Label, Range, begun, fulfils, goal, risk
from edge_assistant.errors import ActionError, NotSent, StorageError
from edge_assistant.storage.actions import Actions, Entry
from edge_assistant.storage.doubts import Doubts
from edge_assistant.types import Action, ActionStatus, Context

TTL: Final = 10.0
"""Seconds after which a command is too old to be carried out."""
REPEAT: Final = 600.0
"""Seconds within which the same key means the same action."""
PATIENCE: Final = 5.0
"""Seconds that a device has to answer."""
LOOK: Final = 3.0
"""Seconds that devices have to say how they are."""
DOUBT: Final = TTL + PATIENCE
"""Seconds after which an action without an end was left by a crash, whoever began it."""
RATE: Final = (10, 10.0)
"""How many actions an entity takes, within how many seconds."""

Reason: TypeAlias = Literal[
    "",
    "unsupported",
    "out_of_range",
    "expired",
    "too_fast",
    "unreachable",
    "not_sent",
    "not_done",
    "audit",
    "confirm",
    "rehearsal",
]
Refresh: TypeAlias = Callable[["Collection[str] | None"], Awaitable[None]]
"""Finds out how entities are, or all of them; what cannot be asked stays unknown."""


class Backend(Protocol):
    """Something that carries out commands: a home in memory, MQTT, a Python callable."""

    def home(self) -> Home:
        """Return the home as it is now."""
        ...

    async def call(self, command: Command) -> Entity:
        """Carry out one command and return the entity as it reports itself afterwards. Raises `ActionError`."""
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one command."""

    command: Command
    status: ActionStatus
    entity: Entity | None = None
    """The entity as it was read back, or as it was before."""
    reason: Reason = ""
    detail: str = ""

    @property
    def action(self) -> Action:
        """The receipt as the answer carries it."""
        return Action(self.command.service, self.command.entity, dict(self.command.slots), self.status)


class Actuator:
    """Checks, confirms, logs and carries out commands, each once."""

    def __init__(
        self,
        backend: Backend,
        actions: Callable[[], Actions],
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], float] = time,
        patience: float = PATIENCE,
        refresh: Refresh | None = None,
        rehearse: Callable[[Command, Entity], str] | None = None,
        logged: Callable[[], bool] = lambda: True,
        pin: Pin | None = None,
    ) -> None:
        """Take what carries out commands and what logs them; with `rehearse`, only say what would be done.

        `logged` tells whether there is a log yet; `pin` is asked for instead of a yes.
        """
        self._backend = backend
        self._actions = actions
        self._clock = clock
        self._wall = wall
        self._patience = patience
        self._refresh = refresh
        self._rehearse = rehearse
        self.pin = pin
        self._pending = Pending(clock)
        self._doubts = Doubts(actions, wall, DOUBT, logged)
        self._recent: dict[str, deque[float]] = {}

    def home(self) -> Home:
        """Return the home as it is now."""
        return self._backend.home()

    def doubts(self) -> list[Entry]:
        """Return, once, what was begun before a crash; nobody knows whether it was done, and nobody does it again."""
        return self._doubts.told()

    async def look(self, entities: Collection[str] | None = None) -> None:
        """Find out how these entities are, or all of them, for as long as that is worth waiting."""
        if self._refresh is not None:
            with anyio.move_on_after(LOOK):
                await self._refresh(entities)

    def now(self) -> float:
        """Return the moment from which a command's age counts."""
        return self._clock()

    def needs_yes(self, commands: Sequence[Command]) -> list[Command]:
        """Return the commands that a person must confirm first and that are not done already."""
        home = self.home()
        risky = []
        for command in commands:
            entity = home.entity(command.entity)
            if entity is None or command.service not in SERVICES or risk(command, entity) != "high":
                continue
            if not (goal(command) and fulfils(entity, goal(command))):
                risky.append(command)
        return risky

    def hold(self, context: Context, commands: Sequence[Command]) -> None:
        """Keep commands until the next turn of this conversation says yes."""
        self._pending.hold(context, commands)

    def waits(self, context: Context) -> tuple[Command, ...]:
        """Return what waits for a yes in this conversation."""
        return self._pending.waits(context)

    def release(self, context: Context) -> tuple[Command, ...]:
        """Take back what waits for a yes in this conversation, if that is not too long ago."""
        return self._pending.release(context)

    async def act(
        self, commands: Sequence[Command], *, asked: float, confirmed: bool = False, key: str | None = None
    ) -> list[Receipt]:
        """Carry out commands side by side and return one receipt for each.

        `asked` is the moment on the actuator's clock when they were asked for; `key` makes the same request,
        delivered twice, happen once. Raises `ActionError` where the log cannot be written: then nothing is done.
        """
        request = key or token_hex(16)
        keys = [f"{request}:{index}" for index in range(len(commands))]
        repeated = [self._earlier(*each) if key else None for each in zip(keys, commands, strict=True)]
        receipts = [
            earlier or self._checked(command, asked, confirmed)
            for earlier, command in zip(repeated, commands, strict=True)
        ]
        wanted = [index for index, receipt in enumerate(receipts) if receipt is None]
        self._log([_begun(keys[index], commands[index]) for index in wanted])

        async def carry_out(index: int) -> None:
            receipts[index] = await self._call(commands[index], asked)

        async with anyio.create_task_group() as group:
            for index in wanted:
                group.start_soon(carry_out, index)
        done = [receipt for receipt in receipts if receipt is not None]
        new = [index for index, earlier in enumerate(repeated) if earlier is None]
        self._log([_ended(keys[index], done[index]) for index in new], late=True)
        return done

    def _checked(self, command: Command, asked: float, confirmed: bool) -> Receipt | None:
        """Return why a command is refused or already done; None when it may be carried out."""
        entity = self.home().entity(command.entity)
        service = SERVICES.get(command.service)
        if service is None or entity is None or command.service.partition(".")[0] != entity.domain:
            return Receipt(command, "refused", entity, "unsupported")
        if not service.required <= command.slots.keys() <= service.slots.keys():
            return Receipt(command, "refused", entity, "unsupported")
        for name, value in command.slots.items():
            if not service.slots[name].takes(value):
                return Receipt(command, "refused", entity, "out_of_range", _bounds(service.slots[name]))
        if self._clock() - asked > TTL:
            return Receipt(command, "refused", entity, "expired")
        if goal(command) and fulfils(entity, goal(command)):
            return Receipt(command, "already", entity)
        if risk(command, entity) == "high" and not confirmed:
            return Receipt(command, "refused", entity, "confirm")
        if self._rehearse is not None:
            return _rehearsed(command, entity, self._rehearse)
        if not self._room(command.entity):
            return Receipt(command, "refused", entity, "too_fast")
        return None

    def _room(self, entity: str) -> bool:
        """Count an action against the rate of its entity; return whether it is within."""
        many, seconds = RATE
        recent = self._recent.setdefault(entity, deque(maxlen=many))
        now = self._clock()
        if len(recent) == many and now - recent[0] < seconds:
            return False
        recent.append(now)
        return True

    def _earlier(self, key: str, command: Command) -> Receipt | None:
        """Return what became of the same request, delivered before; None where it may still be carried out."""
        try:
            entry = self._actions().last(key, self._wall() - REPEAT)
        except StorageError as error:
            raise ActionError(str(error)) from error
        if entry is None or entry.status == "refused" or entry.reason.startswith("not_sent"):
            return None
        entity = self.home().entity(command.entity)
        if entry.status in ("done", "started", "already"):
            return Receipt(command, "already", entity)
        return Receipt(command, "failed", entity, "unreachable", "it was told before, and may have obeyed")

    async def _call(self, command: Command, asked: float) -> Receipt:
        left = min(self._patience, TTL - (self._clock() - asked))
        try:
            with anyio.fail_after(max(0.0, left)):
                entity = await self._backend.call(command)
        except TimeoutError:
            return Receipt(command, "failed", self.home().entity(command.entity), "unreachable", "no answer")
        except ActionError as error:
            reason: Reason = "not_sent" if isinstance(error, NotSent) else "unreachable"
            return Receipt(command, "failed", self.home().entity(command.entity), reason, str(error))
        if not fulfils(entity, goal(command)):
            if begun(entity, command):
                return Receipt(command, "started", entity)
            return Receipt(command, "failed", entity, "not_done")
        return Receipt(command, "done", entity)

    def _log(self, entries: Sequence[Entry], late: bool = False) -> None:
        """Write the log; before an action a log that fails stops it, after it the action stays in doubt."""
        if not entries:
            return
        try:
            self._actions().add(entries)
        except StorageError as error:
            if not late:
                raise ActionError(str(error)) from error


def _rehearsed(command: Command, entity: Entity, rehearse: Callable[[Command, Entity], str]) -> Receipt:
    try:
        return Receipt(command, "refused", entity, "rehearsal", rehearse(command, entity))
    except ActionError as error:
        return Receipt(command, "failed", entity, "not_sent", str(error))


def _begun(key: str, command: Command) -> Entry:
    return Entry(key, "asked", command.service, command.entity, command.slots, "asked", str(os.getpid()))


def _ended(key: str, receipt: Receipt) -> Entry:
    command = receipt.command
    reason = ": ".join(part for part in (receipt.reason, receipt.detail) if part)
    return Entry(key, "ended", command.service, command.entity, command.slots, receipt.status, reason)


def _bounds(slot: Range | Choice | Label) -> str:
    if isinstance(slot, Label):
        return ""
    return f"{slot.low:g} {slot.high:g}" if isinstance(slot, Range) else " ".join(sorted(map(str, slot.values)))
