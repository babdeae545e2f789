"""The house: its floors, areas and entities, as its owner wrote them down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_assistant.devices.links import UNKNOWN, Link
from edge_assistant.errors import ConfigError
from edge_assistant.languages import detect
from edge_assistant.types import Slot
from edge_assistant.yaml_file import Document, read_yaml


@dataclass(frozen=True, slots=True)
class Named:
    """Something people have names for."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)

    def called(self, language: str) -> str:
        """Return the name in this language, or the first name where there is none."""
        return next((name for name in self.names if detect(name) == language), self.name)

    def is_called(self, said: str) -> bool:
        return said == self.id or fold(said) in map(fold, self.names)


@dataclass(frozen=True, slots=True)
class Area(Named):
    floor: str | None = None


@dataclass(frozen=True, slots=True)
class Entity(Named):
    """A device, or a part of one that can be told or asked something."""

    domain: str = ""
    area: str | None = None
    device_class: str | None = None
    state: str = "unknown"
    attributes: Mapping[str, Slot] = field(default_factory=dict)
    link: Link | None = field(default=None, compare=False, repr=False)
    """How it is told and heard; None for what only this program knows."""

    def reporting(self, said: Mapping[str, Slot]) -> Entity:
        """Return this entity as it says that it is: `state`, and attributes; what it takes back is unknown again."""
        attributes = {**self.attributes, **{name: value for name, value in said.items() if name != "state"}}
        known = {name: value for name, value in attributes.items() if value != UNKNOWN}
        return replace(self, state=str(said.get("state", self.state)), attributes=known)


