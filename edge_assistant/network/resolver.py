"""Names looked up on threads of their own, so that a dead name server holds up nobody else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from queue import SimpleQueue
from typing import TypeAlias

LookUp: TypeAlias = Callable[[str, int], Sequence[str]]
_Job: TypeAlias = tuple[str, int, asyncio.AbstractEventLoop, "asyncio.Future[Sequence[str]]"]


def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, in the order the system prefers. Blocks; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Resolver:
    """Looks names up on at most two threads.

    asyncio would use its default executor, which a black hole in place of a name server fills up: other work
    waits for seconds, and so does the end of the program. These threads are daemons; the program need not wait.
    """

    def __init__(self, look_up: LookUp = look_up, threads: int = 2) -> None:
        self._look_up = look_up
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._unstarted = threads

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, best first; an address is its own. Raises `OSError`."""
        with suppress(ValueError):
            return (str(ip_address(host)),)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Sequence[str]] = loop.create_future()
        self._jobs.put((host, port, loop, future))
        if self._unstarted:
            self._unstarted -= 1
            threading.Thread(target=self._work, name="resolver", daemon=True).start()
        return await future

    def _work(self) -> None:
        while True:
            host, port, loop, future = self._jobs.get()
            if future.cancelled():
                continue
            found: Sequence[str] | OSError
            try:
                found = self._look_up(host, port)
            except (OSError, UnicodeError) as error:  # a label of more than 63 letters is a UnicodeError
                found = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error))
            with suppress(RuntimeError):  # the loop that asked is gone
                loop.call_soon_threadsafe(_settle, future, found)


def _settle(future: asyncio.Future[Sequence[str]], found: Sequence[str] | OSError) -> None:
    if future.done():
        return
    if isinstance(found, OSError):
        future.set_exception(found)
    else:
        future.set_result(found)
