"""Kinds of boards whose speed somebody measured, and which of them this machine is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_assistant.models.fit import physical_cores

if TYPE_CHECKING:
    from edge_assistant.models.catalog import ModelFile

_GIGABYTE: Final = 1e9
_MODE: Final = re.compile(r"POWER_MODEL +ID=(\d+) +NAME=(\S+)")
_STATUS: Final = re.compile(r"pmode:0*(\d+)")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine says of itself."""

    board: str = ""
    """As the device tree says it: ``NVIDIA Jetson Orin Nano Developer Kit``."""
    mode: str = ""
    """The power mode of a Jetson: ``15W``."""
    graphics: str = ""
    """The names of its NVIDIA cards."""
    processor: str = ""
    memory: float = 0.0
    """In GB."""
    cores: int = 0
    """Physical ones."""

    @classmethod
    def read(cls, root: Path = Path("/")) -> Machine:
        """Read what the kernel, NVIDIA's driver and nvpmodel have written down."""
        cards = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
        return cls(
            board=_text(root / "proc/device-tree/model").rstrip("\0"),
            mode=_mode(_text(root / "var/lib/nvpmodel/status"), _text(root / "etc/nvpmodel.conf")),
            graphics=", ".join(_value(_text(card), "Model") for card in cards),
            processor=_value(_text(root / "proc/cpuinfo"), "model name"),
            memory=float((_value(_text(root / "proc/meminfo"), "MemTotal").split() or ["0"])[0]) * 1024 / _GIGABYTE,
            cores=physical_cores(root / "sys"),
        )


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of board. Every pattern must be found where it is given."""

    name: str
    board: str = ""
    mode: str = ""
    graphics: str = ""
    processor: str = ""
    memory: tuple[float, float] = (0.0, float("inf"))
    """GB, from and below."""
    cores: int = 0
    """Where it is the number that matters."""

    def fits(self, machine: Machine) -> bool:
        return (
            _found(self.board, machine.board)
            and _found(self.mode, machine.mode)
            and _found(self.graphics, machine.graphics)
            and _found(self.processor, machine.processor)
            and self.memory[0] <= machine.memory < self.memory[1]
            and self.cores in (0, machine.cores)
        )


KINDS: Final = (
    Kind("raspberry-pi-5", board="Raspberry Pi 5"),
    Kind("jetson-orin-nano-15w", board="Orin Nano", mode="^15W"),
    Kind("jetson-orin-nano-25w", board="Orin Nano", mode="^(25W|MAXN_SUPER)"),
    Kind("jetson-orin-nx-8gb-25w", board="Orin NX", mode="^(25W|MAXN)", memory=(0, 10)),
    Kind("jetson-agx-orin-64gb", board="AGX Orin", memory=(40, 80)),
    Kind("rtx-4060-laptop", graphics=r"RTX 4060 Laptop"),
    Kind("rtx-3090", graphics=r"RTX 3090(?! Ti)"),
    Kind("ryzen-7-8845h", processor=r"Ryzen 7 8845H"),
    Kind("x86-2-cores", processor="Intel|AMD", cores=2),
)
"""The boards of ``models/manifest.toml``."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a model should reach on a board."""

    tokens: float
    """A second."""
    source: str
    scaled: bool = False
    """Whether it follows from the speed of another model: reading its weights is what takes the time."""


def kind_of(machine: Machine) -> str | None:
    """Return the name of the kind that a machine is, if it is one of those that were measured."""
    return next((kind.name for kind in KINDS if kind.fits(machine)), None)


def expected(model: ModelFile, board: str, models: Iterable[ModelFile]) -> Expected | None:
    """Return what a model should reach on a kind of board: as measured, else by its size from the nearest other."""
    for speed in model.speeds:
        if speed.board == board:
            return Expected(speed.tokens, speed.source)
    others = [(other, speed) for other in models if other.size for speed in other.speeds if speed.board == board]
    if not others or not model.size:
        return None
    other, speed = min(others, key=lambda pair: abs(pair[0].size - model.size))
    return Expected(speed.tokens * other.size / model.size, f"{other.name}, {speed.source}", scaled=True)


def _mode(status: str, configuration: str) -> str:
    """Return the name of the power mode whose number nvpmodel keeps."""
    number = _STATUS.search(status)
    names = {found[1]: found[2] for found in _MODE.finditer(configuration)}
    return names.get(number[1], "") if number else ""


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _value(text: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
