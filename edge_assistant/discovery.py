"""Devices that announce themselves over MQTT as to Home Assistant, read as if they stood in a `home.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from edge_assistant.home import Area, Entity, Home, fold
from edge_assistant.link_files import read_link
from edge_assistant.links import MqttLink
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Slot

Config: TypeAlias = Mapping[str, Any]
Listed: TypeAlias = dict[str, Any]

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
_TEMPLATE: Final = re.compile(
    r"\{\{\s*value(_json((?:\.\w+|\[['\"]\w+['\"]\])+))?\s*(?:\|\s*(?:float|int|round)(?:\([\d ]*\))?\s*)*\}\}"
)

_VALUE: Final = re.compile(r"\{\{\s*value\s*\}\}")


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
    listed = _KINDS.get(component)
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
    return {"available": {"topic": topic, "path": _path(template), "online": online}}


def _path(template: object) -> str:
    """Return the place that a value template names. Raises `ValueError` for one that computes."""
    if not template:
        return ""
    found = _TEMPLATE.fullmatch(str(template).strip())
    if found is None:
        raise ValueError(f"the template {str(template)[:60]!r} computes something")
    return ".".join(re.findall(r"\w+", found[2] or ""))


def _read(config: Config, topic: str, template: str) -> Listed | None:
    return {"topic": config[topic], "path": _path(config.get(template))} if config.get(topic) else None


def _reads(**readings: Listed | None) -> Listed:
    return {name: reading for name, reading in readings.items() if reading is not None}


def _send(topic: object, payload: object, template: object = None) -> list[Listed]:
    if template and "value" in _VALUE.sub("", str(template)):
        raise ValueError(f"the template {str(template)[:60]!r} computes something")
    filled = _VALUE.sub(str(payload), str(template)) if template else payload
    return [{"topic": topic, "payload": filled}] if topic else []


def _switched(config: Config, template: str = "value_template") -> Listed:
    """On and off: a switch, and what is more than one."""
    on, off = config.get("payload_on", "ON"), config.get("payload_off", "OFF")
    topic = config["command_topic"]
    send = {"turn_on": _send(topic, on), "turn_off": _send(topic, off)}
    words = {"state": {"on": config.get("state_on", on), "off": config.get("state_off", off)}}
    read = _reads(state=_read(config, "state_topic", template))
    return {"send": send, "read": read, "values": words}


def _light(config: Config) -> Listed:
    if config.get("schema") == "json":
        return _json_light(config)
    if config.get("schema", "basic") not in ("basic", "default"):
        raise ValueError(f"a light of the schema {config['schema']} computes what it sends")
    listed = _switched(config, "state_value_template")
    topic = config.get("brightness_command_topic")
    if topic:
        template = config.get("brightness_command_template")
        listed["send"]["turn_on"] = _send(topic, "{brightness}", template) + listed["send"]["turn_on"]
        brightness = _read(config, "brightness_state_topic", "brightness_value_template")
        listed["read"] |= _reads(brightness=brightness)
        listed["scale"] = {"brightness": config.get("brightness_scale", 255)}
    return listed


def _json_light(config: Config) -> Listed:
    modes = config.get("supported_color_modes")
    dims = config.get("brightness") or (isinstance(modes, list) and set(modes) - {"onoff"})
    on: Listed = {"state": "ON", **({"brightness": "{brightness}"} if dims else {})}
    read = {"state": "state", **({"brightness": "brightness"} if dims else {})} if config.get("state_topic") else {}
    return {
        "send": {
            "turn_on": _send(config["command_topic"], on),
            "turn_off": _send(config["command_topic"], {"state": "OFF"}),
        },
        "read": read,
        **({"state": config["state_topic"]} if read else {}),
        "scale": {"brightness": config.get("brightness_scale", 255)} if dims else {},
    }


def _fan(config: Config) -> Listed:
    listed = _switched(config, "state_value_template")
    topic = config.get("percentage_command_topic")
    if topic:
        listed["send"]["set_percentage"] = _send(topic, "{percentage}", config.get("percentage_command_template"))
        percentage = _read(config, "percentage_state_topic", "percentage_value_template")
        listed["read"] |= _reads(percentage=percentage)
        listed["scale"] = {"percentage": config.get("speed_range_max", 100)}
    return listed


def _cover(config: Config) -> Listed:
    send: Listed = {}
    if topic := config.get("command_topic"):
        send["open_cover"] = _send(topic, config.get("payload_open", "OPEN"))
        send["close_cover"] = _send(topic, config.get("payload_close", "CLOSE"))
    words = {"state": {"open": config.get("state_open", "open"), "closed": config.get("state_closed", "closed")}}
    read = _reads(state=_read(config, "state_topic", "value_template"))
    scale: Listed = {}
    if (topic := config.get("set_position_topic")) and not config.get("position_closed", 0):
        send["set_cover_position"] = _send(topic, "{position}", config.get("set_position_template"))
        read |= _reads(position=_read(config, "position_topic", "position_template"))
        scale = {"position": config.get("position_open", 100)}
    return {"send": send, "read": read, "values": words, "scale": scale}


def _lock(config: Config) -> Listed:
    topic = config["command_topic"]
    lock, unlock = config.get("payload_lock", "LOCK"), config.get("payload_unlock", "UNLOCK")
    words = {"locked": config.get("state_locked", "LOCKED"), "unlocked": config.get("state_unlocked", "UNLOCKED")}
    return {
        "send": {"lock": _send(topic, lock), "unlock": _send(topic, unlock)},
        "read": _reads(state=_read(config, "state_topic", "value_template")),
        "values": {"state": words},
    }


def _climate(config: Config) -> Listed:
    send: Listed = {}
    if topic := config.get("temperature_command_topic"):
        send["set_temperature"] = _send(topic, "{temperature}", config.get("temperature_command_template"))
    modes = config.get("modes")
    if (topic := config.get("mode_command_topic")) and isinstance(modes, list):
        send |= {"turn_off": _send(topic, "off")} if "off" in modes else {}
        on = next((mode for mode in ("auto", "heat_cool", "heat", "cool") if mode in modes), None)
        send |= {"turn_on": _send(topic, on)} if on else {}
    read = _reads(
        state=_read(config, "mode_state_topic", "mode_state_template"),
        temperature=_read(config, "temperature_state_topic", "temperature_state_template"),
        current_temperature=_read(config, "current_temperature_topic", "current_temperature_template"),
    )
    return {"send": send, "read": read}


def _sensor(config: Config) -> Listed:
    return {"read": _reads(state=_read(config, "state_topic", "value_template"))}


def _binary_sensor(config: Config) -> Listed:
    words = {"on": config.get("payload_on", "ON"), "off": config.get("payload_off", "OFF")}
    return {**_sensor(config), "values": {"state": words}}


_KINDS: Final[Mapping[str, Callable[[Config], Listed]]] = {
    "light": _light,
    "switch": _switched,
    "fan": _fan,
    "cover": _cover,
    "lock": _lock,
    "climate": _climate,
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
}


def _first_line(error: Exception) -> str:
    """Return a complaint in one line; pydantic's begin with a heading."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        return str(errors()[0]["msg"]).lower().removeprefix("value error, ")
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
