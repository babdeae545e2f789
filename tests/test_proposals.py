"""A model may choose what a wish means; a person says yes to it, and only that acts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_assistant.assistant import Assistant
from edge_assistant.config import Config
from edge_assistant.devices.home import Home
from edge_assistant.devices.offers import Offers
from edge_assistant.devices.services import Command
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.proposing import Proposer, messages
from edge_assistant.models.rung import Pinned, Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.skills.wishes import is_wish
from edge_assistant.types import Context, Declined, Query, Reply
from tests.conftest import FakeModel
from tests.homes import House, sample_home
from tests.hostile_models import WISH, proposer, states, under_fire

LIGHTS_OUT = '[{"do": "light.turn_off", "which": ["everywhere"], "except": ["Kitchen"]}]'
COSY = '[{"do": "light.turn_on", "which": ["Floor lamp"], "except": [], "brightness": 30}]'


@pytest.fixture
def house_of(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def build(written: str, propose: str = "confirm") -> House:
        choosing = proposer(FakeModel(written)).commands
        houses.append(House(tmp_path, choosing=choosing, propose=propose))  # type: ignore[arg-type]
        return houses[-1]

    yield build
    for house in houses:
        house.close()


async def test_what_a_model_chose_is_asked_in_our_words_and_done_on_yes(house_of: Callable[..., House]) -> None:
    house = house_of(LIGHTS_OUT)

    await house.hear("turn on the desk lamp")
    asked, none = await house.receipts("all lights off except the kitchen")
    between = house.state("light.office")
    said, actions = await house.receipts("yes")

    assert asked == "Shall I turn off the living room light and the desk lamp? Say yes."
    assert (list(none), between) == ([], "on")
    assert said == "Turned off the living room light and the desk lamp."
    assert {(a.action, a.target, a.status) for a in actions} == {
        ("light.turn_off", "light.living_room", "done"),
        ("light.turn_off", "light.office", "done"),
    }


async def test_a_value_is_part_of_the_question(house_of: Callable[..., House]) -> None:
    house = house_of('[{"do": "climate.set_temperature", "which": ["空调"], "except": [], "temperature": 24}]')

    asked = await house.hear("让家里暖和一点", "zh")
    said = await house.hear("是", "zh")

    assert asked == "要不要把空调设为24度？请说“是”。"
    assert "空调" in said
    entity = house.actuator.home().entity("climate.thermostat")
    assert entity is not None
    assert entity.attributes["temperature"] == 24


@pytest.mark.parametrize("answer", ["no", "what time is it", "maybe later"])
async def test_anything_but_a_yes_leaves_everything_as_it_is(house_of: Callable[..., House], answer: str) -> None:
    house = house_of(COSY)
    before = states(house)

    await house.hear(WISH)
    await house.hear(answer)
    late = await house.hear("yes")

    assert states(house) == before
    assert late.startswith("declined: ")


async def test_a_yes_in_another_conversation_confirms_nothing(house_of: Callable[..., House]) -> None:
    house = house_of(COSY)
    before = states(house)

    await house.hear(WISH, context=Context(conversation="one"))
    await house.hear("yes", context=Context(conversation="two"))

    assert states(house) == before


async def test_a_yes_that_comes_too_late_confirms_nothing(house_of: Callable[..., House]) -> None:
    house = house_of(COSY)
    before = states(house)

    await house.hear(WISH)
    house.clock.now += 31
    await house.hear("yes")

    assert states(house) == before


async def test_where_the_owner_allows_it_what_is_harmless_is_done_at_once(house_of: Callable[..., House]) -> None:
    house = house_of(COSY, "low-risk")

    said, actions = await house.receipts(WISH)

    assert said == "Done: the floor lamp."
    assert [(action.target, action.status) for action in actions] == [("light.floor_lamp", "done")]


async def test_more_than_harmless_is_asked_even_where_the_owner_allows_the_rest(house_of: Callable[..., House]) -> None:
    closing = '{"do": "cover.close_cover", "which": ["Living room curtains"], "except": []}'
    house = house_of(f"[{closing}, {COSY[1:]}", "low-risk")
    before = states(house)

    said = await house.hear(WISH)

    assert said == ("Shall I close the living room curtains and set the floor lamp to 30 percent? Say yes.")
    assert states(house) == before


async def test_a_rule_that_matches_never_asks_a_model(house_of: Callable[..., House]) -> None:
    house = house_of(LIGHTS_OUT)

    said = await house.hear("turn on the kitchen light")

    assert said == "Turned on the kitchen light."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("why is it so dark in here?", "en"),
        ("what happens if I turn everything off", "en"),
        ("do not make it dark in here", "en"),
        ("turn everything off when I leave", "en"),
        ("get the house ready for bed tomorrow", "en"),
        ("call my mother", "en"),
        ("tell me a story about a lamp", "en"),
        ("the living room is bright", "en"),
        ("客厅怎么这么暗", "zh"),
        ("别把这里弄得太亮", "zh"),
        ("明天把家里打扫干净", "zh"),
        ("给妈妈打电话", "zh"),
        ("写一首关于灯的诗", "zh"),
    ],
)
def test_what_is_no_wish_for_now_is_put_to_no_model(text: str, language: str) -> None:
    assert not is_wish(text, language, sample_home())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (WISH, "en"),
        ("all lights off except the kitchen", "en"),
        ("get the bedroom ready for sleep", "en"),
        ("把这里弄得温馨一点", "zh"),
        ("除了厨房，灯全部关掉", "zh"),
        ("让卧室进点阳光", "zh"),
    ],
)
def test_a_wish_is_put_to_a_model(text: str, language: str) -> None:
    assert is_wish(text, language, sample_home())


async def test_where_a_model_knows_nothing_the_draft_stands_as_before(house_of: Callable[..., House]) -> None:
    house = house_of("[]")

    verdict = await house.tier.consider(Query("turn the kitchen upside down"))
    assert isinstance(verdict, Reply)
    words = [word async for word in verdict.words]

    assert len(words) == 1
    assert isinstance(words[0], Declined)
    assert words[0].reason == "no rule matches, and the model knows nothing to do about it"
    assert words[0].draft is not None
    await words[0].draft.words.aclose()


async def test_a_model_that_fails_leaves_the_draft(tmp_path: Path) -> None:
    house = House(tmp_path, choosing=proposer(FakeModel("[", breaks=True)).commands)

    verdict = await house.tier.consider(Query(WISH))
    assert isinstance(verdict, Reply)
    (word,) = [word async for word in verdict.words]
    house.close()

    assert isinstance(word, Declined)
    assert "the line went dead" in word.reason


def test_what_opens_a_door_is_not_on_offer() -> None:
    offered = {(offer.service, entity.id) for offer in Offers(sample_home(), "en") for entity in offer.entities}

    assert ("lock.lock", "lock.front_door") in offered
    assert not {pair for pair in offered if pair[0] == "lock.unlock"}
    assert {service for service, entity in offered if entity == "cover.garage_door"} == {"cover.stop_cover"}


@pytest.mark.parametrize(
    "written",
    [
        '[{"do": "lock.unlock", "which": ["Front door"]}]',
        '[{"do": "cover.open_cover", "which": ["Garage door"]}]',
        '[{"do": "light.turn_on", "which": ["light.cellar"]}]',
        '[{"do": "light.turn_on", "which": ["Front door"]}]',
        '[{"do": "light.turn_on", "which": ["everywhere"], "brightness": 400}]',
        '[{"do": "light.turn_on", "which": ["everywhere"], "brightness": true}]',
        '[{"do": "light.turn_on", "which": ["everywhere"], "effect": "strobe"}]',
        '[{"do": "shell.run", "which": ["everywhere"]}]',
        '[{"do": "light.turn_on", "which": "everywhere"}]',
        '[{"do": "light.turn_on"}]',
        '[{"do": "light.turn_on", "which": ["Desk lamp"]}, {"do": "light.turn_off", "which": ["Desk lamp"]}]',
        '{"do": "light.turn_on", "which": ["everywhere"]}',
        "yes",
        "[" * 100_000,
    ],
)
def test_what_is_not_on_offer_is_refused_as_a_whole(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Offers(sample_home(), "en").chosen(written)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_model_is_shown_is_something_that_it_may_write(language: str) -> None:
    lamps = {"entities": [{"domain": "light", "name": "Star"}, {"domain": "light", "name": "Moon"}]}

    for home in (sample_home(), Home.from_mapping(lamps)):
        offers = Offers(home, language)
        told = messages("", language, None, offers)
        chosen = [offers.chosen(message.text) for message in told if message.role == "assistant"]

        assert [bool(commands) for commands in chosen] == [True, True, False]


def test_a_floor_is_a_place() -> None:
    found = Offers(sample_home(), "en").chosen('[{"do": "light.turn_off", "which": ["Upper floor"]}]')

    assert {command.entity for command in found} == {
        *("light.bedroom", "light.bedside", "light.office", "light.bathroom"),
    }


def test_the_form_names_exactly_what_is_in_the_home() -> None:
    home = Home.from_mapping({"areas": [{"name": "Attic"}], "entities": [
        {"domain": "light", "name": "Star", "area": "attic"}, {"domain": "light", "name": "Moon", "area": "attic"},
    ]})  # fmt: skip

    forms = json.loads(Offers(home, "en").schema())["items"]["anyOf"]

    assert {form["properties"]["do"]["enum"][0] for form in forms} == {"light.turn_on", "light.turn_off"}
    assert {tuple(form["properties"]["which"]["items"]["enum"]) for form in forms} == {
        ("everywhere", "Attic", "Star", "Moon")
    }


async def test_everything_that_one_device_is_told_is_in_the_question(house_of: Callable[..., House]) -> None:
    lamp = '"which": ["Floor lamp"], "except": []'
    orders = [f'{{"do": "light.turn_on", {lamp}{value}}}' for value in ("", ', "brightness": 30', ', "color": "red"')]
    house = house_of(f"[{', '.join(orders)}]")

    asked = await house.hear(WISH)
    _, actions = await house.receipts("yes")

    assert asked == "Shall I set the floor lamp to 30 percent and turn the floor lamp red? Say yes."
    assert [dict(action.slots) for action in actions] == [{"brightness": 30, "color": "red"}]


async def test_what_the_form_forced_upon_a_model_is_not_what_it_meant() -> None:
    meant, forced = (
        FakeModel(LIGHTS_OUT, spoken=Spoken(1, 0, 2, "stop", 0.1, 0.1, (-0.2, worst))) for worst in (-1.5, -7.0)
    )

    found = await proposer(meant).commands(WISH, "en", None, sample_home())
    nothing = await proposer(forced).commands(WISH, "en", None, sample_home())

    assert (len(found), nothing) == (8, ())


async def test_the_model_sees_the_home_and_the_wish_and_no_document(house_of: Callable[..., House]) -> None:
    model = FakeModel(LIGHTS_OUT)

    found = await proposer(model).commands(WISH, "en", "bedroom", sample_home())

    assert Command("light.turn_off", "light.living_room", {}) in found
    assert not [command for command in found if command.entity.startswith("light.kitchen")]
    assert model.heard[0] == messages(WISH, "en", sample_home().area("bedroom"), Offers(sample_home(), "en"))
    assert model.heard[0][-1].text == f"The speaker is in: Bedroom. Wish: {WISH}"
    assert json.loads(model.limits[0].schema)["type"] == "array"


async def test_hostile_outputs_do_nothing_without_a_yes(tmp_path: Path) -> None:
    asked, changed, logged = await under_fire(tmp_path, 150)

    assert not changed
    assert logged == []
    assert 0 < asked < 100


async def test_no_model_is_asked_unless_the_owner_wants_it(home: Path) -> None:
    config = Config.model_validate({"home": home, "tiers": ("rules", "device")})

    async with Assistant.open(config=config) as assistant:
        answer = await assistant.ask(WISH)

    assert "no rule matches" in answer.trace[0].reason
    assert "model" not in answer.trace[0].reason


@pytest.mark.model
async def test_a_real_model_is_held_to_what_is_on_offer(weights: Callable[[str], Path]) -> None:
    from edge_assistant.adapters.llama import LlamaModel

    file = weights("qwen2.5-coder-0.5b")
    model = LlamaModel(file)
    described = ModelFile(name="qwen", file=file.name, languages=("en", "zh"))
    proposer = Proposer(lambda: Pinned(Rung(described, file, model)))

    found = await proposer.commands("turn off every light but the kitchen ones", "en", None, sample_home())
    await model.close()

    offered = {(offer.service, entity.id) for offer in Offers(sample_home(), "en") for entity in offer.entities}
    assert found
    assert {(command.service, command.entity) for command in found} <= offered
