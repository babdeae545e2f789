"""What the installed llama.cpp was built for, told by the names of its libraries; nothing of it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_GRAPHICS: Final = ("cuda", "vulkan", "metal", "hip", "sycl")


def for_graphics(folders: Iterable[Path] | None = None) -> bool:
    """Return whether it can place layers on a graphics processor: ``lib/libggml-cuda.so`` and the like are there."""
    found = _installed() if folders is None else folders
    return any(any(folder.glob(f"lib/*ggml-{kind}.*")) for folder in found for kind in _GRAPHICS)


def _installed() -> list[Path]:
    package = find_spec("llama_cpp")
    return [Path(place) for place in (package.submodule_search_locations or ())] if package else []
