"""Which model runs now: the largest that fits, that the machine bears, and that is fast enough for its owner."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final, Protocol

from edge_assistant.errors import TierError
from edge_assistant.models.bars import Bars, Floors
from edge_assistant.models.board import Conditions
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.fit import shortage, taken
from edge_assistant.models.loading import Loading
from edge_assistant.models.rung import Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.models.step import Step, Worker
from edge_assistant.types import Limits, Message

SETTLED: Final = 60.0
"""Seconds between two changes, unless a model died, does not fit any more, or does not speak the language."""
MARGIN: Final = 1.1
"""So many times what it needs must be free before a larger model is taken than the one that runs."""
LOOK: Final = 5.0
"""Seconds between two looks at the machine while a model is loaded."""
_LOGGER: Final = logging.getLogger(__name__)


class Sensors(Protocol):
    """What a machine says of itself."""

    def now(self) -> Conditions: ...

    def held(self, pid: int) -> int:
        """Return the bytes that would be free without a process."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the owner wants of the ladder."""

    floors: Floors = field(default_factory=Floors)
    idle: float = 600.0
    """Seconds without a question after which a model is unloaded."""
    reserve: int = 200_000_000
    """Bytes that are left to everybody else."""


class Ladder:
    """Chooses before every question, and lets one model run at a time. Satisfies `Rungs`."""

    def __init__(
        self,
        models: Sequence[tuple[ModelFile, Path]],
        machine: Sensors,
        start: Callable[[Path, Loading], Worker],
        *,
        loading: Callable[[ModelFile], Loading],
        packed: frozenset[str] = frozenset(),
        wishes: Wishes | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._wishes = wishes or Wishes()
        steps = [Step(described, file, loading(described), packed, start) for described, file in models]
        self._steps = sorted(steps, key=lambda step: step.rank, reverse=True)
        self._machine = machine
        self._clock = clock
        self._bars = Bars(self._wishes.floors, clock)
        self._running: Step | None = None
        self._changed = -math.inf
        self._moving = asyncio.Lock()
        self._left = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    async def current(self, language: str) -> Rung:
        step, why = self.choose(language)
        return Rung(step.described, step.file, Asked(self, step), step.context, why)

    def told(self, rung: Rung, outcome: Spoken | TierError) -> None:
        self._bars.told(rung.described.name, outcome)

    def choose(self, language: str) -> tuple[Step, str]:
        """Return the model to ask now, and why it is no larger one. Raises `TierError` when none can run."""
        now = self._machine.now()
        if self._running is not None and self._running.loaded:
            self._bars.look(now, self._running.described.name)
        speaking = [step for step in self._steps if language in step.described.languages] or self._steps
        free, refused = self._free(now), [""]
        for step in speaking:
            why = self._against(step, now, free, spared=step is speaking[-1])
            if not why:
                return self._settled(step, refused[-1], now, speaking)
            refused.append(f"{step.described.name} {why}")
        raise TierError(refused[1] if len(refused) == 2 else f"no model can run: {'; '.join(refused[1:])}")

    @property
    def here(self) -> bool:
        """Whether the file of any model lies here."""
        return any(step.file.exists() for step in self._steps)

    def against(self) -> list[tuple[Step, str]]:
        """Return every model, the largest first, with why it cannot run now, or nothing."""
        now = self._machine.now()
        free = self._free(now)
        return [(step, self._against(step, now, free, spared=step is self._steps[-1])) for step in self._steps]

    def facts(self, rung: Rung) -> Mapping[str, object]:
        """Return what the worker of a model says of itself; nothing before it was asked."""
        return next((step.facts for step in self._steps if step.file == rung.file), {})

    def needs(self, rung: Rung) -> str:
        """Return what a model takes and what is free for it, in words."""
        now = self._machine.now()
        step = next(step for step in self._steps if step.file == rung.file)
        return shortage(step.fitted(self._free(now), now.graphics).need, self._free(now), now.graphics)

    @asynccontextmanager
    async def held(self, step: Step) -> AsyncIterator[Worker]:
        """Let a model run, once no other one does; what is loaded beside it is unloaded first."""
        async with self._moving:
            for other in self._steps:
                while other is not step and other.askers:
                    self._left.clear()
                    await self._left.wait()
                if other is not step:
                    await other.unload()
            worker = step.begin()
        try:
            self._watch()
            yield worker
        finally:
            step.end(self._clock())
            self._left.set()

    async def look(self) -> None:
        """Look at the machine while nobody asks, and unload what it cannot bear or nobody wants."""
        now = self._machine.now()
        for step in [step for step in self._steps if step.loaded and not step.askers]:
            name = step.described.name
            self._bars.look(now, name)
            idle = self._clock() - step.asked >= self._wishes.idle
            why = f"was not asked for {self._wishes.idle:.0f} s" if idle else self._bars.against(name)
            if why and not step.askers:
                _LOGGER.info("%s is unloaded: it %s", name, why)
                await step.unload()

    async def close(self) -> None:
        """Stop what runs; the next question would start it again."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        for step in self._steps:
            await step.unload()

    def _free(self, now: Conditions) -> float:
        """Return the bytes that a model may take, those included that ours hold."""
        ours = sum(self._machine.held(step.pid) for step in self._steps if step.pid is not None)
        return now.free + ours - self._wishes.reserve

    def _against(self, step: Step, now: Conditions, free: float, spared: bool) -> str:
        """Return why a model cannot or should not run now, or nothing; the last one is spared all but what it needs."""
        flaw = step.flaw()
        barred = "" if spared else self._bars.against(step.described.name) or self._bars.sparing(now)
        if flaw or barred:
            return flaw or barred
        fit = step.fitted(free, now.graphics)
        climbing = self._running is not None and step.rank > self._running.rank
        margin = MARGIN if climbing else 1.0
        return shortage(fit.need, free, now.graphics) if taken(fit.need, now.graphics) * margin > free else ""

    def _settled(self, best: Step, why: str, now: Conditions, speaking: Sequence[Step]) -> tuple[Step, str]:
        """Change to another model at most once a minute, where the one that runs can go on."""
        running = self._running
        if running is best:
            return best, why or best.compromise
        since = self._clock() - self._changed
        if running is not None and running in speaking and since < SETTLED and self._able(running, now):
            return running, why or f"{best.described.name} has to wait, the last change was {since:.0f} s ago"
        before = "nothing" if running is None else running.described.name
        _LOGGER.info("%s follows %s%s", best.described.name, before, f": {why}" if why else "")
        self._running, self._changed = best, self._clock()
        return best, why or best.compromise

    def _able(self, step: Step, now: Conditions) -> bool:
        fits = taken(step.fitted(self._free(now), now.graphics).need, now.graphics) <= self._free(now)
        return fits and not step.flaw() and not self._bars.dead(step.described.name)

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._look_now_and_then())

    async def _look_now_and_then(self) -> None:
        while any(step.loaded or step.askers for step in self._steps):
            await asyncio.sleep(LOOK)
            await self.look()


class Asked:
    """One model of a ladder, as whoever asks it sees it. Satisfies `LocalModel` and `LeaningModel`."""

    def __init__(self, ladder: Ladder, step: Step) -> None:
        self._ladder = ladder
        self._step = step

    @property
    def loaded(self) -> bool:
        return self._step.loaded

    @property
    def busy(self) -> bool:
        return self._step.askers > 0

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        async with self._ladder.held(self._step) as worker, aclosing(worker.stream(messages, limits, told)) as words:
            async for word in words:
                yield word

    async def count(self, messages: Sequence[Message]) -> int:
        async with self._ladder.held(self._step) as worker:
            return await worker.count(messages)

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
        async with self._ladder.held(self._step) as worker:
            return await worker.leaning(messages, choices)
