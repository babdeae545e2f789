"""Several chat endpoints as one: the next is asked when the first fails before its first word."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Final, Protocol

from edge_assistant.errors import EndpointError, Fault
from edge_assistant.network.state import Reachability
from edge_assistant.types import ChatModel, Limits, Message

FINAL: Final[frozenset[Fault]] = frozenset({"refused", "too_long", "filtered"})
"""What the next endpoint is not asked about: it would refuse as well, and a filter is not routed around."""


class Endpoint(ChatModel, Protocol):
    """A chat model somewhere on a network. Its stream raises `EndpointError`."""

    @property
    def name(self) -> str:
        """What is asked where, for people: ``deepseek-chat at api.deepseek.com``."""
        ...

    async def aclose(self) -> None: ...


class Failover:
    """Endpoints in the order in which they are asked; one that failed a moment ago is passed over."""

    def __init__(self, endpoints: Sequence[Endpoint], clock: Callable[[], float] = monotonic) -> None:
        self._endpoints = tuple((endpoint, Reachability(clock)) for endpoint in endpoints)

    @property
    def name(self) -> str:
        """Who would be asked now, in order."""
        return ", else ".join(endpoint.name for endpoint, state in self._endpoints if state.resting() is None)

    def resting(self) -> str | None:
        """Return why nobody may be asked now, or None if somebody may."""
        reasons = [(endpoint.name, state.resting()) for endpoint, state in self._endpoints]
        if any(reason is None for _, reason in reasons):
            return None
        return "; ".join(f"{name}: {reason}" for name, reason in reasons)

    async def stream(self, messages: Sequence[Message], limits: Limits) -> AsyncGenerator[str]:
        """Yield the words of the first endpoint that has any. Raises `EndpointError` that names every failure."""
        failures: list[EndpointError] = []
        for endpoint, state in self._endpoints:
            if (reason := state.claim()) is not None:
                failures.append(EndpointError(f"{endpoint.name}: {reason}", "unreachable"))
                continue
            spoken = False
            try:
                async with aclosing(endpoint.stream(messages, limits)) as words:
                    async for word in words:
                        spoken = True
                        state.reached()
                        yield word
                return
            except EndpointError as error:
                state.failed(error)
                failures.append(error)
                if spoken or error.fault in FINAL:
                    break
        raise EndpointError("; ".join(map(str, failures)), failures[-1].fault, failures[-1].retry_after)

    async def aclose(self) -> None:
        """Close every connection."""
        for endpoint, _ in self._endpoints:
            await endpoint.aclose()
