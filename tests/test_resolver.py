"""Names are looked up on threads of their own."""

import asyncio
import threading
from collections.abc import Sequence
from socket import gaierror

import pytest

from edge_assistant.network.resolver import Resolver, look_up


class FakeNames:
    """A name server that can fall silent, and remembers who asked."""

    def __init__(self) -> None:
        self.threads: set[str] = set()
        self.asked: list[str] = []
        self.speaks = threading.Event()

    def look_up(self, host: str, port: int) -> Sequence[str]:
        self.threads.add(threading.current_thread().name)
        self.asked.append(host)
        if host == "nowhere.test":
            raise gaierror("no such name")
        if host.startswith("silent"):
            self.speaks.wait()
        return ("192.0.2.1",)


async def test_a_name_is_looked_up_on_a_thread_of_the_resolver() -> None:
    names = FakeNames()

    found = await Resolver(names.look_up).addresses("api.test", 443)

    assert found == ("192.0.2.1",)
    assert names.threads == {"resolver"}


async def test_an_address_is_its_own_and_asks_nobody() -> None:
    names = FakeNames()

    found = await Resolver(names.look_up).addresses("2001:db8::1", 443)

    assert (found, names.asked) == (("2001:db8::1",), [])


@pytest.mark.parametrize("host", ["nowhere.test", "a" * 64 + ".test"])
async def test_a_name_that_nobody_knows_is_an_error(host: str) -> None:
    resolver = Resolver(FakeNames().look_up if host == "nowhere.test" else look_up)

    with pytest.raises(gaierror):
        await resolver.addresses(host, 443)


async def test_a_silent_name_server_holds_up_two_threads_and_no_other_work() -> None:
    names = FakeNames()
    resolver = Resolver(names.look_up)
    waiting = [asyncio.ensure_future(resolver.addresses(f"silent{number}.test", 443)) for number in range(50)]

    other_work = await asyncio.get_running_loop().run_in_executor(None, lambda: "done")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    names.speaks.set()

    assert other_work == "done"
    assert await resolver.addresses("api.test", 443) == ("192.0.2.1",)
    assert len([host for host in names.asked if host.startswith("silent")]) <= 2, "who gave up is not looked up"
