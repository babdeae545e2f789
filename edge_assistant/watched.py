"""What is read from files that people edit while the program runs: noticed, read again, and never lost by a mistake."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Final, Generic, TypeAlias, TypeVar

from edge_assistant.errors import ConfigError

_log = logging.getLogger(__name__)
_Read = TypeVar("_Read")
_Stamp: TypeAlias = "tuple[tuple[str, int, int], ...]"

GLANCE: Final = 1.0
"""Seconds between two looks at the files; nothing looks while nothing is asked."""


def in_background(work: Callable[[], None]) -> None:
    """Do some work on a thread of its own, which ends with it."""
    Thread(target=work, name="edge-assistant reading", daemon=True).start()


class Watched(Generic[_Read]):
    """What was read last without a mistake.

    `read` is given what it would replace: None at first, when a `ConfigError` goes to the caller. Later the files
    are read beside the running work, and a `ConfigError` is told once and leaves everything as it was.
    """

    def __init__(
        self,
        files: Callable[[], Iterable[Path]],
        read: Callable[[_Read | None], _Read],
        clock: Callable[[], float] = monotonic,
        begin: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._files = files
        self._read = read
        self._clock = clock
        self._begin = begin
        self._value: _Read | None = None
        self._stamp: _Stamp = ()
        self._looked = 0.0
        self._reading = False
        self.trouble: str | None = None
        """Why the files as they are now are not in use."""

    def __call__(self) -> _Read:
        """Return what is in use. Raises `ConfigError` when nothing could be read yet."""
        if self._value is None:
            self._stamp, self._looked = self._stamped(), self._clock()
            self._value = self._read(None)
        elif self._clock() - self._looked >= GLANCE and not self._reading:
            self._looked = self._clock()
            self._look()
        return self._value

    def _look(self) -> None:
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp, self._reading = stamp, True
            self._begin(self._again)

    def _again(self) -> None:
        try:
            self._value, self.trouble = self._read(self._value), None
        except ConfigError as error:
            self.trouble = str(error)
            _log.warning("still using what was read before: %s", error)
        finally:
            self._reading = False

    def _stamped(self) -> _Stamp:
        return tuple(sorted(_stamp(path) for path in self._files()))


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, -1
    return str(path), found.st_mtime_ns, found.st_size
