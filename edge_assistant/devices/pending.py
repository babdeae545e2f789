"""Commands that wait for a yes, each in the conversation in which it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_assistant.devices.services import Command
from edge_assistant.types import Context

CONFIRM: Final = 30.0
"""Seconds within which a yes counts."""


@dataclass(frozen=True, slots=True)
class _Held:
    commands: tuple[Command, ...]
    until: float


class Pending:
    """What waits for a yes, for a short while."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._held: dict[str, _Held] = {}

    def hold(self, context: Context, commands: Sequence[Command]) -> None:
        """Keep commands, with those already kept in this turn, until the next turn of this conversation says yes."""
        now = self._clock()
        self._held = {key: held for key, held in self._held.items() if now <= held.until}
        earlier = self._held.get(_conversation(context))
        together = (*earlier.commands, *commands) if earlier is not None else tuple(commands)
        self._held[_conversation(context)] = _Held(together, now + CONFIRM)

    def waits(self, context: Context) -> tuple[Command, ...]:
        """Return what waits for a yes in this conversation."""
        return self._fresh(self._held.get(_conversation(context)))

    def release(self, context: Context) -> tuple[Command, ...]:
        """Take back what waits for a yes in this conversation, if that is not too long ago."""
        return self._fresh(self._held.pop(_conversation(context), None))

    def _fresh(self, held: _Held | None) -> tuple[Command, ...]:
        return held.commands if held is not None and self._clock() <= held.until else ()


def _conversation(context: Context) -> str:
    """Return the key of the conversation, so that one person's yes does not confirm another's question."""
    return context.conversation or "|".join((context.device or "", context.speaker or "", context.area or ""))
