"""Another engine on this device or network: asked by its address, and started and watched where it is ours."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from edge_assistant.adapters.local_server import Served, ServedModel, described
from edge_assistant.adapters.openai_http import Waits
from edge_assistant.adapters.server_keeper import copy
from edge_assistant.assistant import Assistant
from edge_assistant.config import Config, LocalServer, shipped
from edge_assistant.errors import ConfigError, EndpointError, PromptTooLong, TierError
from edge_assistant.models.catalog import Catalog
from edge_assistant.operations.doctor import TRIALS
from edge_assistant.types import Limits, Message
from tests.homes import Clock
from tests.loopback import WORDS, Loopback

QUESTION = (Message("user", "Who are you?"),)
SERVER = Path(__file__).with_name("small_server.py")
SOON = Waits(first_word=0.3, gap=0.3, total=20)

pytestmark = pytest.mark.usefixtures("no_proxy")


async def said(model: ServedModel) -> str:
    async with aclosing(model.stream(QUESTION, Limits())) as words:
        return "".join([word async for word in words])


def process(answer: str) -> int:
    """Return the process that said that it is one."""
    found = re.search(r"\d+", answer)
    assert found is not None, answer
    return int(found[0])


def at(server: Loopback, model: str, tmp_path: Path, clock: Callable[[], float] = time.monotonic) -> ServedModel:
    return ServedModel(LocalServer(base_url=server.url, model=model), 4096, tmp_path / "log", SOON, clock)


@asynccontextmanager
async def ours(
    tmp_path: Path, *traits: str, starting: float = 50.0, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[ServedModel]:
    """A server of our own on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = (sys.executable, str(SERVER), str(port), *traits)
    server = LocalServer(base_url=f"http://127.0.0.1:{port}/v1", command=command, starting=starting)
    model = ServedModel(server, 4096, tmp_path / "logs" / "server.log", clock=clock)
    yield model
    await model.close()


def gone(pid: int) -> bool:
    """Return whether a process has ended, or ends within ten seconds."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(watched):
        return bool(select.select([watched], [], [], 10)[0])


async def test_a_server_that_runs_already_is_asked(server: Loopback, tmp_path: Path) -> None:
    model = at(server, "words", tmp_path)

    answer = await said(model)
    await model.close()

    assert answer == "".join(WORDS)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        ("never", "said nothing for 0.3 s"),
        ("cut", "closed the connection"),
        ("cut-unnoticed", "broke off before the end of its answer"),
        ("malformed-chunks", "sent 4 unreadable events"),
        ("garbage", "closed the connection"),
        ("portal", "answered with a web page"),
        ("trouble", "is in trouble (HTTP 500)"),
    ],
)
async def test_a_server_that_misbehaves_is_told_in_one_sentence(
    server: Loopback, tmp_path: Path, behaviour: str, told: str
) -> None:
    model = at(server, behaviour, tmp_path)

    with pytest.raises(EndpointError, match=re.escape(told)):
        await said(model)

    assert not model.loaded
    await model.close()


async def test_a_server_that_is_not_there_is_left_alone_for_a_while(tmp_path: Path) -> None:
    clock = Clock()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    model = ServedModel(LocalServer(base_url=f"http://127.0.0.1:{port}"), 4096, tmp_path / "log", SOON, clock)
    served = Served(model, described(LocalServer(), ()), 4096)

    with pytest.raises(TierError, match="refused the connection"):
        await said(model)
    with pytest.raises(TierError, match="not reachable 0 s ago"):
        await served.current("en")
    clock.now += 20

    assert (await served.current("en")).model is model
    await model.close()


async def test_a_prompt_that_the_server_cannot_hold_is_made_shorter(server: Loopback, tmp_path: Path) -> None:
    model = at(server, "context-exceeded", tmp_path)

    with pytest.raises(PromptTooLong):
        await said(model)

    await model.close()


@pytest.mark.parametrize("url", ["https://api.deepseek.com", "http://8.8.8.8:8080/v1", "http://nas:8080/v1"])
def test_an_address_of_the_internet_is_refused_with_the_way_out(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"device\.endpoint: only an address of this device.*cloud\.endpoints"):
        ServedModel(LocalServer(base_url=url), 4096, tmp_path / "log")


async def test_no_proxy_of_the_environment_hears_of_it(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Loopback() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        model = at(server, "words", tmp_path)

        answer = await said(model)
        await model.close()

        assert (answer, proxy.connections) == ("".join(WORDS), 0)


async def test_a_form_that_the_answer_shall_have_is_asked_for(server: Loopback, tmp_path: Path) -> None:
    model = at(server, "words", tmp_path)

    async with aclosing(model.stream(QUESTION, Limits(schema='{"type": "array"}'))) as words:
        assert [word async for word in words]
    await model.close()

    form = server.requests[0].json["response_format"]
    assert (form["type"], form["json_schema"]["schema"]) == ("json_schema", {"type": "array"})


async def test_our_server_is_started_at_the_first_question_and_ends_with_us(tmp_path: Path) -> None:
    async with ours(tmp_path, "late") as model:
        before = model.loaded
        first, second = await said(model), await said(model)

    assert (before, first) == (False, second)
    assert gone(process(first))


async def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    async with ours(tmp_path) as model:
        first = process(await said(model))
        os.kill(first, signal.SIGKILL)
        assert gone(first)

        with pytest.raises(EndpointError):
            await said(model)
        second = process(await said(model))

    assert second != first


async def test_a_server_that_keeps_dying_rests_in_between(tmp_path: Path) -> None:
    clock = Clock()
    async with ours(tmp_path, "dies", clock=clock) as model:
        for _ in range(2):
            with pytest.raises(EndpointError):
                await said(model)
        with pytest.raises(TierError, match="it ended 2 times and rests for 1 s"):
            await said(model)
        clock.now += 2
        with pytest.raises(EndpointError):
            await said(model)


async def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    async with ours(tmp_path, "ends") as model:
        with pytest.raises(TierError, match=r"ended with exit code 1; its last words are in .*server\.log"):
            await said(model)

    assert "no such model file" in (tmp_path / "logs" / "server.log").read_text(encoding="utf-8")


async def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    async with ours(tmp_path, "never", starting=0.2) as model:
        with pytest.raises(TierError, match=r"did not answer within 0\.2 s of its start and was stopped"):
            await said(model)


async def test_a_command_that_is_missing_is_told(tmp_path: Path) -> None:
    server = LocalServer(base_url="http://127.0.0.1:9/v1", command=("llama-serve-r", "-m", "x.gguf"))
    model = ServedModel(server, 4096, tmp_path / "log")

    with pytest.raises(TierError, match="there is no program llama-serve-r; install it"):
        await said(model)

    await model.close()


async def test_who_leaves_while_it_starts_leaves_no_process_behind(tmp_path: Path) -> None:
    async with ours(tmp_path, "never") as model:
        asking = asyncio.create_task(said(model))
        log = tmp_path / "logs" / "server.log"
        while not log.exists() or not log.stat().st_size:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        await model.close()

    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in left


async def test_the_server_sees_no_secrets_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_API_KEY", "s3cret")
    monkeypatch.setenv("CANARY_PATH", "/models")

    async with ours(tmp_path) as model:
        await said(model)

    log = (tmp_path / "logs" / "server.log").read_text(encoding="utf-8")
    assert "['CANARY_PATH']" in log


async def test_a_keeper_whose_owner_was_killed_ends_the_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(port), str(SERVER), str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert owner.stdout is not None
    server = process(owner.stdout.readline().decode())

    owner.kill()
    owner.wait()
    owner.stdout.close()

    assert gone(server)


_OWNER = """
import asyncio, sys
from pathlib import Path
from edge_assistant.adapters.local_server import ServedModel
from edge_assistant.config import LocalServer
from tests.test_local_server import said

