"""Fakes that honour the same protocols as the real things."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_assistant.config import Config
from edge_assistant.errors import TierError
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.choice import named
from edge_assistant.models.spoken import Spoken
from edge_assistant.rooms import open_library
from edge_assistant.storage.database import Database
from edge_assistant.types import Declined, Limits, Message, Passage, Query, Reply, TierName
from tests.loopback import Loopback

if TYPE_CHECKING:
    from tests.brokers import Mosquitto


class FakeModel:
    """Says what it was given, remembers what it was told, and can break midway."""

    def __init__(self, *words: str, breaks: bool = False, spoken: Spoken | None = None) -> None:
        self.words = words
        self.spoken = spoken or Spoken(1, 0, len(words), "stop", 0.1, 0.1 * len(words))
        self.breaks = breaks
        self.heard: list[Sequence[Message]] = []
        self.limits: list[Limits] = []
        self.closed = False

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        self.heard.append(messages)
        self.limits.append(limits)
        try:
            for word in self.words:
                yield word
            if self.breaks:
                raise TierError("the line went dead")
            told(self.spoken)
        finally:
            self.closed = True

    async def count(self, messages: Sequence[Message]) -> int:
        """Count words, and three tokens around each message."""
        return sum(3 + len(message.text.split()) for message in messages)


class FakeTier:
    """A tier with its mind made up."""

    def __init__(self, name: TierName, verdict: Reply | Declined | TierError, leaves_device: bool = False) -> None:
        self.name: TierName = name
        self.leaves_device = leaves_device
        self.verdict = verdict
        self.seen: list[Query] = []

    async def consider(self, query: Query) -> Reply | Declined:
        self.seen.append(query)
        if isinstance(self.verdict, TierError):
            raise self.verdict
        return self.verdict


async def saying(*words: str, breaks: bool = False) -> AsyncGenerator[str]:
    async for word in FakeModel(*words, breaks=breaks).stream((), Limits()):
        yield word


def reply(*words: str, confidence: float = 1.0, breaks: bool = False, owns: bool = False) -> Reply:
    return Reply(saying(*words, breaks=breaks), "it can", confidence, owns=owns)


def replying(
    name: TierName, *words: str, confidence: float = 1.0, breaks: bool = False, leaves_device: bool = False
) -> FakeTier:
    return FakeTier(name, reply(*words, confidence=confidence, breaks=breaks), leaves_device)


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose starter knowledge is indexed: made once, never changed."""
    home = tmp_path_factory.mktemp("indexed") / "home"
    database = Database(home / "assistant.db")
    open_library(Config(home=home), database).settle()
    database.close()
    return home


@pytest.fixture
def home(indexed: Path, tmp_path: Path) -> Path:
    """A home of one's own, with the starter knowledge in it."""
    return Path(shutil.copytree(indexed, tmp_path / "home"))


@pytest.fixture(scope="session")
def weights() -> Callable[[str], Path]:
    """Find the file of a real model; where it is missing, the test says so."""

    def find(name: str) -> Path:
        given = os.environ.get("EDGE_ASSISTANT_TEST_MODELS")
        folder = Path(given) if given else Config.read().home / "models"
        model, path = Catalog.usual(folder.parent).find(named(name), folder)
        if model.flaw(path) is not None:
            pytest.skip(f"not run: {name} does not lie in {folder}: edge-assistant models pull {name}")
        return path

    return find


@pytest.fixture
def home_with_model(home: Path, weights: Callable[[str], Path]) -> Path:
    """A home with the default model in it."""
    file = weights(Config.read().device.model)
    (home / "models").mkdir()
    (home / "models" / file.name).symlink_to(file)
    return home


@pytest.fixture
def passage() -> Passage:
    return Passage("Hold the red button for five seconds.", "heating.md#reset", 0.6)


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach loopback servers directly, whatever the machine says."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def server(no_proxy: None) -> AsyncIterator[Loopback]:
    """A scripted OpenAI-compatible server."""
    async with Loopback() as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    from tests.brokers import Mosquitto

    broker = Mosquitto(tmp_path)
    yield broker
    broker.kill()
