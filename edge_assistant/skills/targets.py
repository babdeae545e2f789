"""Which entities a sentence means, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, TypeAlias

from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.services import Command
from edge_assistant.rules.rulebook import Match
from edge_assistant.types import Slot

_DOMAINS: Final[Mapping[str, Collection[str]]] = {
    "HassLightSet": ("light",),
    "StepBrightness": ("light",),
    "HassClimateSetTemperature": ("climate",),
    "StepTemperature": ("climate",),
    "HassFanSetSpeed": ("fan",),
    "StepFan": ("fan",),
    "HassStopMoving": ("cover",),
    "HassVacuumCleanArea": ("vacuum",),
    "HassSetPosition": ("cover",),
    "HassSetVolume": ("media_player",),
    "HassSetVolumeRelative": ("media_player",),
    "HassMediaPlayerMute": ("media_player",),
    "HassMediaPlayerUnmute": ("media_player",),
    "HassMediaPause": ("media_player",),
    "StopMedia": ("media_player",),
    "HassMediaUnpause": ("media_player",),
    "HassMediaNext": ("media_player",),
    "HassMediaPrevious": ("media_player",),
    "HassVacuumStart": ("vacuum",),
    "HassVacuumReturnToBase": ("vacuum",),
}
_ON: Final = {"cover": "open_cover", "lock": "lock", "vacuum": "start"}
_OFF: Final = {"cover": "close_cover", "lock": "unlock", "vacuum": "return_to_base"}
_EVERYTHING: Final = ("light", "switch", "fan", "media_player")
_RUNNING: Final = ("HassMediaPause", "StopMedia", "HassMediaUnpause", "HassMediaNext", "HassMediaPrevious")
"""What can only be asked of a player that plays, or that has paused."""
_STATES_MEANT: Final = {"StepFan": ("on",), "HassStopMoving": ("opening", "closing")}
"""Which of several is meant where nobody names it: what runs, or moves."""
_SHADING: Final = ("blind", "curtain", "shade", "shutter")
_DOORS: Final = ("door", "garage", "garage_door", "gate")
_Call: TypeAlias = "tuple[str, dict[str, Slot]]"
"""The verb of a service, and the values for it."""

INTENTS: Final = frozenset({"HassTurnOn", "HassTurnOff", "HassToggle", *_DOMAINS})
"""The intents that become commands."""


def targets(match: Match, home: Home, area: str | None) -> tuple[Entity, ...]:
    """Return the entities that a match means; the speaker's area decides between equals."""
    slots = match.slots
    domains = (str(slots["domain"]),) if "domain" in slots else match.domains or _DOMAINS.get(match.intent, ())
    if match.intent == "HassTurnOff" and not slots.keys() & {"name", "domain"}:
        domains = _EVERYTHING
    cleans = match.intent == "HassVacuumCleanArea"  # the room is not where the vacuum stands, but where it shall go
    found = home.find(
        name=_text(slots, "name"),
        area=None if cleans else _text(slots, "area"),
        floor=_text(slots, "floor"),
        domains=domains,
        device_classes=_classes(home, slots),
    )
    if match.intent in ("HassTurnOn", "HassTurnOff") and not domains:
        found = tuple(entity for entity in found if entity.domain not in ("cover", "lock", "vacuum", "sensor"))
    if match.intent in _STATES_MEANT and not slots.keys() & {"name", "area", "floor"}:
        return _in_state(_STATES_MEANT[match.intent], found) or _nearest(found, home, area)
    if "name" in slots:
        return _nearest(found, home, area)
    if domains == ("media_player",) and match.intent not in ("HassTurnOn", "HassTurnOff"):
        return _playing(match.intent, found, home, area)
    if (
        domains == ("climate",)
        and not slots.keys() & {"area", "floor"}
        and match.intent not in ("HassTurnOn", "HassTurnOff")
    ):
        return _nearest(found, home, area)
    return found


def lowers(match: Match) -> bool:
    """Return whether a match asks for less of what a device gives: a lamp that is off gives none."""
    step = str(match.slots.get("step", ""))
    return match.intent in ("StepBrightness", "StepFan") and (step == "down" or step.startswith("-"))


def is_door(entity: Entity) -> bool:
    """Return whether an entity is what people open to go through."""
    return entity.domain == "lock" or (entity.domain == "cover" and entity.device_class in _DOORS)


def command(match: Match, entity: Entity, home: Home | None = None) -> Command:
    """Return what a match asks of one entity."""
    room = home.area(_text(match.slots, "area")) if home is not None else None
    said = {**match.slots, "area": room.id} if room is not None else match.slots
    verb, slots = _VERBS[match.intent](said, entity)
    return Command(f"{entity.domain}.{verb}", entity.id, slots)


def _text(slots: Mapping[str, Slot], name: str) -> str | None:
    return str(slots[name]) if name in slots else None


def _classes(home: Home, slots: Mapping[str, Slot]) -> tuple[str, ...]:
    """People say blinds for curtains: where a home has none of what was said, anything that shades will do."""
    wanted = _text(slots, "device_class")
    if wanted is None:
        return ()
    if wanted in _SHADING and not home.find(
        area=_text(slots, "area"), floor=_text(slots, "floor"), device_classes=(wanted,)
    ):
        return _SHADING
    return (wanted,)


