"""Devices that are called no more than what they are: where that says as much, the kind is meant and not the name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from edge_assistant.devices.home import Home
from edge_assistant.rules.match import Match
from edge_assistant.types import Slot

_WHICH: Final = frozenset(("name", "area", "floor", "domain", "device_class"))
"""Slots that say which devices are meant; all others say what is asked of them."""


def plainest(found: Sequence[Match], home: Home, area: str | None) -> Sequence[Match]:
    """Put first the meaning that needs no name, where the name of the best one says only what and where it is.

    "The AC", said in a room, is the one in this room, whichever is called just that; "set the bedroom fan to high"
    is about the fan of the bedroom.
    """
    best = found[0]
    if "name" not in best.slots:
        return found
    for match in found[1:]:
        if match.intent == best.intent and _asked(match) == _asked(best) and _says_as_much(match, best, home, area):
            return [match, *(other for other in found if other is not match)]
    return [_without_class(best, home), *found[1:]]


def _asked(match: Match) -> Mapping[str, Slot]:
    return {name: value for name, value in match.slots.items() if name not in _WHICH}


def _says_as_much(kind: Match, named: Match, home: Home, area: str | None) -> bool:
    """Return whether a meaning without a name is about the very device of that name, or about the one in this room."""
    slots, place = kind.slots, kind.slots.get("area", area)
    if slots.keys() & {"name", "floor", "state"} or not _asked(kind) or place is None:
        return False
    domains = (str(slots["domain"]),) if "domain" in slots else named.domains
    classes = (str(slots["device_class"]),) if "device_class" in slots else ()
    there = home.find(domains=domains, device_classes=classes, area=str(place))
    called = home.find(domains=domains, name=str(named.slots["name"]))
    if "area" in slots:
        return len(called) == 1 and there == called
    return len(there) == 1 or (not there and home.find(domains=domains, device_classes=classes) == called)


def _without_class(match: Match, home: Home) -> Match:
    """Return a meaning without the class of a device, where all that are called so are of it: "the phone's battery"."""
    wanted = match.slots.get("device_class")
    called = home.find(name=str(match.slots["name"])) if wanted is not None else ()
    if not called or any(entity.device_class != wanted for entity in called):
        return match
    return replace(match, slots={name: value for name, value in match.slots.items() if name != "device_class"})
