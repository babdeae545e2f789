"""What files without a known hash were when they were first fetched; nothing else is taken for them afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from edge_assistant.config import Section
from edge_assistant.errors import ConfigError

PINS: Final = "pins.json"


class Pin(Section):
    """One file as it was when it was first proven."""

    size: int = Field(gt=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    source: str
    """The source with its revision fixed."""


def read_pins(folder: Path) -> Mapping[str, Pin]:
    """Return the pins of a models folder by source. Raises `ConfigError`."""
    path = folder / PINS
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return {source: Pin(**pin) for source, pin in written.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, ValidationError) as error:
        raise ConfigError(f"{path}: this file is damaged; without it, files are pinned anew") from error


def add_pin(folder: Path, source: str, pin: Pin) -> None:
    """Write one more pin, replacing the file as a whole. Raises `ConfigError` and `OSError`."""
    pins = {**read_pins(folder), source: pin}
    fresh = folder / f".{PINS}.new"
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: kept.model_dump() for name, kept in pins.items()}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, folder / PINS)
