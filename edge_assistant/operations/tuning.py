"""Finds how a model is best loaded on this machine, by measuring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Final

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.models.loading import Loading
from edge_assistant.models.measured import Speed
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message

_BATCHES: Final = (256, 512, 1024)
_BETTER: Final = 0.97
"""A change is kept when a turn takes this share of its time or less: below that it may be chance."""
_ROUNDS: Final = 2
_TOKENS: Final = 40
_TEXT: Final = (
    "The keeper of the lighthouse climbs {number} steps every evening, trims the lamp, winds the clockwork, notes the "
    "wind and the ships that passed, and then reads until the fog horn has to be sounded for the boats of the bay. "
)

Measure = Callable[[Loading], Awaitable[Speed]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One way of loading, and how fast it was."""

    loading: Loading
    speed: Speed


class Tuning:
    """Changes one setting at a time, and keeps what makes a usual turn shorter.

    All combinations would take an hour; the settings hardly depend on each other, except that a cache below
    16 bits needs flash attention.
    """

    def __init__(
        self,
        measure: Measure,
        cores: int,
        processors: int,
        *,
        seconds: float,
        told: Callable[[Trial], object] = bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._measure = measure
        self._cores = cores
        self._processors = processors
        self._told = told
        self._clock = clock
        self._end = clock() + seconds

    async def best(self, start: Loading) -> tuple[Trial, list[Trial]]:
        """Return the best trial, and all of them. The first is always made, the others while there is time."""
        best = await self._tried(start)
        trials = [best]
        for setting in (self._threads, self._flash, self._batches, self._readers, self._caches):
            found = best
            for loading in setting(best.loading):
                if self._clock() >= self._end:
                    return best, trials
                trial = await self._tried(loading)
                trials.append(trial)
                if trial.speed.turn < min(found.speed.turn, best.speed.turn * _BETTER):
                    found = trial
            best = found
        return best, trials

    async def _tried(self, loading: Loading) -> Trial:
        trial = Trial(loading, await self._measure(loading))
        self._told(trial)
        return trial

    def _threads(self, now: Loading) -> Iterator[Loading]:
        counts = {self._cores // 2, self._cores - 1, self._cores, self._processors} - {0, now.threads}
        return (replace(now, threads=count) for count in sorted(counts, reverse=True))

    def _readers(self, now: Loading) -> Iterator[Loading]:
        counts = {self._cores, self._processors} - {now.batch_threads or now.threads}
        return (replace(now, batch_threads=count) for count in sorted(counts))

    def _batches(self, now: Loading) -> Iterator[Loading]:
        return (replace(now, batch=batch) for batch in _BATCHES if batch != now.batch and batch <= now.context)

    def _flash(self, now: Loading) -> Iterator[Loading]:
        yield replace(now, flash_attention=not now.flash_attention)

    def _caches(self, now: Loading) -> Iterator[Loading]:
        """Four bits are not tried: they cost quality, and are for who has no memory for more."""
        other = "f16" if now.cache_type == "q8_0" else "q8_0"
        yield replace(now, cache_type="q8_0" if other == "q8_0" else "f16", flash_attention=True)


async def measure(file: Path, loading: Loading) -> Speed:
    """Return how fast a model reads and speaks in its worker: the best of two rounds. Raises `TierError`."""
    model, told = LlamaModel(file, loading=loading), list[Spoken]()
    try:
        await _said(model, "Hello?", 2, told)
        for number in range(_ROUNDS):
            text = "".join(_TEXT.format(number=number * 100 + line) for line in range(8))
            await _said(model, f"{number + 1}. {text} Tell a long story about this.", _TOKENS, told)
    finally:
        await model.close()
    rounds = told[1:]
    return Speed(
        max((spoken.prompt - spoken.reused) / spoken.reading for spoken in rounds),
        max(spoken.tokens_per_second for spoken in rounds) or 0.1,
    )


async def _said(model: LlamaModel, question: str, tokens: int, told: list[Spoken]) -> None:
    limits = Limits(max_tokens=tokens, temperature=0.0)
    async for _ in model.stream((Message("user", question),), limits, told.append):
        pass
