"""What a broker keeps under a prefix, read once: the announcements of devices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import anyio

from edge_assistant.adapters.mqtt import MqttLine
from edge_assistant.adapters.mqtt_broker import Broker
from edge_assistant.adapters.templates import check_link
from edge_assistant.devices.discovery import MOST, Found, discovered
from edge_assistant.errors import ConfigError

_QUIET: Final = 0.5
"""Seconds without another announcement after which all are there."""
_LONGEST: Final = 10.0


async def announced(broker: Broker, prefix: str) -> dict[str, str]:
    """Return what devices announce under a prefix. Raises `ActionError` and `ConfigError`."""
    if not prefix or set(prefix) & set("+#\0$"):
        raise ConfigError("actions.discover: this is no topic prefix, like homeassistant")
    found: dict[str, str] = {}
    more = anyio.Event()

    def hear(topic: str, text: str, kept: bool) -> None:
        nonlocal more
        if kept and text and len(found) < MOST:
            found[topic] = text
            more.set()
            more = anyio.Event()

    line = MqttLine(broker, [f"{prefix}/+/+/config", f"{prefix}/+/+/+/config"], hear, lambda: None)
    try:
        await line.ready()
        with anyio.move_on_after(_LONGEST):
            while True:
                with anyio.move_on_after(_QUIET) as quiet:
                    await more.wait()
                if quiet.cancelled_caught:
                    break
    finally:
        await line.aclose()
    return found


def keep(path: Path, found: dict[str, str]) -> None:
    """Write announcements down, for the next start."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def known(path: Path) -> Found:
    """Return the devices of announcements that were written down; none where that cannot be read."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Found((), ())
    texts = written.items() if isinstance(written, dict) else ()
    return discovered({topic: text for topic, text in texts if isinstance(text, str)}, check_link)
