"""The slots of an act, taken from what a sentence mentions; what does not fit this home is no request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.phrasing.acts import Act
from edge_assistant.phrasing.spotting import Mention, Spotted
from edge_assistant.phrasing.words import words
from edge_assistant.types import Slot

_LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "brightness": (0, 100),
    "volume_level": (0, 100),
    "percentage": (0, 100),
    "position": (0, 100),
    "temperature": (4, 95),
}
_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {"temperature": ("temperature", "number")}
_TELLING: Final = ("temperature", "percent", "level")
"""Numbers that say of what they are; "set it to 22" may be about anything."""
_FEW: Final = 1
"""Devices of a kind from which on a home has several."""
_SHADING: Final = ("blind", "curtain", "shade", "shutter", "awning")


@dataclass(frozen=True, slots=True)
class Filled:
    """A request with everything that it needs, or the question that is open."""

    slots: Mapping[str, Slot]
    open: str = ""
    """What has to be asked back: `which_room`."""
    unknown: str = ""
    """The device that was asked for and that this home does not have."""


def fill(act: Act, spotted: Spotted, home: Home, area: str | None) -> Filled | None:
    """Return the slots of an act in this home, said in this area; none where something is missing or does not fit."""
    values = None if spotted.of("room") else _values(act, spotted)
    if values is None:
        return None
    slots: dict[str, Slot] = {**act.slots, **values}
    if not act.domains:
        return Filled(slots)
    return _targeted(act, slots, spotted, home, area)


def _values(act: Act, spotted: Spotted) -> dict[str, Slot] | None:
    if "volume_step" in act.slots:
        return _stepped(str(act.slots["volume_step"]), spotted)
    if not act.value:
        return {}
    if act.value == "color":
        return _coloured(spotted)
    if act.whole and not spotted.of("thing", "name", *_TELLING):
        return None
    low, high = _LIMITS[act.value]
    found = [float(mention.value) for mention in spotted.of(*_NUMBERS.get(act.value, ("percent", "number", "level")))]
    if len(found) != 1 or not low <= found[0] <= high:
        return None
    number = found[0]
    return {act.value: int(number) if number % 1 == 0 else number}


def _stepped(direction: str, spotted: Spotted) -> dict[str, Slot] | None:
    """Return by how much the volume changes, where a number says it."""
    found = [float(mention.value) for mention in spotted.of("percent", "number")]
    if not found:
        return {}
    if len(found) > 1 or found[0] % 1 != 0 or not 0 < found[0] <= 100:
        return None
    return {"volume_step": int(found[0]) * (1 if direction == "up" else -1)}


def _coloured(spotted: Spotted) -> dict[str, Slot] | None:
    colors, tones = spotted.of("color"), spotted.of("tone")
    if tones and not colors:
        return {"temperature": int(tones[-1].value)}
    return {"color": colors[-1].value} if colors and not tones else None


def _targeted(act: Act, slots: dict[str, Slot], spotted: Spotted, home: Home, area: str | None) -> Filled | None:
    names, areas, floors = spotted.of("name"), spotted.of("area"), spotted.of("floor")
    if len(names) > 1 or len(areas) > 1 or len(floors) > 1:
        return None
    if names:
        return _by_name(act, slots, names[0])
    kind = _kind(act, spotted)
    if kind is None:
        return None
    domain, classes = kind
    if domain == "appliance":
        return _appliance(act, slots, classes, home)
    shading = _SHADING if classes in _SHADING else (classes,) if classes else ()
    place = {"area": areas[0].value} if areas else {"floor": floors[0].value} if floors else {}
    found = home.find(domains=(domain,), device_classes=shading, area=place.get("area"), floor=place.get("floor"))
    if place and not found:
        return (
            Filled({**place, **slots}, open="none_there")
            if home.find(domains=(domain,), device_classes=shading)
            else None
        )
    return _by_kind(act, slots, spotted, home, area, domain, classes, place, found)


def _by_name(act: Act, slots: dict[str, Slot], named: Mention) -> Filled | None:
    fitting = [entity for entity in named.entities if entity.domain in act.domains]
    if len({entity.name for entity in fitting}) != 1:
        return None
    return Filled({"name": fitting[0].name, **slots})


def _appliance(act: Act, slots: dict[str, Slot], called: str, home: Home) -> Filled:
    """Return the device of this home whose name says that it is one of these, or that there is none."""
    wanted = words(called)[0] if called.isascii() else called
    found = [
        entity
        for entity in home.entities
        if entity.domain in act.domains and any(wanted in name.casefold() for name in entity.names)
    ]
    return Filled({"name": found[0].name, **slots}) if len(found) == 1 else Filled(slots, unknown=called)


def _by_kind(
    act: Act,
    slots: dict[str, Slot],
    spotted: Spotted,
    home: Home,
    area: str | None,
    domain: str,
    device_class: str,
    place: Mapping[str, str],
    found: Sequence[Entity],
) -> Filled | None:
    if act.whole and not place:
        return Filled(slots)
    kind: dict[str, Slot] = {"domain": domain} if not device_class else {"device_class": device_class, "domain": domain}
    kind = {} if act.whole else kind
    if place or spotted.of("all"):
        return Filled({**place, **kind, **slots}) if found else None
    here = home.area(area)
    if here is not None and home.find(domains=(domain,), area=here.name):
        return Filled({"area": here.name, **kind, **slots})
    if len(found) == _FEW:
        return Filled({"name": found[0].name, **slots})
    return Filled({**kind, **slots}, open="which_room") if found or domain == "light" else None


def _kind(act: Act, spotted: Spotted) -> tuple[str, str] | None:
    """Return the domain and device class that are meant; those of the act where none is said."""
    said = [mention.value.partition(".") for mention in spotted.of("thing")]
    if any(domain == "appliance" for domain, _, _ in said):
        return next(
            (domain, device_class.replace("_", " ")) for domain, _, device_class in said if domain == "appliance"
        )
    kinds = {(domain, device_class) for domain, _, device_class in said if domain in act.domains}
    if len({domain for domain, _ in kinds}) > 1:
        return None
    if kinds:
        return max(kinds, key=lambda kind: len(kind[1]))
    return (act.domains[0], "") if act.whole or act.domains == ("light",) or act.value else None
