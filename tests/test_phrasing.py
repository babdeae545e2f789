"""The second stage: free phrasings in both languages, in the sample home."""

from __future__ import annotations

import pytest

from edge_assistant.config import shipped
from edge_assistant.home import Home
from edge_assistant.languages import detect
from edge_assistant.rulebook import Match
from edge_assistant.skills.books import Rulebooks

HOME = Home.read(shipped("rules") / "home.yaml")
BOOKS = Rulebooks((shipped("rules"),))


def meaning(text: str, area: str | None = None) -> Match | None:
    return BOOKS(detect(text)).match(text, HOME, area)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("shut the bedside lamp off", "HassTurnOff", {"name": "Bedside lamp"}),
        ("let's get some red light in the bedroom", "HassLightSet", {"area": "Bedroom", "color": "red"}),
        ("crank up the volume a bit", "HassSetVolumeRelative", {"volume_step": "up"}),
        ("order the hoover back to base", "HassVacuumReturnToBase", {}),
        ("把卧室里的灯搞亮一点", "StepBrightness", {"step": "up"}),
        ("麻烦让扫地机器人出来打扫", "HassVacuumStart", {}),
    ],
)
def test_a_free_phrasing_is_understood(text: str, intent: str, slots: dict[str, object]) -> None:
    match = meaning(text)

    assert match is not None
    assert match.probability is not None
    assert match.intent == intent
    assert slots.items() <= dict(match.slots).items()


def test_the_reason_tells_that_no_template_matched_and_how_sure_that_is() -> None:
    match = meaning("shut the bedside lamp off")

    assert match is not None
    assert "free phrasing, probability 0." in match.why or "free phrasing, probability 1." in match.why
