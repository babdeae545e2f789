"""The cloud tier, within the engine and against a real server: what leaves, what comes back, and what is said."""

import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from edge_assistant.adapters.openai_http import OpenAIChat, Waits
from edge_assistant.config import Endpoint
from edge_assistant.engine import Engine
from edge_assistant.errors import Unanswered
from edge_assistant.network.endpoints import Failover
from edge_assistant.policy import Policy
from edge_assistant.tiers.cloud import CONFIDENCE, CloudTier
from edge_assistant.types import Answer, Declined, Limits, Message, Passage, Query, Reply, Restart, Token
from tests.conftest import FakeTier, reply, replying
from tests.loopback import PAGE, WORDS, Loopback

CANARY = "canary-91c4"
QUERY = Query("Is the lamp on?")


pytestmark = pytest.mark.usefixtures("no_proxy")


class Cloud:
    """Endpoints at a server, one for each model, as the composition root would build them."""

    def __init__(
        self, server: Loopback, *models: str, url: str = "", limits: Limits | None = None, patience: float = 20.0
    ) -> None:
        self.failover = Failover(
            [
                OpenAIChat(Endpoint(base_url=url or server.url, model=model), Waits(first_word=patience))
                for model in models
            ]
        )
        self.tier = CloudTier(self.failover, limits)

    async def __aenter__(self) -> CloudTier:
        return self.tier

    async def __aexit__(self, *_: object) -> None:
        await self.failover.aclose()


def unused_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


async def test_without_an_endpoint_the_cloud_is_off() -> None:
    verdict = await CloudTier(None).consider(QUERY)

    assert verdict == Declined("the cloud is not configured")


async def test_the_answer_of_the_endpoint_is_the_answer(server: Loopback) -> None:
    async with Cloud(server, "words") as tier:
        answer = await Engine([tier]).ask(QUERY)

    assert (answer.text, answer.tier, answer.complete) == ("".join(WORDS), "cloud", True)
    assert answer.confidence == CONFIDENCE
    assert answer.trace[0].reason == f"asks words at 127.0.0.1:{server.port}"


async def test_a_chinese_question_is_asked_in_chinese(server: Loopback) -> None:
    async with Cloud(server, "echo") as tier:
        answer = await Engine([tier]).ask(Query("写两句关于雨的话", language="zh"))

    system = server.requests[0].json["messages"][0]["content"]
    assert answer.text == "写两句关于雨的话"
    assert "中文" in system


async def test_considering_sends_nothing(server: Loopback) -> None:
    async with Cloud(server, "words") as tier:
        verdict = await tier.consider(QUERY)
        assert isinstance(verdict, Reply)
        await verdict.words.aclose()

    assert server.connections == 0


async def test_the_limits_are_those_of_the_tier(server: Loopback) -> None:
    async with Cloud(server, "words", limits=Limits(max_tokens=7, temperature=0.0)) as tier:
        await Engine([tier]).ask(QUERY)

    assert (server.requests[0].json["max_tokens"], server.requests[0].json["temperature"]) == (7, 0.0)


async def test_documents_and_private_turns_do_not_leave(server: Loopback) -> None:
    knowledge = FakeTier("knowledge", Declined("not sure", (Passage(f"the code is {CANARY}", "safe.md", 0.5),)))
    history = (
        Message("user", "Hello"),
        Message("user", f"my pin is {CANARY}", private=True),
        Message("assistant", f"noted, {CANARY}", private=True),
        Message("assistant", "Good evening"),
    )
    async with Cloud(server, "words") as tier:
        answer = await Engine([knowledge, tier], Policy()).ask(replace(QUERY, history=history))

    sent = [message["content"] for message in server.requests[0].json["messages"]]
    assert sent[1:] == ["Hello", "Good evening", QUERY.text]
    assert CANARY.encode() not in server.received
    assert answer.sources == ()


async def test_documents_leave_once_sharing_is_on_and_are_named_as_sources(server: Loopback) -> None:
    passage = Passage("The lamp hangs over the table.", "lamp.md", 0.5, "cloud")
    knowledge = FakeTier("knowledge", Declined("not sure", (passage,)))

    async with Cloud(server, "words") as tier:
        answer = await Engine([knowledge, tier], Policy(share_passages=True)).ask(QUERY)

    assert passage.text in server.requests[0].json["messages"][-1]["content"]
    assert answer.sources == (passage,)


