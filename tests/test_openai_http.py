"""One endpoint, against a real server that behaves well or badly."""

import asyncio
import logging
import socket
import threading
import traceback
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import anyio
import pytest
from pydantic import SecretStr

from edge_assistant.adapters.openai_http import OpenAIChat, Waits
from edge_assistant.config import Endpoint
from edge_assistant.errors import ConfigError, EndpointError
from edge_assistant.network.resolver import LookUp, Resolver
from edge_assistant.types import Limits, Message
from tests.loopback import WORDS, Loopback

KEY = "sk-canary-7f3a9"
LIMIT = 0.3
"""Seconds that the tests wait for what never comes."""
PATIENT = Waits(first_word=20, gap=20, total=20, linger=20)
"""For what must end without any limit's help."""


pytestmark = pytest.mark.usefixtures("no_proxy")


def chat(server: Loopback, model: str, waits: Waits = PATIENT, key: str | None = KEY) -> OpenAIChat:
    return OpenAIChat(Endpoint(base_url=server.url, model=model, api_key=SecretStr(key) if key else None), waits)


async def listen(model: OpenAIChat, heard: list[str], question: str = "Is the lamp on?") -> None:
    async with aclosing(model.stream((Message("user", question),), Limits())) as words:
        async for word in words:
            heard.append(word)


async def said(model: OpenAIChat, question: str = "Is the lamp on?") -> str:
    heard: list[str] = []
    await listen(model, heard, question)
    return "".join(heard)


async def failure(model: OpenAIChat) -> tuple[str, EndpointError]:
    """What was said before the failure, and the failure."""
    heard: list[str] = []
    with pytest.raises(EndpointError) as caught:
        await listen(model, heard)
    await model.aclose()
    return "".join(heard), caught.value


@pytest.mark.parametrize("model", ["words", "in-one-piece", "malformed-chunk", "no-done", "reset-once", "stale"])
async def test_a_whole_answer_is_spoken(server: Loopback, model: str) -> None:
    endpoint = chat(server, model)

    answer = await said(endpoint)

    assert answer == "".join(WORDS)
    await endpoint.aclose()


async def test_what_is_sent_is_the_question_the_limits_and_the_key(server: Loopback) -> None:
    endpoint = chat(server, "echo")

    answer = await said(endpoint, "灯开着吗？")

    request = server.requests[0]
    assert answer == "灯开着吗？"
    assert (request.method, request.target) == ("POST", "/chat/completions")
    assert request.json["messages"] == [{"role": "user", "content": "灯开着吗？"}]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    await endpoint.aclose()


async def test_no_key_means_no_header(server: Loopback) -> None:
    endpoint = chat(server, "words", key=None)

    await said(endpoint)

    assert "authorization" not in server.requests[0].headers
    await endpoint.aclose()


async def test_one_connection_serves_many_questions(server: Loopback) -> None:
    endpoint = chat(server, "words")

    for _ in range(5):
        await said(endpoint)

    assert (len(server.requests), server.connections) == (5, 1)
    await endpoint.aclose()


async def test_a_kept_connection_that_went_stale_is_replaced_unseen(server: Loopback) -> None:
    endpoint = chat(server, "stale")

    answers = [await said(endpoint) for _ in range(2)]

    assert answers == ["".join(WORDS)] * 2
    assert (len(server.requests), server.connections) == (3, 2)
    await endpoint.aclose()


async def test_an_answer_without_an_end_of_its_stream_is_whole_all_the_same(server: Loopback) -> None:
    endpoint = chat(server, "no-end", replace(PATIENT, linger=0.01))

    assert await said(endpoint) == "".join(WORDS)
    await endpoint.aclose()


async def test_an_answer_that_grew_too_long_shows_it(server: Loopback) -> None:
    endpoint = chat(server, "too-long")

    assert await said(endpoint) == "Once upon…"
    await endpoint.aclose()


