"""What keeps a model from being asked for a while: it died, it is slow, or the machine is short of something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_assistant.errors import ModelDied, TierError
from edge_assistant.models.board import Conditions
from edge_assistant.models.spoken import Spoken

STALLED: Final = 0.10
"""The share of time in which tasks wait for memory that is too much."""
COOLER: Final = 10.0
"""Degrees below the limit at which a hot machine counts as cool again."""
MEMORY_REST: Final = 300.0
HEAT_REST: Final = 300.0
DEATH_REST: Final = 600.0
"""Seconds for which a model that died is left alone; with one restart before, two in ten minutes."""
SLOW_REST: Final = 3600.0
_DEATHS: Final = 2
_SLOW_ANSWERS: Final = 2
_ENOUGH_TOKENS: Final = 16
"""Tokens of an answer from which its speed says something."""


@dataclass(frozen=True, slots=True)
class Floors:
    """What the owner wants of a model that runs, and of the machine that it runs on."""

    slowest: float = 2.0
    """Tokens a second."""
    hottest: float = 85.0
    """Degrees Celsius."""
    battery: float = 20.0
    """Percent."""


class Bars:
    """Which models are left alone, until when, and why. The smallest one never is."""

    def __init__(self, floors: Floors, clock: Callable[[], float]) -> None:
        self._floors = floors
        self._clock = clock
        self._barred: dict[str, tuple[float, str]] = {}
        self._deaths: defaultdict[str, list[float]] = defaultdict(list)
        self._slow: defaultdict[str, int] = defaultdict(int)
        self._too_hot: set[str] = set()

    def against(self, name: str) -> str:
        """Return why a model is left alone now, or nothing."""
        until, why = self._barred.get(name, (0.0, ""))
        return why if self._clock() < until else ""

    def dead(self, name: str) -> bool:
        """Return whether a model is left alone since it died."""
        return bool(self._deaths[name]) and self.against(name) != ""

    def told(self, name: str, outcome: Spoken | TierError) -> None:
        """Hear how an answer of a model went, or how it failed."""
        if isinstance(outcome, ModelDied):
            self._died(name, outcome)
        elif isinstance(outcome, Spoken) and outcome.tokens >= _ENOUGH_TOKENS:
            self._spoke(name, outcome.tokens_per_second)

    def look(self, now: Conditions, running: str) -> None:
        """Bar the model that runs, where the machine suffers from it."""
        if now.stalled >= STALLED:
            self._bar(running, MEMORY_REST, f"waits for memory {now.stalled:.0%} of the time")
        self._heat(now, running)
        if now.throttled:
            self._bar(running, HEAT_REST, f"is too much for the machine: {now.throttled}")

    def sparing(self, now: Conditions) -> str:
        """Return why only the smallest model should run, or nothing."""
        if now.battery is not None and now.battery <= self._floors.battery:
            return f"is too much for a battery at {now.battery:.0f} %"
        return f"is too much for the power mode {now.saving}" if now.saving else ""

    def _heat(self, now: Conditions, running: str) -> None:
        """Bar what runs while it is too hot; what was barred for that comes back once it is cooler by some degrees."""
        degrees = now.celsius or 0.0
        if degrees >= self._floors.hottest:
            self._too_hot.add(running)
        elif degrees < self._floors.hottest - COOLER:
            self._too_hot.clear()
        for name in self._too_hot:
            self._bar(name, HEAT_REST, f"makes it too hot, {degrees:.0f} °C")

    def _died(self, name: str, death: ModelDied) -> None:
        now = self._clock()
        deaths = self._deaths[name] = [when for when in self._deaths[name] if now - when < DEATH_REST] + [now]
        if death.cause == "killed":
            self._bar(name, DEATH_REST, "was killed, probably for want of memory")
        elif len(deaths) >= _DEATHS:
            self._bar(name, DEATH_REST, f"died {len(deaths)} times")

    def _spoke(self, name: str, speed: float) -> None:
        self._slow[name] = self._slow[name] + 1 if speed < self._floors.slowest else 0
        if self._slow[name] >= _SLOW_ANSWERS:
            self._bar(name, SLOW_REST, f"says {speed:.1f} tokens a second, and {self._floors.slowest:g} are wanted")

    def _bar(self, name: str, rest: float, why: str) -> None:
        self._barred[name] = (self._clock() + rest, why)
