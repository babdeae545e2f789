"""Several endpoints as one: who is asked, who is passed over, and what is said about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from edge_assistant.errors import EndpointError, Fault
from edge_assistant.network.endpoints import Failover
from edge_assistant.network.state import Reachability
from edge_assistant.types import Limits, Message


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeEndpoint:
    """Says its words, then fails if it is told to; counts how often it was asked."""

    def __init__(self, name: str, *words: str, fault: Fault | None = None, retry_after: float | None = None) -> None:
        self.name = name
        self.words = words
        self.fault = fault
        self.retry_after = retry_after
        self.asked = 0
        self.stopped = 0
        self.closed = False
        self.entered = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def stream(self, messages: Sequence[Message], limits: Limits) -> AsyncGenerator[str]:
        self.asked += 1
        self.entered.set()
        await self.may_go_on.wait()
        try:
            for word in self.words:
                yield word
            if self.fault is not None:
                raise EndpointError(f"{self.name} failed: {self.fault}", self.fault, self.retry_after)
        finally:
            self.stopped += 1

    async def aclose(self) -> None:
        self.closed = True


async def listen(model: Failover, heard: list[str]) -> None:
    async with aclosing(model.stream((), Limits())) as words:
        async for word in words:
            heard.append(word)


async def failure(model: Failover) -> tuple[list[str], EndpointError]:
    heard: list[str] = []
    with pytest.raises(EndpointError) as caught:
        await listen(model, heard)
    return heard, caught.value


async def said(model: Failover) -> str:
    heard: list[str] = []
    await listen(model, heard)
    return "".join(heard)


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def test_the_first_endpoint_is_asked_alone_while_it_answers() -> None:
    first, second = FakeEndpoint("a", "Hello", " you"), FakeEndpoint("b", "Hi")

    answer = await said(Failover([first, second]))

    assert (answer, first.asked, second.asked) == ("Hello you", 1, 0)


@pytest.mark.parametrize(
    "fault", ["unreachable", "timeout", "portal", "key", "credit", "limited", "server", "unknown", "broken"]
)
async def test_the_next_endpoint_steps_in_before_the_first_word(fault: Fault) -> None:
    first, second = FakeEndpoint("a", fault=fault), FakeEndpoint("b", "Hi")

    answer = await said(Failover([first, second]))

    assert (answer, first.asked, second.asked) == ("Hi", 1, 1)


async def test_the_next_endpoint_does_not_continue_what_another_began() -> None:
    first, second = FakeEndpoint("a", "Hel", fault="broken"), FakeEndpoint("b", "Hi")

    heard, error = await failure(Failover([first, second]))

    assert (heard, second.asked, str(error)) == (["Hel"], 0, "a failed: broken")


@pytest.mark.parametrize("fault", ["refused", "filtered"])
async def test_a_filter_and_a_refused_request_are_not_routed_around(fault: Fault) -> None:
    first, second = FakeEndpoint("a", fault=fault), FakeEndpoint("b", "Hi")

    _, error = await failure(Failover([first, second]))

    assert (second.asked, error.fault) == (0, fault)


async def test_the_reason_names_each_failure() -> None:
    endpoints = Failover([FakeEndpoint("a", fault="server"), FakeEndpoint("b", fault="limited", retry_after=2.0)])

    _, error = await failure(endpoints)

    assert str(error) == "a failed: server; b failed: limited"
    assert (error.fault, error.retry_after) == ("limited", 2.0)


async def test_a_dead_endpoint_is_paid_for_once_and_then_passed_over(clock: Clock) -> None:
    dead, alive = FakeEndpoint("a", fault="unreachable"), FakeEndpoint("b", "Hi")
    endpoints = Failover([dead, alive], clock)

    answers = [await said(endpoints) for _ in range(20)]

    assert (answers, dead.asked) == (["Hi"] * 20, 1)
    assert endpoints.name == "b"


async def test_nobody_is_asked_while_all_rest_and_the_reason_says_since_when(clock: Clock) -> None:
    endpoints = Failover([FakeEndpoint("a", fault="unreachable"), FakeEndpoint("b", fault="key")], clock)

    await failure(endpoints)
    clock.now += 4
    _, error = await failure(endpoints)

    assert endpoints.resting() == "a: not reachable 4 s ago; b: its key was refused 4 s ago"
    assert str(error) == endpoints.resting()


async def test_after_its_rest_the_next_question_is_the_trial(clock: Clock) -> None:
    endpoint = FakeEndpoint("a", fault="unreachable")
    endpoints = Failover([endpoint], clock)
    await failure(endpoints)

    clock.now += 15
    may_be_asked = endpoints.resting() is None
    endpoint.words, endpoint.fault = ("Back",), None
    answer = await said(endpoints)

    assert (may_be_asked, answer, endpoint.asked) == (True, "Back", 2)
    assert await said(endpoints) == "Back"


async def test_a_failed_trial_begins_another_rest(clock: Clock) -> None:
    endpoint = FakeEndpoint("a", fault="timeout")
    endpoints = Failover([endpoint], clock)
    await failure(endpoints)

    clock.now += 16
    await failure(endpoints)
    await failure(endpoints)

    assert (endpoint.asked, endpoints.resting()) == (2, "a: silent 0 s ago")


async def test_while_one_question_is_on_trial_the_others_do_not_wait_for_it(clock: Clock) -> None:
    endpoint = FakeEndpoint("a", fault="unreachable")
    endpoints = Failover([endpoint], clock)
    await failure(endpoints)
    clock.now += 15
    endpoint.words, endpoint.fault = ("Back",), None
    endpoint.entered.clear()
    endpoint.may_go_on.clear()

    trial = asyncio.ensure_future(said(endpoints))
    await endpoint.entered.wait()
    _, error = await failure(endpoints)
    endpoint.may_go_on.set()

    assert (await trial, str(error), endpoint.asked) == ("Back", "a: not reachable 15 s ago", 2)


def test_there_is_one_trial_at_a_time_and_a_lost_one_does_not_block_for_ever(clock: Clock) -> None:
    state = Reachability(clock)
    state.failed(EndpointError("no route", "unreachable"))
    clock.now += 15

    first, second = state.claim(), state.claim()
    clock.now += 15
    third = state.claim()

    assert (first, second, third) == (None, "not reachable 15 s ago", None)


def test_looking_is_not_a_trial(clock: Clock) -> None:
    state = Reachability(clock)
    state.failed(EndpointError("no route", "unreachable"))
    clock.now += 15

    looks = [state.resting() for _ in range(3)]

    assert looks == [None, None, None]
    assert state.claim() is None


@pytest.mark.parametrize(("pause", "rest"), [(2.0, 2.0), (3600.0, 3600.0), (None, 15.0)])
async def test_a_pause_that_was_asked_for_is_kept(clock: Clock, pause: float | None, rest: float) -> None:
    endpoint = FakeEndpoint("a", fault="limited", retry_after=pause)
    endpoints = Failover([endpoint], clock)
    await failure(endpoints)

    clock.now += rest - 0.5
    resting = endpoints.resting()
    clock.now += 0.5

    assert resting is not None
    assert resting.startswith("a: over its limit")
    assert endpoints.resting() is None


@pytest.mark.parametrize("fault", ["server", "broken", "refused", "filtered", "unknown"])
async def test_a_failure_of_one_answer_is_no_reason_to_rest(fault: Fault) -> None:
    endpoints = Failover([FakeEndpoint("a", fault=fault)])

    await failure(endpoints)

    assert endpoints.resting() is None


async def test_closing_the_stream_stops_the_endpoint_that_speaks() -> None:
    endpoint = FakeEndpoint("a", "Hello", " you")
    words = Failover([endpoint]).stream((), Limits())

    await anext(words)
    await words.aclose()

    assert endpoint.stopped == 1


async def test_closing_closes_every_endpoint() -> None:
    endpoints = [FakeEndpoint("a"), FakeEndpoint("b")]

    await Failover(endpoints).aclose()

    assert all(endpoint.closed for endpoint in endpoints)


def test_the_name_says_who_is_asked_in_which_order() -> None:
    assert Failover([FakeEndpoint("x at a"), FakeEndpoint("y at b")]).name == "x at a, else y at b"