@pytest.mark.parametrize("query", [replace(QUERY, private=True), replace(QUERY, local_only=True)])
async def test_a_question_that_must_stay_opens_no_connection(server: Loopback, query: Query) -> None:
    async with Cloud(server, "words") as tier:
        with pytest.raises(Unanswered) as caught:
            await Engine([tier]).ask(query)

    assert [attempt.outcome for attempt in caught.value.trace] == ["skipped"]
    assert server.connections == 0


async def test_the_second_endpoint_answers_when_the_first_cannot(server: Loopback) -> None:
    async with Cloud(server, "trouble", "words") as tier:
        answer = await Engine([tier]).ask(QUERY)

    asked = [request.json["model"] for request in server.requests]
    assert (answer.text, asked) == ("".join(WORDS), ["trouble", "words"])
    assert answer.trace[0].reason.startswith("asks trouble at 127.0.0.1")


async def test_an_answer_that_broke_off_is_begun_again_by_the_next_tier(server: Loopback) -> None:
    device = replying("device", "The lamp is on.")
    async with Cloud(server, "cut-unnoticed", "words") as tier:
        events = [event async for event in Engine([tier, device]).stream(QUERY, restartable=True)]

    *_, answer = events
    said = [event.text if isinstance(event, Token) else event for event in events if isinstance(event, Token | Restart)]
    assert said == ["The", " red", Restart(), "The lamp is on."]
    assert isinstance(answer, Answer)
    assert (answer.text, answer.tier, answer.complete) == ("The lamp is on.", "device", True)
    assert "broke off before the end of its answer" in answer.trace[0].reason
    assert [request.json["model"] for request in server.requests] == ["cut-unnoticed"]


async def test_an_answer_that_broke_off_for_good_is_not_shown_as_whole(server: Loopback) -> None:
    async with Cloud(server, "cut") as tier:
        answer = await Engine([tier]).ask(QUERY)

    assert (answer.text, answer.complete) == ("The", False)


async def test_a_page_that_wants_a_sign_in_is_never_an_answer(server: Loopback) -> None:
    device = replying("device", "The lamp is on.")
    async with Cloud(server, "portal") as tier:
        answer = await Engine([tier, device]).ask(QUERY)

    assert (answer.text, answer.tier) == ("The lamp is on.", "device")
    assert "sign-in (captive portal)" in answer.trace[0].reason
    assert PAGE.decode() not in repr(answer)


async def test_a_dead_network_is_paid_for_once(server: Loopback) -> None:
    device = replying("device", "The lamp is on.")
    async with Cloud(server, "words", url=unused_url()) as tier:
        first = await Engine([tier, device]).ask(QUERY)
        second = await Engine([tier, replying("device", "It is.")]).ask(QUERY)

    assert first.trace[0].outcome == "failed"
    assert first.trace[0].reason.endswith("refused the connection")
    assert (second.trace[0].outcome, second.text) == ("declined", "It is.")
    assert second.trace[0].reason.endswith("not reachable 0 s ago")


async def test_a_silent_endpoint_gives_the_turn_to_the_draft(server: Loopback) -> None:
    knowledge = FakeTier("knowledge", Declined("not sure", draft=reply("The manual says: on.", confidence=0.3)))
    async with Cloud(server, "never", patience=0.3) as tier:
        answer = await Engine([knowledge, tier]).ask(QUERY)

    assert (answer.text, answer.tier) == ("The manual says: on.", "knowledge")
    assert answer.trace[1].reason.endswith("said nothing for 0.3 s")


def test_httpx_is_not_loaded_before_somebody_asks() -> None:
    program = (
        "import asyncio, sys\n"
        "from edge_assistant.adapters.openai_http import OpenAIChat\n"
        "from edge_assistant.config import Endpoint\n"
        "from edge_assistant.network.endpoints import Failover\n"
        "from edge_assistant.tiers.cloud import CloudTier\n"
        "from edge_assistant.types import Query\n"
        "tier = CloudTier(Failover([OpenAIChat(Endpoint())]))\n"
        "print(asyncio.run(tier.consider(Query('Hello'))).reason)\n"
        "print({'httpx', 'httpcore'} & set(sys.modules))\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[0] == "asks deepseek-chat at api.deepseek.com"
    assert "http" not in done.stdout.splitlines()[1]
