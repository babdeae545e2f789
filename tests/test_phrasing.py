"""The second stage: free phrasings in both languages, in the sample home."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant import calibration
from edge_assistant.calibration import Table
from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.languages import detect
from edge_assistant.phrasing.examples import Examples
from edge_assistant.phrasing.model import shipped as shipped_model
from edge_assistant.phrasing.stage import ACTING, ASKING, Phrasing
from edge_assistant.rules.rulebook import Match, Rulebook
from edge_assistant.skills import CHECKS
from edge_assistant.skills.books import Rulebooks
from tests.homes import House

HOME = Home.read(shipped("rules") / "home.yaml")
BOOKS = Rulebooks((shipped("rules"),))


def meaning(text: str, area: str | None = None) -> Match | None:
    return BOOKS(detect(text)).match(text, HOME, area)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("shut the bedside lamp off", "HassTurnOff", {"name": "Bedside lamp"}),
        ("let's get some red light in the bedroom", "HassLightSet", {"area": "Bedroom", "color": "red"}),
        ("would you mind dimming the bedside lamp", "StepBrightness", {"name": "Bedside lamp", "step": "down"}),
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


@pytest.mark.parametrize(
    ("text", "name"),
    [("switch the bedsde lamp off for me", "Bedside lamp"), ("lamp on the floor off", "Floor lamp")],
)
def test_a_device_is_known_by_part_of_its_name_and_in_spite_of_a_slip(text: str, name: str) -> None:
    match = meaning(text)

    assert match is not None
    assert match.slots["name"] == name


@pytest.mark.parametrize(
    "text",
    [
        "book me a table for two",
        "play something by an old jazz band",
        "dim the screen of my phone",
        "what a bright idea",
        "set the mood board to blue",
        "put the blinds up in the observatory",
        "给我讲个关于台灯的故事",
        "帮我订一张去北京的票",
        "打开微信",
        "把心态调亮一点",
    ],
)
def test_what_is_no_request_to_this_home_means_nothing(text: str) -> None:
    match = meaning(text)

    assert match is None or match.probability is None


def test_a_vague_request_means_the_room_it_is_said_in_else_asks_which() -> None:
    here, nowhere = meaning("let the lights be green", "Kitchen"), meaning("let the lights be green")

    assert here is not None
    assert nowhere is not None
    assert (here.slots["area"], here.asks) == ("Kitchen", "")
    assert nowhere.asks == "which_room"


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("anything open in the kitchen? any door", None),
        ("are any doors open around the world", None),
        ("卧室的灯还亮没亮着呢", {"state": "on"}),
    ],
)
def test_a_question_is_answered_only_when_all_its_words_are_understood(
    text: str, slots: dict[str, object] | None
) -> None:
    match = meaning(text)

    assert (match is None) if slots is None else (match is not None and slots.items() <= dict(match.slots).items())


async def test_a_request_that_is_only_likely_is_asked_back_and_a_yes_does_it(tmp_path: Path) -> None:
    sure = meaning("shut the bedside lamp off")
    assert sure is not None
    likely = Always(replace(sure, intent="HassTurnOn", asks="confirm", probability=0.55))
    house = House(tmp_path, rules=OneBook(Rulebook(BOOKS("en").rules, CHECKS, second=likely)))

    asked = await house.hear("bedside lamp it would be")
    before = house.state("light.bedside")
    told = await house.hear("yes")
    after = house.state("light.bedside")
    house.close()

    assert asked == "Turn on the bedside lamp? Say yes to confirm."
    assert (before, after) == ("off", "on")
    assert told == "Turned on the bedside lamp."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_table_was_trained_on_the_shipped_examples(language: str) -> None:
    examples = Examples(shipped("rules") / language / "examples", language)
    model = shipped_model(language)

    assert model is not None
    assert set(model.classes) == set(examples.acts)
    assert list(model.lexicon) == examples.lexicon()
    assert (list(model.questions), sorted(model.fillers)) == examples.asking()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_how_sure_the_stage_is_was_fitted_on_rows_that_are_counted(language: str) -> None:
    table = calibration.shipped("phrasing", f"certainty.{language}")

    sure = [table.probability({"logit": logit}) for logit in (-1.0, 0.0, 2.0, 5.0)]

    assert sure == sorted(sure)
    assert {"rows", "right", "error, each row unseen", "data"} <= table.origin.keys()


def test_a_request_below_the_threshold_is_asked_back_and_far_below_left_alone() -> None:
    def told(probability: float) -> Match | None:
        odds = math.log(probability / (1 - probability))
        stage = Phrasing("en", certainty=lambda _: Table(odds, {"logit": 0.0}, {}))
        return stage.match("shut the bedside lamp off", HOME)

    sure, likely, doubtful = told(ACTING + 0.01), told(ASKING + 0.01), told(ASKING - 0.01)

    assert sure is not None
    assert likely is not None
    assert (sure.asks, likely.asks, doubtful) == ("", "confirm", None)


class Always:
    """A second stage that has one answer."""

    def __init__(self, match: Match) -> None:
        self._match = match

    def match(self, request: str, home: Home, area: str | None = None) -> Match | None:
        return self._match if request.startswith("bedside") else None

    def ask(self, question: str, home: Home) -> Match | None:
        return None


class OneBook(Rulebooks):
    """The same rules for every language."""

    def __init__(self, book: Rulebook) -> None:
        super().__init__(())
        self._book = book

    def __call__(self, language: str) -> Rulebook:
        return self._book
