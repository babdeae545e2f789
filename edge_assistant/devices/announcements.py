"""What each kind of device announces over MQTT, as the `mqtt:` of a `home.yaml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edge_assistant.devices.announced_lights import light
from edge_assistant.devices.announced_values import Config, Listed, expression, read, reads, send


def _switched(config: Config, template: str = "value_template") -> Listed:
    """On and off: a switch, and what is more than one."""
    on, off = config.get("payload_on", "ON"), config.get("payload_off", "OFF")
    topic, command = config["command_topic"], config.get("command_template")
    words = {"state": {"on": config.get("state_on", on), "off": config.get("state_off", off)}}
    return {
        "send": {"turn_on": send(topic, on, command), "turn_off": send(topic, off, command)},
        "read": reads(state=read(config, "state_topic", template)),
        "values": words,
    }


def _fan(config: Config) -> Listed:
    listed = _switched(config, "state_value_template")
    topic = config.get("percentage_command_topic")
    if topic:
        listed["send"]["set_percentage"] = send(topic, "{percentage}", config.get("percentage_command_template"))
        percentage = read(config, "percentage_state_topic", "percentage_value_template")
        listed["read"] |= reads(percentage=percentage)
        listed["scale"] = {"percentage": config.get("speed_range_max", 100)}
    return listed


def _siren(config: Config) -> Listed:
    """A siren takes and reports JSON, or the plain words where a template or the device says so."""
    listed = _switched(config, "state_value_template")
    if not config.get("command_template"):
        on, off = config.get("payload_on", "ON"), config.get("payload_off", "OFF")
        topic = config["command_topic"]
        listed["send"] = {"turn_on": send(topic, {"state": on}), "turn_off": send(topic, {"state": off})}
    if "state" in listed["read"] and not config.get("state_value_template"):
        either = "{{ value_json.state if value_json is mapping else value }}"
        listed["read"]["state"] = {"topic": config["state_topic"], "template": either}
    return listed


def _cover(config: Config) -> Listed:
    sent: Listed = {}
    if topic := config.get("command_topic"):
        sent["open_cover"] = send(topic, config.get("payload_open", "OPEN"))
        sent["close_cover"] = send(topic, config.get("payload_close", "CLOSE"))
        if stop := config.get("payload_stop", "STOP"):
            sent["stop_cover"] = send(topic, stop)
    states = ("open", "opening", "closed", "closing", "stopped")
    words = {"state": {state: config.get(f"state_{state}", state) for state in states}}
    shown = reads(state=read(config, "state_topic", "value_template"))
    positions, seen = _positions(config)
    return {"send": sent | positions, "read": seen | shown, "values": words}


def _positions(config: Config) -> tuple[Listed, Listed]:
    """Return how a cover is told a position, and where it says it; it may count from either end."""
    closed, opened = float(config.get("position_closed", 0)), float(config.get("position_open", 100))
    if closed == opened:
        raise ValueError("position_open and position_closed are the same")
    usual = (closed, opened) == (0, 100)
    sent, shown = {}, {}
    if topic := config.get("set_position_topic"):
        theirs = f"{{{{ ({closed} + position * {(opened - closed) / 100}) | round | int }}}}"
        template = config.get("set_position_template") or (None if usual else theirs)
        sent = {"set_cover_position": send(topic, "{position}", template, position="{position}")}
    said = expression(config.get("position_template"))
    if (topic := config.get("position_topic")) and said is not None:
        ours = f"{{{{ (({said} | float - {closed}) * {100 / (opened - closed)}) | round | int }}}}"
        shut = f"{{{{ 'closed' if ({said} | float) == {closed} else 'open' }}}}"
        position = read(config, "position_topic", "position_template")
        shown = {"position": position if usual else {"topic": topic, "template": ours}}
        shown["state"] = {"topic": topic, "template": shut}  # unless it says its state elsewhere
    return sent, shown


def _lock(config: Config) -> Listed:
    topic = config["command_topic"]
    lock, unlock = config.get("payload_lock", "LOCK"), config.get("payload_unlock", "UNLOCK")
    words = {"locked": config.get("state_locked", "LOCKED"), "unlocked": config.get("state_unlocked", "UNLOCKED")}
    command = _without_code(config)
    return {
        "send": {"lock": send(topic, lock, command), "unlock": send(topic, unlock, command)},
        "read": reads(state=read(config, "state_topic", "value_template")),
        "values": {"state": words},
    }


def _alarm(config: Config) -> Listed:
    topic, command = config["command_topic"], _without_code(config)
    away, disarm = config.get("payload_arm_away", "ARM_AWAY"), config.get("payload_disarm", "DISARM")
    return {
        "send": {
            "alarm_arm_away": send(topic, away, command, action=away),
            "alarm_disarm": send(topic, disarm, command, action=disarm),
        },
        "read": reads(state=read(config, "state_topic", "value_template")),
    }


def _without_code(config: Config) -> object:
    """Return the command template. Raises `ValueError` where the device wants a code: we keep none."""
    command = config.get("command_template")
    if config.get("code") in ("REMOTE_CODE", "REMOTE_CODE_TEXT") or "code" in str(command or ""):
        raise ValueError("it wants a code with each command")
    return command


def _climate(config: Config) -> Listed:
    sent: Listed = {}
    if topic := config.get("temperature_command_topic"):
        sent["set_temperature"] = send(topic, "{temperature}", config.get("temperature_command_template"))
    modes, switch = config.get("modes"), config.get("mode_command_template")
    if (topic := config.get("mode_command_topic")) and isinstance(modes, list):
        sent |= {"turn_off": send(topic, "off", switch)} if "off" in modes else {}
        on = next((mode for mode in ("auto", "heat_cool", "heat", "cool") if mode in modes), None)
        sent |= {"turn_on": send(topic, on, switch)} if on else {}
    read_back = reads(
        state=read(config, "mode_state_topic", "mode_state_template"),
        temperature=read(config, "temperature_state_topic", "temperature_state_template"),
        current_temperature=read(config, "current_temperature_topic", "current_temperature_template"),
    )
    return {"send": sent, "read": read_back}


def _vacuum(config: Config) -> Listed:
    topic = config["command_topic"]
    start, back = config.get("payload_start", "start"), config.get("payload_return_to_base", "return_to_base")
    return {
        "send": {"start": send(topic, start), "return_to_base": send(topic, back)},
        "read": reads(state={"topic": config["state_topic"], "path": "state"} if config.get("state_topic") else None),
    }


def _scene(config: Config) -> Listed:
    return {"send": {"turn_on": send(config["command_topic"], config.get("payload_on", "ON"))}}


def _sensor(config: Config) -> Listed:
    return {"read": {"state": read({"state_topic": None, **config}, "state_topic", "value_template") or _silent()}}


def _silent() -> Listed:
    raise KeyError("state_topic")


def _binary_sensor(config: Config) -> Listed:
    words = {"on": config.get("payload_on", "ON"), "off": config.get("payload_off", "OFF")}
    return {**_sensor(config), "values": {"state": words}}


KINDS: Final[Mapping[str, Callable[[Config], Listed]]] = {
    "alarm_control_panel": _alarm,
    "binary_sensor": _binary_sensor,
    "climate": _climate,
    "cover": _cover,
    "fan": _fan,
    "humidifier": lambda config: _switched(config, "state_value_template"),
    "light": light,
    "lock": _lock,
    "number": _sensor,
    "scene": _scene,
    "select": _sensor,
    "sensor": _sensor,
    "siren": _siren,
    "switch": _switched,
    "vacuum": _vacuum,
    "valve": _sensor,
}
"""What is understood, and what reads it; a `KeyError` or `ValueError` says what cannot be used."""
