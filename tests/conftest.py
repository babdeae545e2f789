"""Fakes that honour the same protocols as the real things."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from edge_assistant.errors import TierError
from edge_assistant.types import Declined, Limits, Message, Passage, Query, Reply, TierName


class FakeModel:
    """Says what it was given, remembers what it was told, and can break midway."""

    def __init__(self, *words: str, breaks: bool = False) -> None:
        self.words = words
        self.breaks = breaks
        self.heard: list[Sequence[Message]] = []
        self.closed = False

    async def stream(self, messages: Sequence[Message], limits: Limits) -> AsyncGenerator[str]:
        self.heard.append(messages)
        try:
            for word in self.words:
                yield word
            if self.breaks:
                raise TierError("the line went dead")
        finally:
            self.closed = True


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


@pytest.fixture
def passage() -> Passage:
    return Passage("Hold the red button for five seconds.", "heating.md#reset", 0.6)
