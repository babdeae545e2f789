"""One model of the ladder: what it takes, how it was loaded, and who is asking it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from edge_assistant.errors import ConfigError
from edge_assistant.models.board import Graphics
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.fit import Fit, fitting
from edge_assistant.models.gguf import Header, read_header
from edge_assistant.models.loading import Loading
from edge_assistant.models.need import whole
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message


class Worker(Protocol):
    """A model in a process of its own, which starts when it is first asked."""

    @property
    def pid(self) -> int | None: ...

    @property
    def facts(self) -> Mapping[str, object]:
        """What it says of itself since it was loaded."""
        ...

    def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]: ...

    async def count(self, messages: Sequence[Message]) -> int: ...

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float: ...

    async def close(self) -> None: ...


class Step:
    """A model's file, and the worker that runs it, once it was asked."""

    def __init__(
        self,
        described: ModelFile,
        file: Path,
        wanted: Loading,
        packed: frozenset[str],
        start: Callable[[Path, Loading], Worker],
    ) -> None:
        self.described = described
        self.file = file
        self.rank = (described.billions, described.right.grounded, described.size)
        self.askers = 0
        self.asked = 0.0
        """When somebody was last answered."""
        self._wanted = wanted
        self._packed = packed
        self._start = start
        self._fit: Fit | None = None
        self._worker: tuple[Loading, Worker] | None = None

    @property
    def pid(self) -> int | None:
        return self._worker[1].pid if self._worker is not None else None

    @property
    def facts(self) -> Mapping[str, object]:
        """What the worker says of itself, once it was loaded."""
        return self._worker[1].facts if self._worker is not None else {}

    @property
    def loaded(self) -> bool:
        return self.pid is not None

    @property
    def context(self) -> int:
        return self._wanted.context if self._fit is None else self._fit.loading.context

    @property
    def compromise(self) -> str:
        return "" if self._fit is None or not self._fit.compromise else f"{self.described.name}: {self._fit.compromise}"

    def flaw(self) -> str:
        """Return what is wrong with its file, or nothing."""
        flaw = self.described.flaw(self.file)
        if flaw is not None:
            return f"{flaw}; fetch it with: edge-assistant models pull {self.described.name}"
        try:
            return "" if self._header.blocks else "has no blocks"
        except ConfigError as error:
            return f"cannot be loaded: {error}"

    def fitted(self, free: float, graphics: Graphics | None) -> Fit:
        """Return how it is loaded, or would be where so much is free. Raises `ConfigError`."""
        if self._fit is None or not (self.loaded or self.askers):
            wanted = replace(self._wanted, context=min(self._wanted.context, self._header.context or 1 << 30))
            self._fit = fitting(self._header, wanted, free, graphics, self._packed)
        return self._fit

    def begin(self) -> Worker:
        """Return the worker for one more asker."""
        loading = self._fit.loading if self._fit is not None else self._wanted
        if self._worker is None or self._worker[0] != loading:
            self._worker = loading, self._start(self.file, loading)
        self.askers += 1
        return self._worker[1]

    def end(self, now: float) -> None:
        self.askers -= 1
        self.asked = now

    async def unload(self) -> None:
        if self._worker is not None:
            await self._worker[1].close()

    @cached_property
    def _header(self) -> Header:
        """What its file says of itself, the other parts of a split file included. Raises `ConfigError`."""
        parts = [self.file, *(self.file.with_name(part.file) for part in self.described.files[1:])]
        return whole([read_header(part) for part in parts])
