"""What each kind of device announces over MQTT, as the `mqtt:` of a `home.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Config: TypeAlias = Mapping[str, Any]
Listed: TypeAlias = dict[str, Any]

_TEMPLATE: Final = re.compile(
    r"\{\{\s*value(_json((?:\.\w+|\[['\"]\w+['\"]\])+))?\s*(?:\|\s*(?:float|int|round)(?:\([\d ]*\))?\s*)*\}\}"
)

_VALUE: Final = re.compile(r"\{\{\s*value\s*\}\}")


def path(template: object) -> str:
    """Return the place that a value template names. Raises `ValueError` for one that computes."""
    if not template:
        return ""
    found = _TEMPLATE.fullmatch(str(template).strip())
    if found is None:
        raise ValueError(f"the template {str(template)[:60]!r} computes something")
    return ".".join(re.findall(r"\w+", found[2] or ""))


def _read(config: Config, topic: str, template: str) -> Listed | None:
    return {"topic": config[topic], "path": path(config.get(template))} if config.get(topic) else None


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


KINDS: Final[Mapping[str, Callable[[Config], Listed]]] = {
    "light": _light,
    "switch": _switched,
    "fan": _fan,
    "cover": _cover,
    "lock": _lock,
    "climate": _climate,
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
}
"""What is understood, and what reads it; a `KeyError` or `ValueError` says what cannot be used."""
