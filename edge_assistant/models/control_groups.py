"""How much memory the control groups that this process is in still allow, in both versions of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_UNLIMITED: Final = 1 << 50
"""Bytes from which a limit is none: version 1 writes 2⁶³ − 4096 for it."""


class ControlGroups:
    """The groups of this process that count memory, from its own up to the root."""

    def __init__(self, proc: Path, system: Path) -> None:
        self._proc = proc
        self._root = system / "fs/cgroup"

    def free(self) -> float:
        """Return the bytes that the narrowest group still allows, or infinity. Cached files count as free."""
        return min(map(_free, self._folders()), default=math.inf)

    def pressures(self) -> Iterator[Path]:
        """Yield the files that say how long tasks of a group waited for memory."""
        for folder in self._folders():
            yield folder / "memory.pressure"

    def _folders(self) -> Iterator[Path]:
        try:
            lines = (self._proc / "self/cgroup").read_text().splitlines()
        except OSError:
            return
        for line in lines:
            _, controllers, path = line.split(":", 2)
            if controllers == "":
                yield from _upwards(self._root, path)
            elif "memory" in controllers.split(","):
                yield from _upwards(self._root / "memory", path)


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """Yield a group's folder and those above it; in a container the path may be one of the host, and is not there."""
    folder = root / path.lstrip("/")
    while folder != root and root in folder.parents:
        if folder.is_dir():
            yield folder
        folder = folder.parent
    if root.is_dir():
        yield root


def _free(folder: Path) -> float:
    for limit, used in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
        most, taken = _bytes(folder / limit), _bytes(folder / used)
        if most is not None and taken is not None and most < _UNLIMITED:
            return max(0, most - taken + _cached(folder))
    return math.inf


def _cached(folder: Path) -> int:
    """Return the bytes of files in a group's memory that can be dropped at any moment."""
    try:
        lines = (folder / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    said = {name: int(count) for name, _, count in (line.partition(" ") for line in lines) if count.isdigit()}
    kinds = ("inactive_file", "active_file")
    return sum(said.get(f"total_{kind}", said.get(kind, 0)) for kind in kinds)


def _bytes(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