@pytest.mark.parametrize(
    ("model", "fault", "attempts", "sentence"),
    [
        ("limited", "limited", 1, "gets too many requests and asks for a pause of 2 s (HTTP 429)"),
        ("trouble", "server", 1, "is in trouble (HTTP 500)"),
        ("overloaded", "server", 1, "is in trouble (HTTP 503)"),
        ("reset", "unreachable", 2, "closed the connection"),
        ("hangs-up", "unreachable", 2, "closed the connection"),
        ("garbage", "unreachable", 2, "closed the connection"),
        ("portal", "portal", 1, "answered with a web page: the network asks for a sign-in (captive portal)"),
        ("redirect", "portal", 1, "redirects elsewhere"),
        ("huge-piece", "broken", 1, "sent more than 8,000,000 bytes"),
        ("newline-free", "broken", 1, "sent a line of more than 1,000,000 bytes"),
        ("compressed", "broken", 1, "sent a compressed answer, which was not asked for"),
        ("malformed-chunks", "broken", 1, "sent 4 unreadable events"),
        ("wordless", "broken", 1, "finished without a word"),
        ("no-key", "key", 1, "refused the key (HTTP 401)"),
        ("no-credit", "credit", 1, "says that the account has no credit left (HTTP 402)"),
        ("missing", "unknown", 1, "knows no such model or address (HTTP 404)"),
        (
            "context-exceeded",
            "too_long",
            1,
            "refused the request (HTTP 400): This model's maximum context length is 4096",
        ),
        ("filtered", "filtered", 1, "does not answer this: its content filter objects (HTTP 400)"),
    ],
)
async def test_a_failure_before_the_first_word_is_one_sentence_that_names_the_host(
    server: Loopback, model: str, fault: str, attempts: int, sentence: str
) -> None:
    heard, error = await failure(chat(server, model))

    assert (heard, error.fault, len(server.requests)) == ("", fault, attempts)
    assert str(error).startswith(f"127.0.0.1:{server.port} {sentence}")


async def test_a_key_that_is_missing_is_not_called_refused(server: Loopback) -> None:
    _, error = await failure(chat(server, "no-key", key=None))

    assert str(error) == f"127.0.0.1:{server.port} wants a key, and none is set"


async def test_everybody_else_goes_on_while_an_answer_floods_in(server: Loopback) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.ensure_future(count())
    await failure(chat(server, "tiny-chunks", replace(PATIENT, first_word=LIMIT)))
    counting.cancel()

    assert turns > 100


async def test_the_pause_that_is_asked_for_is_known(server: Loopback) -> None:
    _, error = await failure(chat(server, "limited"))

    assert error.retry_after == 2.0


@pytest.mark.parametrize("model", ["never", "never-a-word", "drips-headers", "drips", "tiny-chunks"])
async def test_silence_ends_at_the_limit_for_the_first_word_whatever_drips_in(server: Loopback, model: str) -> None:
    heard, error = await failure(chat(server, model, replace(PATIENT, first_word=LIMIT)))

    assert (heard, error.fault, len(server.requests)) == ("", "timeout", 1)
    assert str(error).endswith("said nothing for 0.3 s")


@pytest.mark.parametrize(
    ("model", "heard", "sentence"),
    [
        ("cut", "The", "closed the connection"),
        ("cut-unnoticed", "The red", "broke off before the end of its answer"),
        ("cut-reset", "The red", ""),
        ("stalls", "The red", "said nothing for 0.3 s"),
    ],
)
async def test_an_answer_that_stops_midway_is_never_taken_for_whole(
    server: Loopback, model: str, heard: str, sentence: str
) -> None:
    words, error = await failure(chat(server, model, replace(PATIENT, gap=LIMIT)))

    assert (words, error.fault) == (heard, "broken")
    assert sentence in str(error)


async def test_an_error_within_the_stream_is_an_error(server: Loopback) -> None:
    words, error = await failure(chat(server, "error-within"))

    assert (words, error.fault) == ("The", "server")


async def test_an_answer_without_end_stops_at_the_size_limit(server: Loopback) -> None:
    words, error = await failure(chat(server, "huge"))

    assert str(error).endswith("sent more than 8,000,000 bytes")
    assert 7_000_000 < len(words) < 8_000_000


async def test_the_whole_answer_has_a_deadline(server: Loopback) -> None:
    _, error = await failure(chat(server, "never-a-word", replace(PATIENT, total=LIMIT)))

    assert str(error).endswith("took longer than 0.3 s")


async def test_closing_the_stream_closes_the_connection(server: Loopback) -> None:
    endpoint = chat(server, "stalls")

    async with aclosing(endpoint.stream((Message("user", "Hello"),), Limits())) as words:
        assert await anext(words) == "The"

    with anyio.fail_after(10):
        await server.left.wait()
    await endpoint.aclose()


async def test_an_answer_that_is_not_read_does_not_keep_its_connection(server: Loopback) -> None:
    endpoint = chat(server, "compressed")

    with pytest.raises(EndpointError):
        await said(endpoint)

    with anyio.fail_after(10):
        await server.left.wait()
    await endpoint.aclose()


async def test_cancelling_the_question_closes_the_connection(server: Loopback) -> None:
    endpoint = chat(server, "never")

    with anyio.move_on_after(LIMIT):
        await said(endpoint)

    with anyio.fail_after(10):
        await server.left.wait()
    await endpoint.aclose()


