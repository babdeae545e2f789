"""What may be asked of a home: the allow-list of services, their values, their risk, and the state they lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edge_assistant.devices import colors
from edge_assistant.types import Slot

if TYPE_CHECKING:
    from edge_assistant.devices.home import Entity

Risk: TypeAlias = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask of one entity."""

    service: str
    """Domain and verb: ``light.turn_on``."""
    entity: str
    slots: Mapping[str, Slot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers that a slot takes."""

    low: float
    high: float

    def takes(self, value: Slot) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choice:
    """The values that a slot takes."""

    values: frozenset[Slot]

    def takes(self, value: Slot) -> bool:
        return value in self.values


@dataclass(frozen=True, slots=True)
class Label:
    """The id of something in this home, such as a room."""

    def takes(self, value: Slot) -> bool:
        return isinstance(value, str) and re.fullmatch(r"\w{1,64}", value) is not None


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the allow-list."""

    risk: Risk = "low"
    slots: Mapping[str, Range | Choice | Label] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    leads_to: Callable[[Mapping[str, Slot]], Mapping[str, Slot]] = lambda slots: {}
    """The state (`state`) and attributes that the entity has when it is done."""


def _state(state: str) -> Service:
    return Service(leads_to=lambda slots: {"state": state})


_PERCENT: Final = Range(0, 100)
_FIRST: Final[Mapping[str, Service]] = {
    "light.turn_on": Service(
        slots={"brightness": _PERCENT, "color": Choice(colors.NAMES), "temperature": Range(1500, 9000)},
        leads_to=lambda slots: {"state": "on" if slots.get("brightness", 1) else "off", **slots},
    ),
    "light.turn_off": _state("off"),
    "media_player.volume_set": Service(
        slots={"volume": _PERCENT}, required=frozenset({"volume"}), leads_to=lambda slots: {"volume": slots["volume"]}
    ),
    "media_player.volume_mute": Service(
        slots={"muted": Choice(frozenset({True, False}))},
        required=frozenset({"muted"}),
        leads_to=lambda slots: {"muted": slots["muted"]},
    ),
    "media_player.media_play": _state("playing"),
    "media_player.media_pause": _state("paused"),
    "media_player.media_stop": _state("idle"),
    "media_player.media_next_track": Service(),
    "media_player.media_previous_track": Service(),
    "fan.set_percentage": Service(
        slots={"percentage": _PERCENT},
        required=frozenset({"percentage"}),
        leads_to=lambda slots: {"state": "on" if slots["percentage"] else "off", "percentage": slots["percentage"]},
    ),
    "climate.set_temperature": Service(
        "medium",
        {"temperature": Range(4, 95)},
        frozenset({"temperature"}),
        lambda slots: {"temperature": slots["temperature"]},
    ),
    "climate.turn_on": Service("medium", leads_to=lambda slots: {"state": "auto"}),
    "climate.turn_off": Service("medium", leads_to=lambda slots: {"state": "off"}),
    "cover.open_cover": Service("medium", leads_to=lambda slots: {"state": "open", "position": 100}),
    "cover.close_cover": Service("medium", leads_to=lambda slots: {"state": "closed", "position": 0}),
    "cover.stop_cover": Service(),
    "cover.set_cover_position": Service(
        "medium",
        {"position": _PERCENT},
        frozenset({"position"}),
        lambda slots: {"state": "open" if slots["position"] else "closed", "position": slots["position"]},
    ),
    "lock.lock": Service("medium", leads_to=lambda slots: {"state": "locked"}),
    "lock.unlock": Service("high", leads_to=lambda slots: {"state": "unlocked"}),
    "alarm_control_panel.alarm_arm_away": Service("high", leads_to=lambda slots: {"state": "armed_away"}),
    "alarm_control_panel.alarm_disarm": Service("high", leads_to=lambda slots: {"state": "disarmed"}),
    "vacuum.start": _state("cleaning"),
    "vacuum.clean_area": Service(
        slots={"area": Label()}, required=frozenset({"area"}), leads_to=lambda slots: {"state": "cleaning", **slots}
    ),
    "vacuum.return_to_base": _state("returning"),
    "scene.turn_on": Service(),
    "script.turn_on": Service(),
}
_SWITCHED: Final = [
    "switch",
    "fan",
    "media_player",
    "input_boolean",
    "humidifier",
    "siren",
    "remote",
    "group",
    "water_heater",
    "automation",
]
SERVICES: Final[Mapping[str, Service]] = {
    **_FIRST,
    **{f"{domain}.turn_on": _state("on") for domain in _SWITCHED},
    **{f"{domain}.turn_off": _state("off") for domain in _SWITCHED},
}
"""Everything that may be asked of a home; what is not here cannot happen."""

_UNDER_WAY: Final[Mapping[Slot, str]] = {
    "open": "opening",
    "closed": "closing",
    "locked": "locking",
    "unlocked": "unlocking",
    "armed_away": "arming",
}
_GUARDED: Final = frozenset({"garage", "gate", "door", "garage_door"})


def risk(command: Command, entity: Entity) -> Risk:
    """Return how much harm an action can do: what lets people in, or moves a garage door, is high."""
    if command.service == "cover.stop_cover":
        return "low"  # to stop a door is safer than to let it move on
    if entity.domain == "cover" and entity.device_class in _GUARDED:
        return "high"
    return SERVICES[command.service].risk


def goal(command: Command) -> Mapping[str, Slot]:
    """Return the state and attributes that show that a command is done; empty where nothing shows it."""
    return SERVICES[command.service].leads_to(command.slots)


def begun(entity: Entity, command: Command) -> bool:
    """Return whether an entity says that it is on the way to what it was told: a blind that opens."""
    if command.service == "cover.set_cover_position":
        return entity.state in ("opening", "closing")
    return entity.state == _UNDER_WAY.get(goal(command).get("state", ""))


def fulfils(entity: Entity, wanted: Mapping[str, Slot]) -> bool:
    """Return whether an entity is as a command would leave it."""
    for name, value in wanted.items():
        has = entity.state if name == "state" else entity.attributes.get(name)
        if name == "state" and value in ("on", "auto") and entity.domain in ("media_player", "climate"):
            if entity.state in ("off", "unavailable", "unknown", "standby"):
                return False
        elif has is None and name in ("position", "area"):
            continue  # a cover that does not report where it is, a vacuum that does not say which room it cleans
        elif has != value:
            return False
    return True
