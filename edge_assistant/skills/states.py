"""What the devices are doing: questions are answered from their states, and change nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.rules.rulebook import Match, Rulebook
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.types import Declined, Slot

_OPENINGS: Final = frozenset({"window", "door", "garage_door", "opening", "garage"})
_RUNNING: Final = frozenset({"on", "playing", "cleaning", "heat", "cool", "auto", "fan_only", "dry", "heat_cool"})
_UNKNOWN: Final = ("unknown", "unavailable")
_AT_REST: Final = frozenset(("off", "closed", "locked"))
"""What all must be where somebody asks whether "the windows" are it; one that is open is open enough."""
_SWITCHABLE: Final = (
    "light",
    "switch",
    "fan",
    "media_player",
    "climate",
    "humidifier",
    "vacuum",
    "input_boolean",
    "siren",
)


def state_word(entity: Entity, book: Rulebook) -> str:
    """Return the state of an entity in words."""
    state = entity.state
    if entity.domain == "binary_sensor" and state not in _UNKNOWN:
        meanings = {"window": ("open", "closed"), "motion": ("motion", "clear"), "battery": ("low", "normal")}
        meanings |= {"moisture": ("wet", "dry"), "occupancy": ("motion", "clear"), "presence": ("home", "not_home")}
        opening = meanings["window"] if entity.device_class in _OPENINGS else ("on", "off")
        state = meanings.get(entity.device_class or "", opening)[state not in ("on", "open")]
    unit = _unit(entity)
    if entity.domain == "sensor" and unit:
        return f"{state}{'' if unit in ('%', '°') else ' '}{unit}"
    return book.word("State", state)


class States:
    """Answers from the states of one home."""

    def __init__(self, home: Callable[[], Home], look: Callable[[], Awaitable[None]] | None = None) -> None:
        """Take what knows the home, and what has its devices say how they are."""
        self._home = home
        self._look = look

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "HassGetState": self._looking(self._state),
            "HassClimateGetTemperature": self._looking(self._temperature),
            "WhatIsOn": self._looking(self._what_is_on),
            "ListDevices": self._list,
        }

    def _looking(self, skill: Skill) -> Skill:
        """Return a skill that answers from how the devices are when it speaks."""
        look = self._look
        if look is None:
            return skill

        def decide(asked: Asked) -> Work | Declined:
            before = skill(asked)
            if isinstance(before, Declined):
                return before

            async def answer() -> Said:
                await look()
                now = skill(asked)
                return await (before if isinstance(now, Declined) else now)()

            return answer

        return decide

    def _state(self, asked: Asked) -> Work | Declined:
        match, home = asked.match, self._home()
        found = _asked_about(match, home, asked.query.context.area)
        if not found:
            return saying("none_there", table="Device")
        if match.response.startswith("one"):
            return self._one(asked, found)
        wanted = str(match.slots.get("state", ""))
        fitting = [entity for entity in found if is_in(entity, wanted)]
        unknown = [entity for entity in found if entity.state in _UNKNOWN]
        names = _names(asked, fitting)
        response = match.response
        if response == "definite":
            response = "all" if wanted in _AT_REST else "any"
        if unknown and not fitting:  # "no, none" would say more than anybody knows
            return self._told(asked, unknown)
        if response == "any":
            return saying("any_yes" if fitting else "any_no", names=names)
        if response == "all":
            others = [entity for entity in found if entity not in fitting]
            return saying("all_no" if others else "all_yes", names=_names(asked, others))
        if response == "how_many":
            return saying("how_many_some" if fitting else "how_many", count=len(fitting), names=names)
        return saying("which" if fitting else "which_none", names=names)

    def _one(self, asked: Asked, found: Sequence[Entity]) -> Work:
        entity, book = found[0], asked.book
        name, word = asked.name(entity), state_word(entity, book)
        if "state" in asked.match.slots and entity.state not in _UNKNOWN:
            yes = is_in(entity, str(asked.match.slots["state"]))
            return saying(
                "one_yesno_yes" if yes else "one_yesno_no", None, names=name, state=word, **{"is": asked.verb(name)}
            )
        return self._told(asked, found)

    def _told(self, asked: Asked, found: Sequence[Entity]) -> Work:
        """Tell the state of each."""
        book = asked.book
        if len(found) == 1:
            entity, name = found[0], asked.name(found[0])
            return saying(_manner(entity), names=name, state=state_word(entity, book), **{"is": asked.verb(name)})
        told = [(each, asked.name(each)) for each in found]
        values = [(_manner(e), {"names": n, "is": asked.verb(n), "state": state_word(e, book)}) for e, n in told]
        lines = [book.say("HassGetState", key, said) or "" for key, said in values]
        return saying("one_many", states=asked.join([line.rstrip("。.") for line in lines]))

    def _temperature(self, asked: Asked) -> Work | Declined:
        found = self._found(asked, ("climate", "sensor"))
        climates = [e for e in found if e.domain == "climate" and "current_temperature" in e.attributes]
        sensors = [entity for entity in found if entity.domain == "sensor" and entity.device_class == "temperature"]
        if not climates and not sensors:
            return saying("unknown") if asked.match.slots else Declined("there is no thermometer in this home")
        if not climates or (sensors and asked.match.slots.keys() & {"area", "floor"}):
            name = asked.name(sensors[0])
            return saying(names=name, temperature=sensors[0].state, **{"is": asked.verb(name)})
        is_now, target = climates[0].attributes["current_temperature"], climates[0].attributes.get("temperature")
        key = "default" if target is None else "target"
        name = asked.name(climates[0])
        return saying(key, names=name, temperature=is_now, target=target, **{"is": asked.verb(name)})

    def _what_is_on(self, asked: Asked) -> Work:
        running = [entity for entity in self._found(asked, _SWITCHABLE) if entity.state in _RUNNING]
        return saying("default" if running else "none", names=_names(asked, running))

    def _list(self, asked: Asked) -> Work:
        found = self._found(asked, ())
        return saying("default" if found else "none", names=_names(asked, found))

    def _found(self, asked: Asked, domains: Collection[str]) -> tuple[Entity, ...]:
        places = {name: str(asked.match.slots[name]) for name in ("name", "area", "floor") if name in asked.match.slots}
        return self._home().find(
            name=places.get("name"), area=places.get("area"), floor=places.get("floor"), domains=domains
        )


def _manner(entity: Entity) -> str:
    """Return how a state is told: a value is something that the device is at, any other state what it is."""
    return "one_value" if entity.domain == "sensor" and _unit(entity) else "one"


def _unit(entity: Entity) -> Slot | None:
    return entity.attributes.get("unit") or entity.attributes.get("unit_of_measurement")


def is_in(entity: Entity, state: str) -> bool:
    """Return whether an entity is in a state that was asked about; what is not known is in none."""
    if entity.state in _UNKNOWN:
        return entity.state == state
    if state in ("on", "off") and entity.domain in ("media_player", "climate", "vacuum"):
        return (entity.state not in ("off", "standby", "docked")) == (state == "on")
    if entity.domain == "binary_sensor" and state in ("open", "closed"):
        return (entity.state in ("on", "open")) == (state == "open")
    return entity.state == state


def _asked_about(match: Match, home: Home, area: str | None) -> tuple[Entity, ...]:
    slots = match.slots
    domains = (str(slots["domain"]),) if "domain" in slots else match.domains
    found = home.find(
        name=str(slots["name"]) if "name" in slots else None,
        area=str(slots["area"]) if "area" in slots else None,
        floor=str(slots["floor"]) if "floor" in slots else None,
        domains=(*domains, "binary_sensor") if domains == ("cover",) and "device_class" in slots else domains,
        device_classes=(str(slots["device_class"]),) if "device_class" in slots else (),
    )
    here = home.area(area)
    near = tuple(entity for entity in found if here is not None and entity.area == here.id)
    return near or found if "name" in slots else found


def _names(asked: Asked, entities: Sequence[Entity]) -> str:
    return asked.join([asked.name(entity) for entity in entities])
