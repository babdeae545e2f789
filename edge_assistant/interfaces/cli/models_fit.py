"""Whether this machine could run a model of the list now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_assistant.errors import ConfigError
from edge_assistant.models.board import Conditions
from edge_assistant.models.fit import fitting, physical_cores, shortage, taken
from edge_assistant.models.loading import usual
from edge_assistant.models.need import in_words, packed_types, whole
from edge_assistant.rooms import board, gpu_layers

if TYPE_CHECKING:
    from edge_assistant.config import Device
    from edge_assistant.models.catalog import ModelFile

_MEGABYTE: Final = 1_000_000


class Fits:
    """Compares what models need with what is free: by their headers where they lie here, else by the list."""

    def __init__(self, chosen: Device, now: Conditions | None = None) -> None:
        self._now = now or board(chosen).now()
        self._free = self._now.free - chosen.reserve * _MEGABYTE
        self._wanted = replace(usual(physical_cores()), context=chosen.context, gpu_layers=gpu_layers(chosen))
        self._packed = packed_types()

    def of(self, model: ModelFile, path: Path, here: bool) -> str:
        """Return ``fits now``, with what is given up for it, or what is needed and free; nothing where nobody knows."""
        if here:
            return self._by_header(model, path)
        if not model.memory:
            return ""
        needed = model.memory * _MEGABYTE
        return (
            "fits now"
            if needed <= self._free
            else f"needs {in_words(needed)}, {in_words(max(0.0, self._free))} are free"
        )

    def _by_header(self, model: ModelFile, path: Path) -> str:
        from edge_assistant.models.gguf import read_header

        try:
            header = whole([read_header(part) for part in model.paths(path)])
            fit = fitting(header, self._wanted, self._free, self._now.graphics, self._packed)
        except ConfigError as error:
            return f"cannot be loaded: {error}"
        if taken(fit.need, self._now.graphics) > self._free:
            return shortage(fit.need, self._free, self._now.graphics)
        return f"fits now, if {fit.compromise}" if fit.compromise else "fits now"