@dataclass(frozen=True, slots=True)
class Home:
    """Everything there is, with the states of one moment."""

    areas: tuple[Area, ...] = ()
    floors: tuple[Named, ...] = ()
    entities: tuple[Entity, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Home:
        """Read a `home.yaml`. Raises `ConfigError` with the file and the line."""
        document = read_yaml(path)
        value = document.value if document.value is not None else {}
        try:
            listed = _Listed.model_validate(value)
        except ValidationError as error:
            raise _complaint(document, error) from error
        home = _home(listed)
        _check(home, document.at)
        links = (_link(document, index, entity) for index, entity in enumerate(listed.entities))
        connected = zip(home.entities, links, strict=True)
        return replace(home, entities=tuple(replace(entity, link=link) for entity, link in connected))

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Home:
        """Build a home from plain lists of floors, areas and entities, ids being optional."""
        floors = [item if isinstance(item, Mapping) else {"name": item} for item in mapping.get("floors", ())]
        return _home(
            _Listed(
                floors=[_ListedFloor(**floor) for floor in floors],
                areas=[_ListedArea(**area) for area in mapping.get("areas", ())],
                entities=[_ListedEntity.loose(entity) for entity in mapping.get("entities", ())],
            )
        )

    def entity(self, id: str) -> Entity | None:
        return next((entity for entity in self.entities if entity.id == id), None)

    def area(self, said: str | None) -> Area | None:
        """Return the area with this id, name or alias."""
        return next((area for area in self.areas if said is not None and area.is_called(said)), None)

    def floor(self, said: str | None) -> Named | None:
        """Return the floor with this id, name or alias."""
        return next((floor for floor in self.floors if said is not None and floor.is_called(said)), None)

    def find(
        self,
        *,
        name: str | None = None,
        area: str | None = None,
        floor: str | None = None,
        domains: Collection[str] = (),
        device_classes: Collection[str] = (),
    ) -> tuple[Entity, ...]:
        """Return the entities that fit everything that is said of them."""
        return tuple(
            entity
            for entity in self.entities
            if (name is None or entity.is_called(name))
            and (area is None or self._in(entity, self.area(area)))
            and (floor is None or self._on(entity, self.floor(floor)))
            and (not domains or entity.domain in domains)
            and (not device_classes or entity.device_class in device_classes)
        )

    def with_entity(self, changed: Entity) -> Home:
        """Return this home with one entity in another state."""
        return replace(self, entities=tuple(changed if e.id == changed.id else e for e in self.entities))

    def _in(self, entity: Entity, area: Area | None) -> bool:
        return area is not None and entity.area == area.id

    def _on(self, entity: Entity, floor: Named | None) -> bool:
        area = self.area(entity.area)
        return floor is not None and area is not None and area.floor == floor.id


def fold(name: str) -> str:
    """Return a name as it is compared: case and spacing do not matter."""
    return " ".join(name.casefold().split())


_REASONS: Final = {
    "extra_forbidden": "there is no such key",
    "string_pattern_mismatch": "an id is a domain and a name, like light.kitchen",
}


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = ""
    name: str = Field(min_length=1, max_length=100)
    aliases: tuple[str, ...] = ()

    def key(self) -> str:
        return self.id or fold(self.name).replace(" ", "_")


class _ListedFloor(_Item):
    pass


class _ListedArea(_Item):
    floor: str | None = None


class _ListedEntity(_Item):
    id: str = Field(pattern=r"^[a-z_]+\.\w+$")
    area: str | None = None
    device_class: str | None = None
    state: str | int | float = "unknown"
    attributes: dict[str, Slot] = {}
    via: Any = None
    mqtt: Any = None
    http: Any = None

    @classmethod
    def loose(cls, entity: Mapping[str, Any]) -> _ListedEntity:
        known = {key: value for key, value in entity.items() if key in cls.model_fields}
        attributes = dict(entity.get("attributes", {}))
        known["device_class"] = entity.get("device_class") or attributes.pop("device_class", None)
        if isinstance(known.get("state"), Mapping):
            known["state"] = known["state"].get("out", "unknown")
        known.setdefault("id", f"{entity['domain']}.{fold(entity['name']).replace(' ', '_')}")
        return cls.model_construct(**{"aliases": (), **known, "attributes": attributes})


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    floors: list[_ListedFloor] = []
    areas: list[_ListedArea] = []
    entities: list[_ListedEntity] = []


def _home(listed: _Listed) -> Home:
    floors = tuple(Named(floor.key(), floor.name, floor.aliases) for floor in listed.floors)
    floor_ids = _ids(floors)
    areas = tuple(
        Area(area.key(), area.name, area.aliases, floor_ids.get(fold(area.floor or ""), area.floor))
        for area in listed.areas
    )
    area_ids = _ids(areas)
    entities = tuple(
        Entity(
            id=entity.id,
            name=entity.name,
            aliases=entity.aliases,
            domain=entity.id.partition(".")[0],
            area=area_ids.get(fold(entity.area or ""), entity.area),
            device_class=entity.device_class,
            state=str(entity.state),
            attributes=entity.attributes,
        )
        for entity in listed.entities
    )
    return Home(areas, floors, entities)


def _link(document: Document, index: int, listed: _ListedEntity) -> Link | None:
    """Return how an entity is connected; what reads that is imported where a home has such a thing."""
    given = {key: value for key in ("via", "mqtt", "http") if (value := getattr(listed, key)) is not None}
    if not given:
        return None
    from edge_assistant.devices.link_files import read_link

    try:
        return read_link(listed.id.partition(".")[0], given)
    except ValidationError as error:
        raise _complaint(document, error, ("entities", index)) from error


def _complaint(document: Document, error: ValidationError, around: tuple[str | int, ...] = ()) -> ConfigError:
    first = error.errors()[0]
    place = (*around, *first["loc"])
    shown = place if first["type"] == "missing" else document.nearest(*place)
    reason = _REASONS.get(first["type"], first["msg"].lower().removeprefix("value error, "))
    return ConfigError(f"{document.at(*place)}: {'.'.join(map(str, shown))}: {reason}")


def _ids(things: Iterable[Named]) -> dict[str, str]:
    return {fold(name): thing.id for thing in things for name in (thing.id, *thing.names)}


def _check(home: Home, at: Any) -> None:
    floors = {floor.id for floor in home.floors}
    areas = {area.id for area in home.areas}
    seen: set[str] = set()
    for index, area in enumerate(home.areas):
        if area.floor is not None and area.floor not in floors:
            raise ConfigError(f"{at('areas', index)}: {area.name} is on {area.floor}, which is no floor of this home")
    for index, entity in enumerate(home.entities):
        if entity.area is not None and entity.area not in areas:
            raise ConfigError(
                f"{at('entities', index)}: {entity.id} is in {entity.area}, which is no area of this home"
            )
        if entity.id in seen:
            raise ConfigError(f"{at('entities', index)}: {entity.id} stands here twice")
        seen.add(entity.id)
