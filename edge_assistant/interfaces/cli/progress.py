"""How far a long command is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO

import click

from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.knowledge.ingest import Progress

_EVERY: Final = 5.0
"""Seconds between two plain lines."""


class Pace:
    """How many a second, and how long the rest will take, for one kind of thing at a time."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._what, self._began = "", 0.0

    def seconds(self, what: str) -> float:
        """Return how long this kind of thing has been worked on."""
        if what != self._what:
            self._what, self._began = what, self._clock()
        return self._clock() - self._began

    def line(self, what: str, done: int, total: int) -> str:
        """Return all of it in words."""
        seconds = self.seconds(what)
        if not done or seconds <= 0:
            return f"{what}: {done} of {total}"
        rate = done / seconds
        return f"{what}: {done} of {total}, {rate:.3g} a second, {_time((total - done) / rate)} left"


class PlainLines:
    """Says how far it is every few seconds; a short command says nothing."""

    def __init__(self, say: Callable[[str], object], clock: Callable[[], float] = monotonic) -> None:
        self._say, self._clock = say, clock
        self._pace = Pace(clock)
        self._last = clock()

    def __call__(self, what: str, done: int, total: int, name: str) -> None:
        self._pace.seconds(what)
        if self._clock() - self._last >= _EVERY:
            self._last = self._clock()
            self._say(self._pace.line(what, done, total))


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Yield what is told of every step, and shows it on the standard error."""
    if not (stream or sys.stderr).isatty():
        yield PlainLines(lambda line: click.echo(line, err=True))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.description}", markup=False))
    pace = Pace()
    with Progress(*columns, console=Console(file=stream, stderr=stream is None), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int, name: str) -> None:
            words = f"{pace.line(what, done, total)}  {safe_text(name)[-40:]}"
            bar.update(task, completed=done, total=total, description=words)

        yield show


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
