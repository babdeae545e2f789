"""What an announcement says of one value: where it is read, and how it is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Config: TypeAlias = Mapping[str, Any]
Listed: TypeAlias = dict[str, Any]
"""What could stand in a `home.yaml`."""

_PATH: Final = re.compile(
    r"\{\{\s*value(_json((?:\.\w+|\[['\"]\w+['\"]\])+))?\s*(?:\|\s*(?:float|int|round)(?:\([\d ]*\))?\s*)*\}\}"
)
_VALUE: Final = re.compile(r"\{\{\s*value\s*\}\}")
_COMPUTES: Final = re.compile(r"\{[{%#]")


def place(template: object) -> Listed:
    """Return where a value template finds its value: a path where it names one, else the template itself."""
    if not template:
        return {"path": ""}
    found = _PATH.fullmatch(str(template).strip())
    return {"path": ".".join(re.findall(r"\w+", found[2] or ""))} if found else {"template": str(template)}


def expression(template: object) -> str | None:
    """Return a value template as a part of another one; None where it is more than one expression."""
    if not template:
        return "value"
    inside = str(template).strip()
    return f"({inside[2:-2]})" if re.fullmatch(r"\{\{[^{}]*\}\}", inside) else None


def read(config: Config, topic: str, template: str, **more: object) -> Listed | None:
    """Return where a value is read; None where it is reported nowhere."""
    return {"topic": config[topic], **place(config.get(template)), **more} if config.get(topic) else None


def reads(**readings: Listed | None) -> Listed:
    return {name: reading for name, reading in readings.items() if reading is not None}


def send(topic: object, payload: object, template: object = None, **values: object) -> list[Listed]:
    """Return what is sent to a topic; a template that computes gets the payload as `value`, and values of its own."""
    if not topic:
        return []
    filled = _VALUE.sub(str(payload), str(template)) if template else payload
    if not template or not _COMPUTES.search(str(filled)):
        return [{"topic": topic, "payload": filled}]
    all_values = {"value": payload, **values}
    if not any(_speaks(str(template), name) for name in all_values):
        raise ValueError(f"the template {str(template)[:60]!r} says nothing of what is asked")
    # A message is left out when it lacks its values; what the template does not speak of must not look said.
    spoken = {
        name: value for name, value in all_values.items() if "{" not in str(value) or _speaks(str(template), name)
    }
    return [{"topic": topic, "payload": spoken, "template": str(template)}]


def _speaks(template: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", template) is not None
