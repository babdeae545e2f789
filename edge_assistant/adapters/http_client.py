"""An httpx client with good manners: no redirects, its own resolver, and a hand on every connection attempt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

import anyio

from edge_assistant.adapters import needs
from edge_assistant.errors import EndpointError
from edge_assistant.network.resolver import Resolver

if TYPE_CHECKING:
    import httpcore
    import httpx

HEAD_START = 0.25
"""Seconds that each address of a host has before the next is tried as well (RFC 8305, section 5)."""
_EVERY_SCHEME = ("http://", "https://", "all://")
"""What the environment may name a proxy for, in httpx's words; mounted on nothing, it is reached directly."""


def open_client(resolver: Resolver, connect: float, proxies: bool = True) -> httpx.AsyncClient:
    """Return a client that waits `connect` seconds for a connection and leaves every other limit to its caller.

    Without `proxies` it goes straight to the host, whatever the environment says.
    """
    with needs("httpx"):
        import httpx
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)
    timeout, mounts = httpx.Timeout(None, connect=connect), None if proxies else dict.fromkeys(_EVERY_SCHEME)
    try:
        client = httpx.AsyncClient(timeout=timeout, limits=limits, follow_redirects=False, mounts=mounts)
    except (httpx.InvalidURL, ImportError, ValueError, OSError):  # none of them is shown: a proxy may hold a password
        message = "cannot be asked: the proxy or certificate settings of the environment do not work"
        raise EndpointError(message, "unreachable") from None
    dialer = cast("httpcore.AsyncNetworkBackend", _Dialer(resolver))  # by its methods, not by its ancestors
    for transport in (client._transport, *client._mounts.values()):  # the mounts are the proxies of the environment
        # httpcore's pools take a network backend, but httpx has no argument that hands one on.
        if isinstance(transport, httpx.AsyncHTTPTransport):
            transport._pool._network_backend = dialer
    return client


class _Dialer:
    """A network backend for httpcore that looks names up by itself and tries a host's addresses in parallel."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's word for it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        import httpcore

        try:
            with anyio.fail_after(timeout):
                return await self._first(await self._resolver.addresses(host, port), port, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    async def _first(
        self, addresses: Sequence[str], port: int, options: Iterable[httpcore.SOCKET_OPTION] | None
    ) -> httpcore.AsyncNetworkStream:
        """The first of the addresses that accepts a connection; each has a head start before the next."""
        import httpcore

        winner: httpcore.AsyncNetworkStream | None = None
        failures: list[httpcore.ConnectError] = []

        async def attempt(address: str, over: anyio.Event) -> None:
            nonlocal winner
            try:
                stream = await httpcore.AnyIOBackend().connect_tcp(address, port, socket_options=options)
            except httpcore.ConnectError as error:
                failures.append(error)
            else:
                if winner is None:
                    winner = stream
                    group.cancel_scope.cancel()
                else:
                    await stream.aclose()
            finally:
                over.set()

        try:
            async with anyio.create_task_group() as group:
                for address in addresses:
                    over = anyio.Event()
                    group.start_soon(attempt, address, over)
                    with anyio.move_on_after(HEAD_START):
                        await over.wait()
        except BaseException:
            if winner is not None:
                with anyio.CancelScope(shield=True):
                    await winner.aclose()
            raise
        if winner is None:
            raise failures[-1]
        return winner
