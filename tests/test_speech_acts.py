"""Only a plain request ever moves a device: what people ask, report, wish, quote or put off does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.types import Action, Query, Reply
from tests.homes import House

TALK = Path(__file__).parent / "talk"


def sentences(language: str) -> list[str]:
    lines = (TALK / f"{language}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


async def done(house: House, text: str, language: str) -> list[Action]:
    reply = await house.tier.consider(Query(text, language))
    return [said async for said in reply.words if isinstance(said, Action)] if isinstance(reply, Reply) else []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_nothing_is_done_by_talk(tmp_path: Path, language: str) -> None:
    house = House(tmp_path)

    moved = {text: actions for text in sentences(language) if (actions := await done(house, text, language))}
    house.close()

    assert len(sentences(language)) >= 150
    assert moved == {}