def _in_state(states: Collection[str], found: Sequence[Entity]) -> tuple[Entity, ...]:
    return tuple(entity for entity in found if entity.state in states)


def _nearest(found: Sequence[Entity], home: Home, area: str | None) -> tuple[Entity, ...]:
    here = home.area(area)
    near = tuple(entity for entity in found if here is not None and entity.area == here.id)
    return near or tuple(found)


def _playing(intent: str, found: Sequence[Entity], home: Home, area: str | None) -> tuple[Entity, ...]:
    """Of several players, the one in this room, else the one that plays (or is paused, to play on)."""
    near = _nearest(found, home, area)
    if len(near) < 2:
        return near
    wanted = "paused" if intent == "HassMediaUnpause" else "playing"
    fitting = tuple(entity for entity in near if entity.state == wanted)
    return fitting if fitting or intent in _RUNNING else near


def _stepped(entity: Entity, step: str) -> int:
    now = entity.attributes.get("brightness", 100) if entity.state == "on" else 0
    brightness = int(now) if isinstance(now, int | float) else 100
    return min(100, brightness + 20) if step == "up" else max(1, brightness - 20)


def _faster(entity: Entity, step: Slot) -> float:
    speed = entity.attributes.get("percentage", 50)
    now = float(speed) if entity.state != "off" and isinstance(speed, int | float) else 0.0
    by = {"up": 25.0, "down": -25.0}.get(str(step)) or float(step)
    return max(min(now, 10.0), min(100.0, now + by))  # slower is not off


def _warmer(entity: Entity, step: Slot) -> float:
    by = {"up": 1.0, "down": -1.0}.get(str(step)) or float(step)
    now = entity.attributes.get("temperature", entity.attributes.get("current_temperature", 20))
    return (float(now) if isinstance(now, int | float) else 20.0) + by


def _louder(entity: Entity, step: Slot) -> float:
    by = {"up": 10.0, "down": -10.0}.get(str(step)) or float(step)
    volume = entity.attributes.get("volume", 50)
    now = float(volume) if isinstance(volume, int | float) else 50.0
    return max(0.0, min(100.0, now + by))


def _set_light(slots: Mapping[str, Slot], entity: Entity) -> _Call:
    return "turn_on", {name: slots[name] for name in ("brightness", "color", "temperature") if name in slots}


def _other(entity: Entity) -> str:
    """Return what leads to the other state: a toggle that is told twice by mistake must not undo itself unseen."""
    on, off = _ON.get(entity.domain, "turn_on"), _OFF.get(entity.domain, "turn_off")
    return on if entity.state in ("off", "closed", "unlocked", "docked", "standby", "unknown") else off


def _verb(verb: str, **slots: Slot) -> Callable[[Mapping[str, Slot], Entity], _Call]:
    return lambda said, entity: (verb, slots)


def _passing(verb: str, target: str, source: str) -> Callable[[Mapping[str, Slot], Entity], _Call]:
    """Hand one slot of the sentence to the service, under the name that it has there."""
    return lambda said, entity: (verb, {target: said[source]})


_VERBS: Final[Mapping[str, Callable[[Mapping[str, Slot], Entity], _Call]]] = {
    "HassTurnOn": lambda said, entity: (_ON.get(entity.domain, "turn_on"), {}),
    "HassTurnOff": lambda said, entity: (_OFF.get(entity.domain, "turn_off"), {}),
    "HassToggle": lambda said, entity: (_other(entity), {}),
    "HassLightSet": _set_light,
    "StepBrightness": lambda said, entity: ("turn_on", {"brightness": _stepped(entity, str(said["step"]))}),
    "HassClimateSetTemperature": _passing("set_temperature", "temperature", "temperature"),
    "StepTemperature": lambda said, entity: ("set_temperature", {"temperature": _warmer(entity, said["step"])}),
    "HassFanSetSpeed": _passing("set_percentage", "percentage", "percentage"),
    "StepFan": lambda said, entity: ("set_percentage", {"percentage": _faster(entity, said["step"])}),
    "HassStopMoving": _verb("stop_cover"),
    "HassVacuumCleanArea": _passing("clean_area", "area", "area"),
    "HassSetPosition": _passing("set_cover_position", "position", "position"),
    "HassSetVolume": _passing("volume_set", "volume", "volume_level"),
    "HassSetVolumeRelative": lambda said, entity: ("volume_set", {"volume": _louder(entity, said["volume_step"])}),
    "HassMediaPlayerMute": _verb("volume_mute", muted=True),
    "HassMediaPlayerUnmute": _verb("volume_mute", muted=False),
    "HassMediaPause": _verb("media_pause"),
    "StopMedia": _verb("media_stop"),
    "HassMediaUnpause": _verb("media_play"),
    "HassMediaNext": _verb("media_next_track"),
    "HassMediaPrevious": _verb("media_previous_track"),
    "HassVacuumStart": _verb("start"),
    "HassVacuumReturnToBase": _verb("return_to_base"),
}
