"""Which embedder a setting means: a folder of either kind, or one that comes in a package."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from edge_assistant.adapters import static
from edge_assistant.adapters.onnx import FILES, OnnxEmbedder
from edge_assistant.errors import TierError
from edge_assistant.types import Embedder


class LocalEmbedder(Embedder, Protocol):
    """An embedder that can say where it runs."""

    @property
    def about(self) -> str:
        """Say what it is and what it runs on; loads it. Raises `TierError`."""
        ...


def located(setting: Path | None, usual: Path, fetched: Path) -> Path:
    """Return the folder that a setting means: itself, or a name under the folder of fetched models."""
    if setting is None:
        return usual
    return fetched / setting if len(setting.parts) == 1 and not setting.is_dir() else setting


def open_embedder(folder: Path, seen: Path | None = None) -> LocalEmbedder:
    """Open the embedder of a folder by the files that lie in it. Raises `TierError` and `ConfigError`."""
    if any((folder / name).is_file() for name in FILES):
        return OnnxEmbedder(folder, seen=seen)
    for place in (folder, folder / "0_StaticEmbedding"):
        if (place / static.FILE).is_file():
            return static.StaticEmbedder(place, seen=seen)
    raise TierError(f"{folder}: there is no embedding model here; `edge-assistant models list` names some to pull")
