"""A disk that loses its power: what was synced is there, of the rest any part may be.

Contents reach the disk in any order and torn at sectors; names in the order in which they changed, as journals of
file systems keep them. A file's own fsync brings its content, and only its folder's fsync brings its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

SECTOR: Final = 512
Change: TypeAlias = "tuple[int, bytes | None]"
"""What is written where; or, without content, where the file ends from now on."""
Keep: TypeAlias = Callable[[list[Change]], "list[Change]"]
"""Chooses what of the changes to a file reached the disk."""


@dataclass(slots=True)
class File:
    """What is certainly on the disk, and what was written since."""

    content: bytearray = field(default_factory=bytearray)
    waiting: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        self.content, self.waiting = self.after(self.waiting), []

    def after(self, changes: list[Change]) -> bytearray:
        """Return the content once these changes are made."""
        content = bytearray(self.content)
        for offset, piece in changes:
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : None if piece is None else offset + len(piece)] = piece or b""
        return content

    @property
    def size(self) -> int:
        return len(self.after(self.waiting)) if self.waiting else len(self.content)


Naming: TypeAlias = "tuple[tuple[str, File | None], ...]"
"""Names that change at once: each is now this file, or no file's."""


class Disk:
    """Files by their names below one folder, as a program sees them and as the disk holds them."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self._held: dict[str, File] = {}
        self._waiting: list[Naming] = []

    def name(self, *changes: tuple[str, File | None]) -> None:
        """Let names change, all of them or none."""
        _renamed(self.files, changes)
        self._waiting.append(changes)

    def rename(self, old: str, new: str) -> None:
        self.name((new, self.files[old]), (old, None))

    def sync_folder(self) -> None:
        """Bring every name to the disk."""
        for changes in self._waiting:
            _renamed(self._held, changes)
        self._waiting = []

    def crash(self, random: Random) -> dict[str, bytes]:
        """Return what is found once the power is back."""
        keep = random.choice((_nothing, _everything, _any_of(random), _any_of(random), _first_of(random)))
        most = len(self._waiting)
        lost, kept = most if keep is _nothing else 0, most if keep is _everything else 0
        names = dict(self._held)
        for changes in self._waiting[: random.randint(kept, most - lost)]:
            _renamed(names, changes)
        return {name: bytes(file.after(keep(file.waiting))) for name, file in names.items()}


def _renamed(names: dict[str, File], changes: Naming) -> None:
    for name, file in changes:
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file


def _nothing(changes: list[Change]) -> list[Change]:
    return []


def _everything(changes: list[Change]) -> list[Change]:
    return changes


def _any_of(random: Random) -> Keep:
    """Some changes come, some do not, and of some only sectors."""
    whole, torn = random.random(), random.random()

    def keep(changes: list[Change]) -> list[Change]:
        return [
            part
            for change in changes
            for part in (_torn(change, random) if random.random() < torn else [change])
            if random.random() < whole
        ]

    return keep


def _first_of(random: Random) -> Keep:
    """The first changes come, and sectors of the next."""

    def keep(changes: list[Change]) -> list[Change]:
        count = random.randint(0, len(changes))
        return [*changes[:count], *(part for change in changes[count : count + 1] for part in _torn(change, random))]

    return keep


def _torn(change: Change, random: Random) -> Iterator[Change]:
    """Yield some sectors of what was written."""
    offset, piece = change
    if piece is None:
        yield change
        return
    start = 0
    while start < len(piece):
        end = min(len(piece), (offset + start) // SECTOR * SECTOR + SECTOR - offset)
        if random.random() < 0.5:
            yield offset + start, piece[start:end]
        start = end


def laid_out(found: dict[str, bytes], folder: Path) -> None:
    """Write what is found into a folder."""
    for name, content in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
