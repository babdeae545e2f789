"""How a model runs best on this machine: what `edge-assistant models bench` found, kept beside the models."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from edge_assistant.errors import StorageError
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading

FILE: Final = "measured.json"
_LIBRARY: Final = "llama-cpp-python"
_NAMES: Final = ("model name", "Model", "Hardware", "cpu model")
"""How /proc/cpuinfo calls the processor or the board: x86, Raspberry Pi, older ARM, others."""
_READ: Final = 400
_SAID: Final = 80


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second: of a prompt that is read, and of an answer that is said."""

    reading: float
    speaking: float

    @property
    def turn(self) -> float:
        """Seconds of a usual turn: a question with two passages is read, and a few sentences are said."""
        return _READ / self.reading + _SAID / self.speaking


def measured(home: Path, model: ModelFile) -> Loading | None:
    """Return how a model is best loaded here, if that was measured with this processor and this library."""
    found = _all(home / "models").get(key(model))
    try:
        return Loading(**found["loading"]) if isinstance(found, dict) else None
    except (KeyError, TypeError):
        return None


def remember(home: Path, model: ModelFile, loading: Loading, speed: Speed) -> None:
    """Keep what was measured. Raises `StorageError`."""
    folder = home / "models"
    kept = {**_all(folder), key(model): {"loading": asdict(loading), "speed": asdict(speed)}}
    fresh = folder / f".{FILE}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, ensure_ascii=False)
        os.replace(fresh, folder / FILE)
    except OSError as error:
        raise StorageError(f"{folder / FILE}: {(error.strerror or type(error).__name__).lower()}") from error


def key(model: ModelFile, proc: Path = Path("/proc")) -> str:
    """Return what a measurement holds for: this file, on this processor, with this many cores and this library."""
    weights = model.sha256 or f"{model.file} {model.size}"
    try:
        library = version(_LIBRARY)
    except PackageNotFoundError:
        library = "none"
    return f"{weights} | {processor(proc)} | {physical_cores()} cores | {_LIBRARY} {library}"


def processor(proc: Path = Path("/proc")) -> str:
    """Return the name of the board or of the processor."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return (proc / "device-tree/model").read_text().strip("\0\n ")
    said = {}
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = (proc / "cpuinfo").read_text().splitlines()
        said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return next((said[name] for name in _NAMES if said.get(name)), os.uname().machine)


def _all(folder: Path) -> dict[str, object]:
    """Return everything that was kept; a file that is damaged is as good as none."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
