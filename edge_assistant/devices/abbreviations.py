"""Home Assistant's abbreviations in announcements, as far as the keys are read here."""

from __future__ import annotations

from typing import Any, Final

_WORDS: Final = {
    "avty": "availability",
    "bri": "brightness",
    "clr_temp": "color_temp",
    "clrm": "color_mode",
    "cmd": "command",
    "curr_temp": "current_temperature",
    "hs": "hs",
    "mode": "mode",
    "pct": "percentage",
    "pow": "power",
    "rgb": "rgb",
    "temp": "temperature",
    "xy": "xy",
}
_ENDS: Final = {
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "scl": "scale",
    "stat_t": "state_topic",
    "stat_tpl": "state_template",
    "t": "topic",
    "tpl": "template",
    "val_tpl": "value_template",
}
_SHORT: Final = {
    **{f"{word}_{end}": f"{_WORDS[word]}_{_ENDS[end]}" for word in _WORDS for end in _ENDS},
    **{"avty": "availability", "avty_mode": "availability_mode", "b_tpl": "blue_template", "clrm": "color_mode"},
    **{"clr_temp_k": "color_temp_kelvin", "cmd_off_tpl": "command_off_template", "cmd_on_tpl": "command_on_template"},
    **{"cmps": "components", "def_ent_id": "default_entity_id", "dev": "device", "dev_cla": "device_class"},
    **{"g_tpl": "green_template", "obj_id": "object_id", "p": "platform", "pl_arm_away": "payload_arm_away"},
    **{"pl_avail": "payload_available", "pl_cls": "payload_close", "pl_disarm": "payload_disarm"},
    **{"pl_lock": "payload_lock", "pl_off": "payload_off", "pl_on": "payload_on", "pl_open": "payload_open"},
    **{"pl_ret": "payload_return_to_base", "pl_stop": "payload_stop", "pl_strt": "payload_start"},
    **{"pl_unlk": "payload_unlock", "pos_clsd": "position_closed", "pos_open": "position_open"},
    **{"pos_t": "position_topic", "pos_tpl": "position_template", "r_tpl": "red_template", "sa": "suggested_area"},
    **{"set_pos_t": "set_position_topic", "set_pos_tpl": "set_position_template", "spd_rng_max": "speed_range_max"},
    **{"stat_clsd": "state_closed", "stat_closing": "state_closing", "stat_locked": "state_locked"},
    **{"stat_off": "state_off", "stat_on": "state_on", "stat_open": "state_open", "stat_opening": "state_opening"},
    **{"stat_t": "state_topic", "stat_tpl": "state_template", "stat_unlocked": "state_unlocked"},
    **{"stat_val_tpl": "state_value_template", "sup_clrm": "supported_color_modes", "t": "topic"},
    **{"uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template"},
}
"""MQTT discovery documentation, list of abbreviations."""


def full(config: Any) -> Any:
    """Spell out abbreviated keys, and put the base topic in its places."""
    if isinstance(config, list):
        return [full(item) for item in config]
    if not isinstance(config, dict):
        return config
    return _spelled(config, str(config.get("~", "")))


def _spelled(config: dict[str, Any], base: str) -> dict[str, Any]:
    spelled = {_SHORT.get(key, key): value for key, value in config.items() if key != "~"}
    return {key: _value(key, value, base) for key, value in spelled.items()}


def _value(key: str, value: Any, base: str) -> Any:
    """Return a value with the base topic of what it stands in, unless it has one of its own."""
    if isinstance(value, list):
        return [_value(key, item, base) for item in value]
    if isinstance(value, dict):
        return _spelled(value, str(value.get("~", base)))
    if not key.endswith("topic") or not isinstance(value, str) or not base:
        return value
    return base + value[1:] if value.startswith("~") else value[:-1] + base if value.endswith("~") else value