async def test_nobody_listening_is_known_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    _, error = await failure(OpenAIChat(Endpoint(base_url=f"http://127.0.0.1:{port}", model="any"), PATIENT))

    assert (error.fault, str(error)) == ("unreachable", f"127.0.0.1:{port} refused the connection")


async def test_a_server_that_does_not_speak_tls_is_never_asked_without_it(server: Loopback) -> None:
    secure = OpenAIChat(Endpoint(base_url=server.url.replace("http:", "https:"), model="words"), PATIENT)

    _, error = await failure(secure)

    assert (error.fault, server.requests) == ("unreachable", [])
    assert "does not speak TLS as it should" in str(error)


def named(server: Loopback, look_up: LookUp, waits: Waits = PATIENT) -> OpenAIChat:
    endpoint = Endpoint(base_url=f"http://assistant.test:{server.port}", model="words")
    return OpenAIChat(endpoint, waits, Resolver(look_up))


async def test_a_name_is_looked_up_beside_the_threads_of_everybody_else(server: Loopback) -> None:
    endpoint = named(server, lambda host, port: ("127.0.0.1",))

    assert await said(endpoint) == "".join(WORDS)
    assert server.requests[0].headers["host"] == f"assistant.test:{server.port}"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]
    await endpoint.aclose()


async def test_an_address_that_is_dead_does_not_hide_one_that_lives(server: Loopback) -> None:
    endpoint = named(server, lambda host, port: ("127.0.0.2", "127.0.0.1"))

    assert await said(endpoint) == "".join(WORDS)
    await endpoint.aclose()


async def test_a_name_that_nobody_knows_is_said_to_be_one(server: Loopback) -> None:
    def look_up(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    _, error = await failure(named(server, look_up))

    assert error.fault == "unreachable"
    assert str(error).endswith("has a name that nobody knows (DNS)")


async def test_a_silent_name_server_costs_no_more_than_the_limit_for_a_connection(server: Loopback) -> None:
    speaks = threading.Event()

    def look_up(host: str, port: int) -> Sequence[str]:
        speaks.wait()
        return ("127.0.0.1",)

    _, error = await failure(named(server, look_up, replace(PATIENT, connect=LIMIT)))
    speaks.set()

    assert (error.fault, server.requests) == ("unreachable", [])
    assert str(error).endswith("did not accept a connection in time")


async def test_a_proxy_of_the_environment_is_used(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    endpoint = OpenAIChat(Endpoint(base_url="http://assistant.test/v1/", model="words"), PATIENT)

    assert await said(endpoint) == "".join(WORDS)
    assert server.requests[0].target == "http://assistant.test/v1/chat/completions"
    await endpoint.aclose()


async def test_a_proxy_that_cannot_be_used_is_one_sentence(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")

    _, error = await failure(chat(server, "words"))

    assert (error.fault, server.requests) == ("unreachable", [])
    assert "the proxy or certificate settings of the environment do not work" in str(error)


async def test_the_key_does_not_follow_a_redirect(server: Loopback) -> None:
    async with Loopback() as stranger:
        server.elsewhere = f"{stranger.url}/chat/completions"

        await failure(chat(server, "redirect"))

        assert (stranger.connections, stranger.requests) == (0, [])


@pytest.mark.parametrize("model", ["words", "no-key", "context-exceeded", "reset", "portal", "error-within"])
async def test_the_key_is_in_no_error_no_log_and_no_picture(
    server: Loopback, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint = chat(server, model)
    shown = [repr(endpoint)]

    try:
        shown.append(await said(endpoint))
    except EndpointError as error:
        shown += [str(error), repr(error), "".join(traceback.format_exception(error))]
    await endpoint.aclose()

    assert KEY in server.requests[0].headers["authorization"]
    assert not [text for text in (*shown, caplog.text) if KEY in text]


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        ("api.deepseek.com", KEY),
        ("ftp://api.deepseek.com", KEY),
        ("https://", KEY),
        ("http://[::1", KEY),
        ("https://me:sk-canary-7f3a9@api.deepseek.com", KEY),
        ("https://api.deepseek.com?key=sk-canary-7f3a9", KEY),
        ("https://api.deepseek.com:http", KEY),
        ("https://api.deepseek.com", "sk-\n7f3a9"),
        ("https://api.deepseek.com", "sk-schlüssel"),
    ],
)
def test_an_address_or_a_key_that_cannot_be_one_is_refused_at_the_start(base_url: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        OpenAIChat(Endpoint(base_url=base_url, model="any", api_key=SecretStr(key)))

    assert key not in str(caught.value)
