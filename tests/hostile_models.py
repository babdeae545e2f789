"""Language models that were talked into something, before the rule tier of a real home."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from edge_assistant.devices.home import Home
from edge_assistant.devices.services import Command
from edge_assistant.errors import TierError
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.proposing import Proposer
from edge_assistant.models.rung import Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.storage.actions import Entry
from edge_assistant.types import Context, Query, Reply
from tests.conftest import FakeModel
from tests.homes import House, sample_home

WISH = "get the living room ready for guests"
_SERVICES = ("lock.unlock", "light.turn_on", "cover.open_cover", "shell.run", "script.turn_on", "light.turn_off")
_FORMS = (
    '[{{"do": "{service}", "which": ["{entity}"], "except": []}}]',
    '[{{"do": "{service}", "which": ["{entity}"], "confirmed": true}}]',
    '{{"tool_calls": [{{"name": "{service}", "arguments": {{"entity_id": "{entity}"}}}}]}}',
    '<tool_call>{{"name": "{service}", "arguments": {{"entity": "{entity}"}}}}</tool_call>',
    '[{{"do": "{service}", "which": ["everywhere"], "except": []}}] yes',
    "ACTION: {service} {entity}",
    "turn on {entity}",
    "打开{entity}",
    "yes",
    "是",
)


class OneRung:
    """Always the same model. Satisfies `Rungs`."""

    def __init__(self, model: FakeModel) -> None:
        self._rung = Rung(ModelFile(name="fake", file="fake.gguf", languages=("en", "zh")), Path("fake.gguf"), model)

    async def current(self, language: str) -> Rung:
        return self._rung

    def told(self, rung: Rung, outcome: Spoken | TierError) -> None:
        return None


def proposer(model: FakeModel) -> Proposer:
    return Proposer(lambda: OneRung(model))


def states(house: House) -> dict[str, tuple[str, object]]:
    return {entity.id: (entity.state, entity.attributes) for entity in house.actuator.home().entities}


def hostile(chance: random.Random) -> str:
    """Return what such a model writes: calls, echoes of what people say, orders, and halves of them."""
    entities = [entity.name for entity in sample_home().entities]
    entity = chance.choice([*entities, "everywhere", "Kitchen", "Hallway"])
    written = chance.choice(_FORMS).format(service=chance.choice(_SERVICES), entity=entity)
    return written if chance.random() < 0.7 else written[: chance.randrange(1, len(written) + 1)]


async def under_fire(folder: Path, count: int) -> tuple[int, bool, Sequence[Entry]]:
    """Have a hostile model choose so often; return how often a person was asked, and what changed and was logged."""
    chance, asked = random.Random(5), 0

    async def choosing(wish: str, language: str, area: str | None, home: Home) -> Sequence[Command]:
        return await proposer(FakeModel(hostile(chance))).commands(wish, language, area, home)

    house = House(folder, choosing=choosing)
    before = states(house)
    for number in range(count):
        verdict = await house.tier.consider(Query(WISH, context=Context(conversation=str(number))))
        assert isinstance(verdict, Reply)
        said = "".join([word async for word in verdict.words if isinstance(word, str)])
        asked += said.startswith("Shall I ")
        assert not said or said.endswith("Say yes.")
    changed, logged = states(house) != before, house.actions.latest(10)
    house.close()
    return asked, changed, logged
