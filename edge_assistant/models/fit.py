"""What this machine has to run a model with."""

from __future__ import annotations

import math
import os
from pathlib import Path

_SYSTEM = Path("/sys")


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