async def main(port, script, log):
    server = LocalServer(base_url=f"http://127.0.0.1:{port}/v1", command=(sys.executable, script, port))
    print(await said(ServedModel(server, 4096, Path(log))), flush=True)
    await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_log_is_cut_before_it_grows_too_large(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    log = tmp_path / "server.log"
    for number in range(10):
        os.write(writing, f"{number}".encode() * 60)
    os.close(writing)

    with os.fdopen(reading, "rb") as lines:
        copy(lines, log, 400)

    kept = (tmp_path / "server.log.1").read_bytes() if (tmp_path / "server.log.1").exists() else b""
    assert len(log.read_bytes()) + len(kept) <= 400
    assert log.read_bytes().endswith(b"9" * 60)


async def test_a_question_is_answered_by_the_server_of_the_settings(server: Loopback, tmp_path: Path) -> None:
    endpoint = LocalServer(base_url=server.url, model="words", billions=7)
    config = Config.model_validate({"home": tmp_path, "tiers": ("device",), "device": {"endpoint": endpoint}})

    async with Assistant.open(config=config) as assistant:
        answer = await assistant.ask("Write a poem about a lamp.")

    assert (answer.text, answer.tier) == ("".join(WORDS), "device")
    assert answer.confidence == pytest.approx(0.7)


async def test_the_doctor_asks_the_server(server: Loopback, tmp_path: Path) -> None:
    endpoint = LocalServer(base_url=server.url, model="words")
    config = Config.model_validate({"home": tmp_path, "device": {"endpoint": endpoint}})

    async with Assistant.open(config=config) as assistant:
        told = await TRIALS["device"](assistant)

    assert told == f"words at 127.0.0.1:{server.port} said 'The red lamp is on.'"


async def test_an_address_of_the_internet_ends_the_question_with_the_way_out(tmp_path: Path) -> None:
    endpoint = LocalServer(base_url="https://api.deepseek.com")
    config = Config.model_validate({"home": tmp_path, "tiers": ("device",), "device": {"endpoint": endpoint}})

    async with Assistant.open(config=config) as assistant:
        with pytest.raises(ConfigError, match=r"cloud\.endpoints"):
            await assistant.ask("Who are you?")


def test_a_model_is_believed_as_far_as_known_ones_that_are_no_larger() -> None:
    known = tuple(Catalog.read((shipped("models") / "manifest.toml",)))

    large = described(LocalServer(model="Qwen/Qwen2.5:7B", billions=7), known)
    unknown = described(LocalServer(), known)

    assert (large.name, large.right.grounded) == ("Qwen-Qwen2.5-7B", 0.62)
    assert unknown.right.grounded == 0.44
