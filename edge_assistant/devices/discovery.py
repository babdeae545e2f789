"""Devices that announce themselves over MQTT as to Home Assistant, read as if they stood in a `home.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from edge_assistant.devices.announcements import KINDS, Config, Listed, path
from edge_assistant.devices.home import Area, Entity, Home, fold
from edge_assistant.devices.link_files import read_link
from edge_assistant.devices.links import MqttLink
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Slot

MOST: Final = 2_000
"""Entities; what announces more is not a home."""
_LONGEST_NAME: Final = 100
_SHORT: Final[Mapping[str, str]] = {
    "avty": "availability",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "bri_cmd_t": "brightness_command_topic",
    "bri_scl": "brightness_scale",
    "bri_stat_t": "brightness_state_topic",
    "bri_val_tpl": "brightness_value_template",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "cmps": "components",
    "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template",
    "dev": "device",
    "dev_cla": "device_class",
    "mode_cmd_t": "mode_command_topic",
    "mode_stat_t": "mode_state_topic",
    "mode_stat_tpl": "mode_state_template",
    "obj_id": "object_id",
    "p": "platform",
    "pct_cmd_t": "percentage_command_topic",
    "pct_stat_t": "percentage_state_topic",
    "pct_val_tpl": "percentage_value_template",
    "pl_avail": "payload_available",
    "pl_cls": "payload_close",
    "pl_lock": "payload_lock",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_open": "payload_open",
    "pl_unlk": "payload_unlock",
    "pos_open": "position_open",
    "pos_clsd": "position_closed",
    "pos_t": "position_topic",
    "pos_tpl": "position_template",
    "sa": "suggested_area",
    "set_pos_t": "set_position_topic",
    "spd_rng_max": "speed_range_max",
    "stat_clsd": "state_closed",
    "stat_locked": "state_locked",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_open": "state_open",
    "stat_t": "state_topic",
    "stat_unlocked": "state_unlocked",
    "stat_val_tpl": "state_value_template",
    "t": "topic",
    "temp_cmd_t": "temperature_command_topic",
    "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
"""Home Assistant's abbreviations, as far as the keys are read here (MQTT discovery documentation)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was announced, and what of it could not be used, with the reason."""

    entities: tuple[Entity, ...]
    skipped: tuple[str, ...]


def discovered(announced: Mapping[str, str]) -> Found:
    """Read announcements: topic and JSON. What would need a template language is left out, and said."""
    entities: dict[str, Entity] = {}
    skipped: list[str] = []
    for topic, text in sorted(announced.items())[:MOST]:
        for component, config in _components(topic, text):
            try:
                entity = _entity(component, config)
            except (ValueError, TypeError, KeyError) as error:
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
    link = entity.link
    assert isinstance(link, MqttLink), "announced over MQTT"
    return {publish.topic for publishes in link.send.values() for publish in publishes}


def _components(topic: str, text: str) -> list[tuple[str, Config]]:
    """Return the parts that one announcement speaks of: one, or those of a whole device."""
    try:
        config = _full(json.loads(text))
    except (ValueError, RecursionError):
        return []
    parts = topic.split("/")
    if not isinstance(config, dict) or len(parts) < 4:
        return []
    component, object_id = parts[-4] if len(parts) > 4 else parts[-3], parts[-2]
    if parts[-3] != "device" or "components" not in config:
        return [(component, {"object_id": object_id, **config})]
    shared = {key: value for key, value in config.items() if key != "components"}
    cmps = config["components"]
    named = cmps.items() if isinstance(cmps, dict) else ()
    return [
        (str(c.get("platform")), {**shared, "object_id": f"{object_id}_{n}", **c})
        for n, c in named
        if isinstance(c, dict)
    ]


def _full(config: Any) -> Any:
    """Spell out abbreviated keys, and put the base topic in its places."""
    if isinstance(config, list):
        return [_full(item) for item in config]
    if not isinstance(config, dict):
        return config
    base = str(config.get("~", ""))
    full = {_SHORT.get(key, key): _full(value) for key, value in config.items() if key != "~"}
    return {key: _based(value, base) if key.endswith("topic") else value for key, value in full.items()}


def _based(topic: Any, base: str) -> Any:
    if not isinstance(topic, str) or not base:
        return topic
    return base + topic[1:] if topic.startswith("~") else topic[:-1] + base if topic.endswith("~") else topic


def _entity(component: str, config: Config) -> Entity:
    listed = KINDS.get(component)
    if listed is None:
        raise ValueError(f"nothing here understands a {component}")
    device = _section(config.get("device"))
    mqtt = {**listed(config), **_availability(config)}
    unit = config.get("unit_of_measurement")
    attributes: dict[str, Slot] = {"unit": _text(unit)} if unit else {}
    name = _name(config, device)
    slug = re.sub(r"\W+", "_", str(config.get("object_id") or config.get("unique_id") or name).casefold()).strip("_")
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
    listed = config.get("availability")
    first = _section(listed[0] if isinstance(listed, list) and listed else listed)
    topic = first.get("topic") or config.get("availability_topic")
    if not topic:
        return {}
    template = first.get("value_template") or config.get("availability_template")
    online = first.get("payload_available") or config.get("payload_available") or "online"
    return {"available": {"topic": topic, "path": path(template), "online": online}}


def _first_line(error: Exception) -> str:
    """Return a complaint in one line; pydantic's begin with a heading."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        return str(errors()[0]["msg"]).lower().removeprefix("value error, ")
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
