"""Bounds on a piece of foreign code that runs among our own: how long it may take, and how much memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_GRACE: Final = 0.5
"""Seconds after the end of its time, until one that is deep inside a single operation ends together with us."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Alarms and bounds on memory belong to the whole process."""


class OutOfBounds(BaseException):
    """The time is spent; it is no `Exception`, so that foreign code does not catch it."""


@contextmanager
def bounded(seconds: float, megabytes: int, *, gently: bool = True) -> Iterator[None]:
    """Run what is inside with these bounds, in a process that may be lost. Raises `OutOfBounds`, `MemoryError`.

    Gently, Python is stopped between two lines, which makes it slower. One long operation is not stopped: where it
    does not come back, the process ends (SIGPROF). Only processor time counts, that of the whole process for its end,
    so that there is more of it for a thread that runs beside others. Memory is bounded as writable memory of its own
    (RLIMIT_DATA), since the weights of a model that are mapped, and what a driver reserves, count as address space.
    """
    with _ONE_AT_A_TIME, _memory(megabytes):
        before, until = sys.gettrace(), time.thread_time() + seconds
        alone = threading.current_thread() is threading.main_thread()
        signal.setitimer(signal.ITIMER_PROF, (seconds + _GRACE) * (1 if alone else os.cpu_count() or 1))
        if gently:
            sys.settrace(_watch(until, seconds))
        try:
            yield
        finally:
            sys.settrace(before)
            signal.setitimer(signal.ITIMER_PROF, 0)


def _watch(until: float, seconds: float) -> TraceFunction:
    def watch(frame: FrameType, event: str, argument: object) -> TraceFunction:
        if time.thread_time() > until:
            raise OutOfBounds(f"time: more than {seconds:g} s")
        return watch

    return watch


@contextmanager
def _memory(megabytes: int) -> Iterator[None]:
    used = _used()
    if used is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    room = used + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_DATA, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _used() -> int | None:
    """Return the bytes of writable memory of this process, where the system tells."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmData:")), None)
