"""What lights announce: those of one topic for each value, those that take JSON, and those that are all templates."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from edge_assistant.devices.announced_values import Config, Listed, place, read, reads, send

_ON, _OFF = "ON", "OFF"
_MODES: Final = (("hs", "hs"), ("rgb", "rgb"), ("xy", "xy"), ("rgbw", "rgb"), ("rgbww", "rgb"))
"""How a light says that it counts colours, and what is sent to it, best first."""
_PARTS: Final = {
    "hs": {"h": "{hue}", "s": "{saturation}"},
    "rgb": {"r": "{red}", "g": "{green}", "b": "{blue}"},
    "xy": {"x": "{x}", "y": "{y}"},
}
_WHITE: Final = ["color_temp"]


def light(config: Config) -> Listed:
    """Return what a light is told and heard by."""
    schema = config.get("schema", "basic")
    if schema == "json":
        return _json_light(config)
    return _template_light(config) if schema == "template" else _basic_light(config)


def _basic_light(config: Config) -> Listed:
    on, off = config.get("payload_on", _ON), config.get("payload_off", _OFF)
    topic = config["command_topic"]
    styled, shown = _colors(config)
    dims = send(config.get("brightness_command_topic"), "{brightness}", config.get("brightness_command_template"))
    return {
        "send": {"turn_on": [*dims, *styled, *send(topic, on)], "turn_off": send(topic, off)},
        "read": reads(
            state=read(config, "state_topic", "state_value_template"),
            brightness=read(config, "brightness_state_topic", "brightness_value_template") if dims else None,
        )
        | shown,
        "values": {"state": {"on": config.get("state_on", on), "off": config.get("state_off", off)}},
        "scale": {"brightness": config.get("brightness_scale", 255)} if dims else {},
        "mireds": not config.get("color_temp_kelvin"),
    }


def _colors(config: Config) -> tuple[list[Listed], Listed]:
    """Return how a light of one topic for each value is told its colour and its warmth, and where it says them."""
    styled, shown = [], {}
    form = next((form for form in _PARTS if config.get(f"{form}_command_topic")), None)
    if form is not None:
        parts = dict(zip(form, _PARTS[form].values(), strict=True)) if form != "rgb" else {}
        names = {"red": "{red}", "green": "{green}", "blue": "{blue}"} if form == "rgb" else parts
        names |= {"hue": "{hue}", "sat": "{saturation}"} if form == "hs" else {}
        template = config.get(f"{form}_command_template")
        styled = send(config[f"{form}_command_topic"], ",".join(_PARTS[form].values()), template, **names)
        shown = reads(color=read(config, f"{form}_state_topic", f"{form}_value_template", form=form))
    warms = send(config.get("color_temp_command_topic"), _warmth(config), config.get("color_temp_command_template"))
    if warms:
        shown |= reads(temperature=read(config, "color_temp_state_topic", "color_temp_value_template"))
    return [*styled, *warms], shown


def _json_light(config: Config) -> Listed:
    modes = _modes(config)
    dims = config.get("brightness") or set(modes) - {"onoff"}
    form = next((form for mode, form in _MODES if mode in modes), None)
    warms = "color_temp" in modes
    on: Listed = {"state": _ON, **({"brightness": "{brightness}"} if dims else {})}
    on |= {"color": _PARTS[form]} if form else {}
    on |= {"color_temp": _warmth(config)} if warms else {}
    shown: Listed = {"state": "state"}
    shown |= {"brightness": "brightness"} if dims else {}
    hues = [mode for mode, _ in _MODES]
    shown |= {"color": {"path": "color", "form": form, "when": {"color_mode": hues}}} if form else {}
    shown |= {"temperature": {"path": "color_temp", "when": {"color_mode": _WHITE}}} if warms else {}
    topic = config.get("state_topic")
    return {
        "send": {
            "turn_on": send(config["command_topic"], on),
            "turn_off": send(config["command_topic"], {"state": _OFF}),
        },
        **({"state": topic, "read": shown} if topic else {}),
        "scale": {"brightness": config.get("brightness_scale", 255)} if dims else {},
        "mireds": not config.get("color_temp_kelvin"),
    }


def _modes(config: Config) -> Collection[str]:
    """Return how a light can shine; older announcements say it by flags."""
    listed = config.get("supported_color_modes")
    if isinstance(listed, list):
        return [str(mode) for mode in listed]
    return [mode for mode in ("hs", "rgb", "xy", "color_temp") if config.get(mode) is True]


def _template_light(config: Config) -> Listed:
    topic = config["command_topic"]
    values = {"brightness": "{brightness}", "red": "{red}", "green": "{green}", "blue": "{blue}"}
    values |= {"hue": "{hue}", "sat": "{saturation}", "color_temp": _warmth(config)}
    state = config.get("state_topic")
    rgb = [config.get(f"{part}_template") for part in ("red", "green", "blue")]
    kinds = (("state", "state_template"), ("brightness", "brightness_template"), ("temperature", "color_temp_template"))
    shown: Listed = {name: {"topic": state, **place(config[key])} for name, key in kinds if state and config.get(key)}
    if state and all(rgb):
        shown["color"] = {"topic": state, "template": ",".join(map(str, rgb)), "form": "rgb"}
    return {
        "send": {
            "turn_on": send(topic, "on", config["command_on_template"], state="on", **values),
            "turn_off": send(topic, "off", config["command_off_template"], state="off"),
        },
        "read": shown,
        "scale": {"brightness": 255},
        "mireds": not config.get("color_temp_kelvin"),
    }


def _warmth(config: Config) -> str:
    return "{temperature}" if config.get("color_temp_kelvin") else "{mireds}"
