"""How models are shown: lines and records of the list, and how far a fetch is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeAlias

import click

if TYPE_CHECKING:
    from edge_assistant.models.catalog import EmbedderModel, ModelFile

MEGABYTE: Final = 1_000_000
Progress: TypeAlias = Callable[[int, int], object]
"""Told how many bytes are done, and how many there will be; 0 while that is not known."""
_FACTS: Final = {
    "name",
    "size",
    "memory",
    "licence",
    "free",
    "languages",
    "quantization",
    "context",
    "sha256",
    "speeds",
}


def line(model: ModelFile | EmbedderModel, here: bool, in_use: bool, fit: str) -> str:
    """Return one line of the list."""
    size = f"{model.size / MEGABYTE:,.0f} MB" if model.size else "-"
    memory = f"{model.memory:,} MB memory" if model.memory else "-"
    licence = model.licence if model.free else f"{model.licence}, not free"
    told = ", ".join(model.languages) + (f"; {fit}" if fit else "")
    place = f"{'*' if in_use else ' '} {model.name:<30} {'here' if here else '-':<5}"
    return f"{place} {size:>9} {memory:>16}  {licence:<11} {told}"


def record(model: ModelFile | EmbedderModel, here: bool, in_use: bool, fit: str) -> dict[str, object]:
    """Return one object of the list."""
    facts = model.model_dump(include=_FACTS, mode="json")
    return {**facts, "size": model.size, "free": model.free, "installed": here, "in_use": in_use, "fit": fit}


@contextmanager
def progress_of(name: str, size: int, elsewhere: Progress) -> Iterator[Progress]:
    """Show a bar with rate and time left on stderr, and do something else where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield elsewhere
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(TextColumn("{task.description}"), *columns, console=console) as bar:
        task = bar.add_task(name, total=size or None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


class Tenths:
    """Tells progress in lines."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if tenth > self._told:
            self._told = tenth
            click.echo(f"{self._name}: {tenth}0 %", err=True)
