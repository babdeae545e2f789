"""Predictions for labelled sets: one file per task, one time per row."""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Protocol, TypeAlias, get_args

from edge_assistant.config import Config
from edge_assistant.errors import InputError
from edge_assistant.operations.evaluate.gold import Row, check_homes, read_homes, read_rows
from edge_assistant.types import TierName

Prediction: TypeAlias = dict[str, Any]
"""What was made of one row, as the scorer of the sets reads it."""

OFFLINE: Final[tuple[TierName, ...]] = ("rules", "answers", "knowledge")
"""The tiers of a workload where none are named: they need no language model."""


class Predictor(Protocol):
    """One task at work."""

    async def prepare(self, row: Row) -> None:
        """Load what this row needs and others may share; this is no part of the row's time."""
        ...

    async def predict(self, row: Row) -> Prediction:
        """Return the fields of a prediction; with a `latency_ms` of its own if not all of it is the row's time."""
        ...


@dataclass(frozen=True, slots=True)
class _Task:
    """Where a task lives, and what its rows must have."""

    module: str
    texts: tuple[str, ...]
    lists: tuple[str, ...] = ()
    homes: bool = False
    documents: bool = False


_TASKS: Final[Mapping[str, _Task]] = {
    "commands": _Task("commands", ("text", "language", "home"), homes=True),
    "routing": _Task("commands", ("text", "language", "home"), homes=True),
    "actions": _Task("actions", ("text", "language"), ("entities",)),
    "kb": _Task("questions", ("question",), documents=True),
    "grounded": _Task("grounded", ("question",), documents=True),
    "pairs": _Task("pairs", ("a", "b")),
    "workload": _Task("workload", ("text", "language", "home"), homes=True),
}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A labelled set, with everything its task needs to predict it."""

    task: str
    rows: Sequence[Row]
    config: Config
    homes: Mapping[str, Row]
    documents: Sequence[Row]
    tiers: tuple[TierName, ...] = OFFLINE
    single: bool = False
    """Whether a command sees the home written for its sentence instead of the merged one."""
    index: Path | None = None
    """Where the indexed documents are kept for the next evaluation; nowhere, where none is named."""

    @classmethod
    def read(
        cls,
        task: str,
        gold: Path,
        config: Config,
        *,
        homes: Path | None = None,
        documents: Path | None = None,
        tiers: Sequence[str] | None = None,
        single: bool = False,
        limit: int | None = None,
        index: Path | None = None,
    ) -> Evaluation:
        """Read a set and check that nothing is missing. Raises `InputError`."""
        if task not in _TASKS:
            raise InputError(f"there is no task {task!r}; there are {', '.join(_TASKS)}")
        wanted = _TASKS[task]
        if wanted.documents and documents is None:
            raise InputError(f"the task {task} needs documents; name their file with --documents")
        rows = read_rows(gold, wanted.texts, wanted.lists)[:limit]
        read = {} if homes is None else read_homes(homes)
        if wanted.homes:
            check_homes(rows, read, single=single)
        texts = () if documents is None else read_rows(documents, ("text",))
        return cls(task, rows, config, read, texts, _tiers(tiers), single, index)

    async def predictions(self) -> AsyncGenerator[Prediction]:
        """Yield one prediction per row, in order, each with its own time in milliseconds."""
        async with self._opened() as predictor:
            for row in self.rows:
                await predictor.prepare(row)
                started = perf_counter()
                fields = await predictor.predict(row)
                spent = perf_counter() - started
                yield {"id": row["id"], "latency_ms": round(spent * 1000, 3), **fields}

    def curve(self, predictions: Sequence[Prediction]) -> Sequence[str]:
        """Return what is answered and right at every threshold, in lines; nothing for a task without confidence."""
        if self.task != "grounded":
            return ()
        from edge_assistant.operations.coverage import curve
        from edge_assistant.operations.evaluate.grounded import weighed

        pairs = zip(self.rows, predictions, strict=True)
        return curve([one for row, prediction in pairs if (one := weighed(row, prediction)) is not None])

    def _opened(self) -> AbstractAsyncContextManager[Predictor]:
        module = importlib.import_module(f"{__name__}.{_TASKS[self.task].module}")
        opened: AbstractAsyncContextManager[Predictor] = module.opened(self)
        return opened


def _tiers(names: Sequence[str] | None) -> tuple[TierName, ...]:
    if names is None:
        return OFFLINE
    known = get_args(TierName)
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"there is no tier {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(name for name in known if name in names)
