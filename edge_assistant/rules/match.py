"""What a sentence means: an intent with its slots, and the rule that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge_assistant.types import Slot

_TELLING: Final = frozenset(
    (
        "HassGetState",
        "HassClimateGetTemperature",
        "HassGetWeather",
        "HassTimerStatus",
        "HassGetCurrentTime",
        "HassGetCurrentDate",
        "HassRespond",
        "HassNevermind",
    )
)
_OWN_ACTS: Final = frozenset(
    (
        "StepBrightness",
        "StepFan",
        "StopMedia",
        "StepTemperature",
        "WhichRoom",
        "WhichDoor",
        "DelayedOrder",
        "UnknownDevice",
        "AskDuration",
        "Yes",
        "SetAlarm",
        "SnoozeAlarm",
        "ChangeAlarm",
        "ChangeReminder",
        "CancelAlarm",
        "CancelAllAlarms",
        "SetReminder",
        "CancelReminder",
        "CancelAllReminders",
        "ClearList",
    )
)


def acts(intent: str) -> bool:
    """Return whether an intent changes something: a question must never do that."""
    return (intent.startswith("Hass") or intent in _OWN_ACTS) and intent not in _TELLING


@dataclass(frozen=True, slots=True)
class Match:
    """What a sentence means, and which rule says so."""

    intent: str
    slots: Mapping[str, Slot]
    response: str
    language: str
    text: str
    """The words that were matched: without politeness, numbers in digits."""
    template: str
    source: str
    """Where the template stands: ``lights.yaml:12``."""
    domains: tuple[str, ...] = ()
    """What the entity of the name may be; empty where the rule does not say."""
    order: tuple[object, ...] = field(default=(), repr=False)
    """How good the match is; the smallest is the best."""
    probability: float | None = None
    """How sure the second stage is; a template that matches needs no probability."""
    asks: str = ""
    """What has to be asked back before anything is done: the key of the question among the responses."""
    about: str = ""
    """The intent that a question back is about."""

    @property
    def why(self) -> str:
        """The match in one line."""
        slots = ", ".join(f"{name}={value}" for name, value in self.slots.items())
        free = "" if self.probability is None else f" (free phrasing, probability {self.probability:.2f})"
        return f"intent {self.intent}" + (f": {slots}" if slots else "") + free
