"""How a model is loaded so that it fits into what this machine has to run it with."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge_assistant.models.board import Graphics
from edge_assistant.models.gguf import Header
from edge_assistant.models.loading import Loading
from edge_assistant.models.need import Need, in_words, predict

SHORTEST: Final = 2048
"""Tokens of context below which passages and an answer have no room; a smaller model is better then."""
SMALL_BATCH: Final = 128
"""Tokens that are read at once where memory is short: reading is slower, and takes less."""
_SYSTEM = Path("/sys")


@dataclass(frozen=True, slots=True)
class Fit:
    """How a model is loaded, and what it takes then."""

    loading: Loading
    need: Need
    compromise: str = ""
    """What was given up to make it fit, for people."""


def fitting(header: Header, wanted: Loading, free: float, graphics: Graphics | None, packed: frozenset[str]) -> Fit:
    """Return how to load a model: as wanted where that fits into the free bytes, else as near to that as does.

    Where nothing fits, what needs least is returned; `Need.memory` says so.
    """
    fit = Fit(wanted, predict(header, wanted, packed))
    for loading, compromise in _ways(_on_graphics(header, wanted, graphics, packed)):
        fit = Fit(loading, predict(header, loading, packed), compromise)
        if taken(fit.need, graphics) <= free:
            break
    return fit


def taken(need: Need, graphics: Graphics | None) -> int:
    """Return the bytes of the machine's own memory that are taken; some graphics processors have none of their own."""
    shared = graphics is not None and graphics.free is None
    return need.memory + (need.graphics if shared else 0)


def shortage(need: Need, free: float, graphics: Graphics | None) -> str:
    """Return how much is needed and how much is there, in words: ``needs 1.4 GB, 1.1 GB are free``."""
    return f"needs {in_words(taken(need, graphics))}, {in_words(max(0.0, free))} are free"


def _ways(wanted: Loading) -> Iterator[tuple[Loading, str]]:
    """Yield ways to load a model, each with less memory than the one before."""
    yield wanted, ""
    smaller = replace(wanted, batch=min(wanted.batch, SMALL_BATCH), spare=0)
    yield smaller, "it reads in small pieces"
    if wanted.cache_type == "f16":
        smaller = replace(smaller, flash_attention=True, cache_type="q8_0")
        yield smaller, "its context is kept in 8 bits"
    while smaller.context // 2 >= SHORTEST:
        smaller = replace(smaller, context=smaller.context // 2)
        yield smaller, f"it sees {smaller.context:,} tokens at once"


def _on_graphics(header: Header, wanted: Loading, graphics: Graphics | None, packed: frozenset[str]) -> Loading:
    """Return how many of the wanted layers the graphics processor has room for; what it does not say is believed."""
    if not wanted.gpu_layers or graphics is None or graphics.free is None:
        return wanted
    most = header.blocks + 1
    layers = most if wanted.gpu_layers < 0 else min(wanted.gpu_layers, most)
    while layers and predict(header, replace(wanted, gpu_layers=layers), packed).graphics > graphics.free:
        layers -= 1
    return replace(wanted, gpu_layers=layers)


def physical_cores(system: Path = _SYSTEM) -> int:
    """Return how many physical cores this process may use: its affinity, without hyperthreads, within its quota.

    Two threads on one core read the same weights through the same cache and slow each other down.
    """
    cpus = os.sched_getaffinity(0)
    cores = {_core(system, cpu) for cpu in cpus}
    quota = _quota(system)
    return max(1, len(cores) if math.isinf(quota) else min(len(cores), math.ceil(quota)))


def _core(system: Path, cpu: int) -> tuple[str, ...]:
    topology = system / "devices/system/cpu" / f"cpu{cpu}" / "topology"
    try:
        return tuple((topology / name).read_text().strip() for name in ("physical_package_id", "core_id"))
    except OSError:
        return (str(cpu),)


def _quota(system: Path) -> float:
    """Return how many processors the control group may keep busy."""
    try:
        quota, period = (system / "fs/cgroup/cpu.max").read_text().split()
        return float(quota) / float(period)
    except (OSError, ValueError):
        return math.inf
