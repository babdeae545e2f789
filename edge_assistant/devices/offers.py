"""What may be proposed to the people of a home: services of its devices that do no great harm, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_assistant.devices.home import Entity, Home, Named, fold
from edge_assistant.devices.services import SERVICES, Choice, Command, Range, risk
from edge_assistant.types import Slot

EVERYWHERE: Final[Mapping[str, str]] = {"en": "everywhere", "zh": "全部"}
"""What names every device that a service is for."""
_MOST_ORDERS: Final = 4
_MOST_PLACES: Final = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """One service, the devices here that it is for, and the value that goes with it, if one does."""

    service: str
    entities: tuple[Entity, ...]
    places: Mapping[str, frozenset[str]]
    """What can be named, with the ids of the devices that are meant: everything, a floor, a room, or a device."""
    slot: str = ""

    @property
    def takes(self) -> Range | Choice | None:
        """The values that may go with it."""
        slot = SERVICES[self.service].slots[self.slot] if self.slot else None
        return slot if isinstance(slot, Range | Choice) else None

    def meant(self, listed: object) -> frozenset[str]:
        """Return the ids of the devices in a list of places. Raises `ValueError`."""
        if not isinstance(listed, list) or not all(isinstance(place, str) and place in self.places for place in listed):
            raise ValueError("a place is not on offer")
        return frozenset().union(*(self.places[place] for place in listed))

    def value(self, value: object) -> Slot:
        """Return a value that goes with it. Raises `ValueError`."""
        if not isinstance(value, str | int | float) or self.takes is None or not self.takes.takes(value):
            raise ValueError("a value is not on offer")
        return value

    def form(self) -> Mapping[str, object]:
        """Return the JSON schema of an order."""
        places = {"type": "array", "items": {"enum": list(self.places)}, "maxItems": _MOST_PLACES}
        fields: dict[str, object] = {"do": {"enum": [self.service]}, "which": {**places, "minItems": 1}}
        fields["except"] = places
        if isinstance(self.takes, Choice):
            fields[self.slot] = {"enum": sorted(self.takes.values, key=str)}
        elif self.takes is not None:
            fields[self.slot] = {"type": "integer"}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


class Offers:
    """Everything that may be proposed in a home, in the words of a language.

    What lets people in is not among it: a yes that was said too quickly must not open a door.
    """

    def __init__(self, home: Home, language: str) -> None:
        self._names = _names((*home.floors, *home.areas, *home.entities), language)
        self._everywhere = EVERYWHERE[language]
        self._home = home
        self.all = tuple(self._found(home))

    def __iter__(self) -> Iterator[Offer]:
        return iter(self.all)

    def name(self, thing: Named) -> str:
        """Return what a room or a device is called in an order: its name, or its id where others share the name."""
        return self._names[thing.id]

    @property
    def floors(self) -> str:
        """Return what the floors are called and which rooms they have; nothing where there are none."""
        inside = {
            floor.id: [room for room in self._home.areas if room.floor == floor.id] for floor in self._home.floors
        }
        told = (f"{self.name(floor)} = {', '.join(map(self.name, inside[floor.id]))}" for floor in self._home.floors)
        return "; ".join(told)

    def room(self, entity: Entity) -> str:
        """Return where a device is, in brackets behind its name; nothing where that is not known."""
        room = self._names.get(entity.area or "")
        return f" ({room})" if room else ""

    def place(self, offer: Offer) -> str:
        """Return the name of a place with such a device: the first room, or the device where no room is known."""
        rooms = {self.name(room) for room in self._home.areas}
        return next((name for name in offer.places if name in rooms), self.name(offer.entities[0]))

    def schema(self) -> str:
        """Return the JSON schema of a proposal: a list of orders that this home can carry out, and no other text."""
        orders = [offer.form() for offer in self.all]
        return json.dumps({"type": "array", "items": {"anyOf": orders}, "maxItems": _MOST_ORDERS}, ensure_ascii=False)

    def chosen(self, written: str) -> tuple[Command, ...]:
        """Return the commands of a proposal. Raises `ValueError` where anything in it was not on offer."""
        try:
            orders = json.loads(written)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(orders, list) or len(orders) > _MOST_ORDERS:
            raise ValueError("it is no short list of orders")
        commands: dict[str, Command] = {}
        for command in (command for order in orders for command in self._commands(order)):
            earlier = commands.get(command.entity)
            commands[command.entity] = command if earlier is None else _both(earlier, command)
        return tuple(commands.values())

    def _commands(self, order: object) -> Sequence[Command]:
        if not isinstance(order, dict):
            raise ValueError("an order says what to do")
        slots = {name: value for name, value in order.items() if name not in ("do", "which", "except")}
        fitting = (each for each in self.all if each.service == order.get("do") and each.slot == ", ".join(slots))
        offer = next(fitting, None)
        if offer is None:
            raise ValueError("this is not on offer")
        values = {name: offer.value(value) for name, value in slots.items()}
        meant = offer.meant(order.get("which")) - offer.meant(order.get("except", []))
        return [Command(offer.service, entity.id, values) for entity in offer.entities if entity.id in meant]

    def _found(self, home: Home) -> Iterator[Offer]:
        for service, described in SERVICES.items():
            harmless = tuple(entity for entity in home.entities if _harmless(service, entity))
            if not harmless:
                continue
            places = self._places(harmless)
            if not described.required:
                yield Offer(service, harmless, places)
            valued = [name for name, slot in described.slots.items() if isinstance(slot, Range | Choice)]
            for name in valued if described.required <= set(valued) else ():
                yield Offer(service, harmless, places, name)

    def _places(self, entities: Sequence[Entity]) -> Mapping[str, frozenset[str]]:
        places = {self._everywhere: frozenset(entity.id for entity in entities)}
        for floor in self._home.floors:
            rooms = {room.id for room in self._home.areas if room.floor == floor.id}
            places[self.name(floor)] = frozenset(entity.id for entity in entities if entity.area in rooms)
        for room in self._home.areas:
            places[self.name(room)] = frozenset(entity.id for entity in entities if entity.area == room.id)
        places = {name: inside for name, inside in places.items() if inside}
        return places | {self.name(entity): frozenset({entity.id}) for entity in entities}


def _names(things: Sequence[Named], language: str) -> Mapping[str, str]:
    called = {thing.id: thing.called(language) for thing in things}
    often = Counter(map(fold, called.values()))
    return {id: name if often[fold(name)] == 1 else id for id, name in called.items()}


def _both(first: Command, second: Command) -> Command:
    """Return two commands to one device as one: on, and to 50 percent. Raises `ValueError`."""
    if first.service != second.service or first.slots.keys() & second.slots.keys():
        raise ValueError("it tells one device several things")
    return replace(first, slots={**first.slots, **second.slots})


def _harmless(service: str, entity: Entity) -> bool:
    return service.partition(".")[0] == entity.domain and risk(Command(service, entity.id), entity) != "high"
