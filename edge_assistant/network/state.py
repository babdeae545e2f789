"""Whether an endpoint is worth asking now: up, resting after a failure, or on trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from edge_assistant.errors import EndpointError, Fault

REST: Final[Mapping[Fault, float]] = {
    "unreachable": 15.0,
    "timeout": 15.0,
    "portal": 15.0,
    "limited": 15.0,
    "key": 900.0,
    "credit": 900.0,
}
"""Seconds without another try after each kind of failure; after the other kinds the next question may try at once."""

_WORDS: Final[Mapping[Fault, str]] = {
    "unreachable": "not reachable",
    "timeout": "silent",
    "portal": "behind a sign-in page",
    "limited": "over its limit",
    "key": "its key was refused",
    "credit": "out of credit",
}


class Reachability:
    """Remembers the last failure of one endpoint, so that the next question does not pay for it again.

    After the rest, the next question is the trial; until its outcome is known, or another rest has passed,
    nobody else tries. Nothing here touches the network.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._fault: Fault | None = None
        self._failed_at = 0.0
        self._rest = 0.0
        self._next_try = 0.0

    def resting(self) -> str | None:
        """Return why the endpoint should not be asked now, such as ``not reachable 4 s ago``, or None."""
        now = self._clock()
        if self._fault is None or now >= self._next_try:
            return None
        return f"{_WORDS[self._fault]} {now - self._failed_at:.0f} s ago"

    def claim(self) -> str | None:
        """Ask like `resting`, and mean it: after a rest, only the first who claims may try."""
        reason = self.resting()
        if reason is None and self._fault is not None:
            self._next_try = self._clock() + self._rest
        return reason

    def failed(self, error: EndpointError) -> None:
        """Take note of a failure; the endpoint rests if its kind calls for it."""
        rest = REST.get(error.fault)
        if rest is None:
            return
        self._fault = error.fault
        self._failed_at = self._clock()
        self._rest = rest if error.retry_after is None else error.retry_after
        self._next_try = self._failed_at + self._rest

    def reached(self) -> None:
        """Take note of a word from the endpoint: it is up."""
        self._fault = None
