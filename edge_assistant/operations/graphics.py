"""Whether the graphics processor is used: by what the worker says, and by how fast the model speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from edge_assistant.errors import TierError
from edge_assistant.models.boards import Expected, Machine, expected, kind_of
from edge_assistant.models.catalog import ModelFile

_SLOW: Final = 0.5
"""Times what others measured, below which something is wrong: one laptop reaches .30 of its card's rate without it."""


def judged(
    model: ModelFile,
    rate: float,
    wanted: int,
    facts: Mapping[str, object],
    machine: Machine,
    models: Iterable[ModelFile],
) -> str:
    """Return what a rate, in tokens a second, proves about the graphics processor, for people; nothing without one.

    `wanted` are the layers that the settings place there, and `facts` what the worker says of itself.
    Raises `TierError` where it should be used and is not.
    """
    layers = facts.get("layers", 0)
    there = f"{facts.get('graphics_layers', 0)} of {layers} layers on the graphics processor"
    if wanted and not facts.get("graphics"):
        raise TierError(
            "device.gpu_layers asks for a graphics processor, and llama.cpp finds none: "
            "build for it with: make setup GPU=cuda, or GPU=vulkan; else set it to 0"
        )
    board = kind_of(machine)
    known = expected(model, board, models) if board is not None else None
    if known is not None and wanted and rate < _SLOW * known.tokens:
        raise TierError(f"{there}, and yet {rate:.0f} tokens/s where {_reaches(board, known)}")
    told = [there] if wanted else []
    if facts.get("graphics") and not wanted:
        told.append("the graphics processor is not used: device.gpu_layers = -1 places every layer there")
    return "; ".join([*told, *([_reaches(board, known)] if known is not None else [])])


def _reaches(board: str | None, known: Expected) -> str:
    told = "about {:.0f} should be reached" if known.scaled else "others reached {:.0f}"
    return f"{told.format(known.tokens)} on {board} ({known.source})"
