"""A language model asked whether a passage states the answer: the difference between its Yes and its No."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, Protocol

from edge_assistant import prompts
from edge_assistant.errors import TierError
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.ladder import Asked, Ladder
from edge_assistant.types import Message

_READING: Final = 2.0
"""Seconds to read a passage for each 10⁹ parameters, until it was measured (two cores, 190 tokens: 1.8 s)."""
_LOADING: Final = 400_000_000
"""Bytes of a model that are loaded in a second, at least."""
_REST: Final = 60.0
"""Seconds without a question after a verdict that did not come in time: the machine is too busy for it."""


class LeaningModel(Protocol):
    """A model that can be asked which of two words it would say next."""

    @property
    def loaded(self) -> bool: ...

    @property
    def busy(self) -> bool: ...

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float: ...


class Judges:
    """Finds who judges now: the model of a ladder that would be asked."""

    def __init__(self, ladder: Ladder, clock: Callable[[], float] = monotonic) -> None:
        self._ladder = ladder
        self._clock = clock
        self._judges: dict[str, ModelJudge] = {}

    def now(self, language: str = "en") -> ModelJudge | None:
        """Return the judge, where one can run and is worth asking."""
        try:
            step, _ = self._ladder.choose(language)
        except TierError:
            return None
        name = step.described.name
        if step.described.judging and name not in self._judges:
            self._judges[name] = ModelJudge(Asked(self._ladder, step), step.described, self._clock)
        return self._judges.get(name)


class ModelJudge:
    """Satisfies `Judge`."""

    def __init__(self, model: LeaningModel, rung: ModelFile, clock: Callable[[], float] = monotonic) -> None:
        self._model = model
        self._judging = rung.judging
        self.languages = frozenset(rung.judging)
        self._clock = clock
        self._loading = rung.size / _LOADING
        self._reading = _READING * rung.billions
        self._rest_until = -math.inf

    @property
    def expected(self) -> float:
        """Return about how many seconds the next verdict takes: as many as the last one, and loading on top."""
        if self._model.busy or self._clock() < self._rest_until:
            return math.inf
        return self._reading if self._model.loaded else self._reading + self._loading

    async def probability(self, question: str, passage: str, language: str) -> float:
        """Return the probability that the passage states the answer. Raises `TierError`."""
        was_loaded, started = self._model.loaded, self._clock()
        self._rest_until = started + _REST
        leaning = await self._model.leaning(prompts.judging(question, passage, language), prompts.YES_OR_NO[language])
        self._rest_until = -math.inf
        if was_loaded:
            self._reading = self._clock() - started
        return self._judging[language].probability(leaning)
