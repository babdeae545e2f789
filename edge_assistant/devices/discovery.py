"""Devices that announce themselves over MQTT as to Home Assistant, read as if they stood in a `home.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from edge_assistant.devices.abbreviations import full
from edge_assistant.devices.announced_values import Config, Listed, place
from edge_assistant.devices.announcements import KINDS
from edge_assistant.devices.home import Area, Entity, Home, fold
from edge_assistant.devices.link_files import read_link
from edge_assistant.devices.links import MqttLink
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Slot

MOST: Final = 2_000
"""Entities; what announces more is not a home."""
_UNUSABLE: Final = (ArithmeticError, AttributeError, KeyError, RecursionError, TypeError, ValueError)
"""What reading an announcement that is nonsense may come to."""
_LONGEST_NAME: Final = 100

Check: TypeAlias = Callable[[MqttLink], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What was announced, and what of it could not be used, with the reason."""

    entities: tuple[Entity, ...]
    skipped: tuple[str, ...]


def discovered(announced: Mapping[str, str], check: Check = lambda link: None) -> Found:
    """Read announcements: topic and JSON. What `check` refuses with a `ValueError` is left out, and said."""
    entities: dict[str, Entity] = {}
    skipped: list[str] = []
    for topic, text in sorted(announced.items())[:MOST]:
        for component, config in _components(topic, text):
            try:
                entity = _entity(component, config)
                check(_mqtt(entity))
            except _UNUSABLE as error:
                skipped.append(f"{topic}: {_first_line(error)}")
            else:
                entities.setdefault(entity.id, entity)
    return Found(tuple(entities.values()), tuple(skipped))


def merged(home: Home, found: Found) -> Home:
    """Return a home with what announced itself; what its owner wrote down comes first."""
    taken = {entity.id for entity in home.entities}
    links = [entity.link for entity in (*home.entities, *found.entities) if isinstance(entity.link, MqttLink)]
    heard = {topic for link in links for topic in link.topics}
    new = [entity for entity in found.entities if entity.id not in taken and not (_told(entity) & heard)]
    areas = {fold(name): area.id for area in home.areas for name in (area.id, *area.names)}
    added = {
        fold(entity.area): Area(fold(entity.area).replace(" ", "_"), entity.area)
        for entity in new
        if entity.area and fold(entity.area) not in areas
    }
    areas |= {folded: area.id for folded, area in added.items()}
    placed = [replace(entity, area=areas.get(fold(entity.area or ""))) for entity in new]
    return replace(home, areas=(*home.areas, *added.values()), entities=(*home.entities, *placed))


def _told(entity: Entity) -> set[str]:
    return {publish.topic for publishes in _mqtt(entity).send.values() for publish in publishes}


def _mqtt(entity: Entity) -> MqttLink:
    assert isinstance(entity.link, MqttLink), "announced over MQTT"
    return entity.link


def _components(topic: str, text: str) -> list[tuple[str, Config]]:
    """Return the parts that one announcement speaks of: one, or those of a whole device."""
    try:
        config = full(json.loads(text))
    except (ValueError, RecursionError):
        return []
    parts = topic.split("/")
    if not isinstance(config, dict) or len(parts) < 4:
        return []
    node = len(parts) > 4 and (parts[-4] in KINDS or parts[-4] == "device")  # PREFIX/COMPONENT/NODE/OBJECT/config
    component, object_id = parts[-4] if node else parts[-3], parts[-2]
    if component != "device" or "components" not in config:
        return [(component, {"object_id": object_id, **config})]
    shared = {key: value for key, value in config.items() if key != "components"}
    return [
        (str(part.get("platform")), {**shared, "object_id": f"{object_id}_{name}", **part})
        for name, part in _section(config["components"]).items()
        if isinstance(part, dict) and part.keys() - {"platform"}  # with nothing else it is taken back
    ]


def _entity(component: str, config: Config) -> Entity:
    listed = KINDS.get(component)
    if listed is None:
        raise ValueError(f"nothing here understands a {component}")
    device = _section(config.get("device"))
    mqtt = {**listed(config), **_availability(config)}
    unit = config.get("unit_of_measurement")
    attributes: dict[str, Slot] = {"unit": _text(unit)} if unit else {}
    name = _name(config, device)
    wanted = str(config.get("default_entity_id", "")).partition(".")[2] or config.get("object_id") or name
    slug = re.sub(r"\W+", "_", str(wanted).casefold()).strip("_")
    return Entity(
        id=f"{component}.{slug or 'unnamed'}",
        name=name,
        domain=component,
        area=_text(device.get("suggested_area")) or None,
        device_class=_text(config.get("device_class")) or None,
        attributes=attributes,
        link=read_link(component, {"mqtt": mqtt}),
    )


def _name(config: Config, device: Config) -> str:
    own, whole = _text(config.get("name")), _text(device.get("name"))
    kind = _text(config.get("device_class")).replace("_", " ") if not own else ""
    if own and whole and not fold(own).startswith(fold(whole)):
        return f"{whole} {own}"[:_LONGEST_NAME]
    name = own or f"{whole} {kind}".strip() or _text(config.get("object_id"))
    if not name:
        raise ValueError("it has no name")
    return name[:_LONGEST_NAME]


def _section(said: object) -> Config:
    return said if isinstance(said, dict) else {}


def _text(said: object) -> str:
    return safe_text(str(said)).strip()[:_LONGEST_NAME] if isinstance(said, str | int | float) else ""


def _availability(config: Config) -> Listed:
    """Return where a device says that it is there: in one place or in several."""
    listed = config.get("availability", [])
    places = [_section(each) for each in (listed if isinstance(listed, list) else [listed])]
    if not places and config.get("availability_topic"):
        places = [{"topic": config["availability_topic"], "value_template": config.get("availability_template")}]
    usual = config.get("payload_available") or "online"
    available = [
        {"topic": each["topic"], **place(each.get("value_template")), "online": each.get("payload_available") or usual}
        for each in places
    ]
    return {"available": available, "anywhere": config.get("availability_mode") in ("any", "latest")}


def _first_line(error: Exception) -> str:
    """Return a complaint in one line; pydantic's begin with a heading."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        return str(errors()[0]["msg"]).lower().removeprefix("value error, ")
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return (str(error).splitlines() or [type(error).__name__])[0]
