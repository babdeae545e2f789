"""What this machine says now of memory, heat and power; read from /proc and /sys, a millisecond each time.

Sources: proc(5), the kernel's Documentation/{accounting/psi, admin-guide/cgroup-v1/memory, admin-guide/cgroup-v2,
driver-api/thermal/sysfs-api, ABI/testing/sysfs-class-power}, and the firmware of the Raspberry Pi (get_throttled).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge_assistant.models.control_groups import ControlGroups

_HOT: Final = (1.0, 150.0)
"""Degrees between which a sensor is believed; some say 0 or −274 where nothing is measured."""
_PLENTY: Final = 1 << 62
"""Bytes, where nobody says how many are free."""
_PI_THROTTLED: Final = Path("devices/platform/soc/soc:firmware/get_throttled")
_PI_BITS: Final = {0x1: "its voltage is too low", 0x2: "its clock is capped", 0x4: "it is throttled", 0x8: "it is hot"}


@dataclass(frozen=True, slots=True)
class Graphics:
    """What a graphics processor says now."""

    name: str
    free: int | None
    """Bytes; None where it uses the memory of the machine."""
    celsius: float | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the machine says now. What it does not say is None, or nothing."""

    free: int
    """Bytes that may still be taken: of the machine, or of the control group where that has less."""
    grouped: bool = False
    """Whether the control group's limit is the narrower one."""
    stalled: float = 0.0
    """The share of the last ten seconds in which some task waited for memory."""
    celsius: float | None = None
    """Of the hottest sensor."""
    throttled: str = ""
    """Why it runs slower than it could, as a sentence's end."""
    battery: float | None = None
    """Percent, while it is discharged; None on mains."""
    saving: str = ""
    """The power mode, where it is one that saves."""
    graphics: Graphics | None = None


class Board:
    """Reads /proc and /sys, or folders like them. What is not there is not said."""

    def __init__(
        self,
        proc: Path = Path("/proc"),
        system: Path = Path("/sys"),
        graphics: Callable[[], Graphics | None] = lambda: None,
    ) -> None:
        self._proc = proc
        self._system = system
        self._groups = ControlGroups(proc, system)
        self._graphics = graphics

    def now(self) -> Conditions:
        available, group = self._available(), self._groups.free()
        conditions = Conditions(
            free=int(min(available, group)),
            grouped=group < available,
            stalled=max(_stalled(self._proc / "pressure/memory"), *map(_stalled, self._groups.pressures()), 0.0),
            celsius=max(self._temperatures(), default=None),
            throttled=self._throttled(),
            battery=self._battery(),
            saving=self._saving(),
        )
        graphics = self._graphics()
        if graphics is None:
            return conditions
        celsius = max((heat for heat in (conditions.celsius, graphics.celsius) if heat is not None), default=None)
        return replace(conditions, graphics=graphics, celsius=celsius)

    def held(self, pid: int) -> int:
        """Return the bytes that would be free without a process: files that it has mapped count as free anyway."""
        for line in _lines(self._proc / str(pid) / "status"):
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return 0

    def _available(self) -> int:
        for line in _lines(self._proc / "meminfo"):
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return _PLENTY

    def _temperatures(self) -> Iterator[float]:
        for sensor in self._system.glob("class/thermal/thermal_zone*/temp"):
            degrees = _number(sensor) / 1000
            if _HOT[0] < degrees < _HOT[1]:
                yield degrees

    def _throttled(self) -> str:
        """Return what the firmware of a Raspberry Pi says, or that the kernel caps a clock."""
        for line in _lines(self._system / _PI_THROTTLED):
            bits = int(line, 16) if line else 0
            return next((said for bit, said in _PI_BITS.items() if bits & bit), "")
        folder = self._system / "devices/system/cpu/cpufreq/policy0"
        now, most = _number(folder / "scaling_max_freq"), _number(folder / "cpuinfo_max_freq")
        return f"its clock is capped at {now / most:.0%}" if now < most * 0.75 else ""

    def _battery(self) -> float | None:
        """Return how full the emptiest battery is that supplies the machine, unless it is on mains."""
        levels = []
        for supply in self._system.glob("class/power_supply/*"):
            kind, scope = (next(iter(_lines(supply / name)), "") for name in ("type", "scope"))
            if kind in ("Mains", "USB") and _number(supply / "online") == 1:
                return None
            status = next(iter(_lines(supply / "status")), "")
            level = _number(supply / "capacity")
            if kind == "Battery" and scope != "Device" and status == "Discharging" and not math.isnan(level):
                levels.append(level)
        return min(levels, default=None)

    def _saving(self) -> str:
        profile = next(iter(_lines(self._system / "firmware/acpi/platform_profile")), "")
        return profile if profile in ("low-power", "quiet", "cool") else ""


def _stalled(file: Path) -> float:
    """Return the share of the last ten seconds in which some task stood still: ``some avg10=1.53 …``."""
    for line in _lines(file):
        said = dict(field.partition("=")[::2] for field in line.split()[1:])
        if line.startswith("some") and "avg10" in said:
            return float(said["avg10"]) / 100
    return 0.0


def _number(file: Path) -> float:
    """Return the number in a file, or NaN, which is neither less nor more than anything."""
    try:
        return float(next(iter(_lines(file)), "nan"))
    except ValueError:
        return math.nan


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().split("\n")
    except (OSError, UnicodeDecodeError):
        return []
