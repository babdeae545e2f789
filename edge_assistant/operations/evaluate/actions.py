"""What the rule tier would have a device do: the service and the entity, told in the words of the set."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.errors import InputError
from edge_assistant.languages import supported
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.rooms import open_rulebooks
from edge_assistant.rules.rulebook import Match, Rulebook
from edge_assistant.skills.targets import INTENTS, command, targets

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

_KINDS: Final[Mapping[str, tuple[str, str]]] = {"blinds": ("cover", "blind"), "garage_door": ("cover", "garage")}
"""Domains that the sets call otherwise than the rules: the domain and the device class there."""
_NOTHING: Final[Mapping[str, object]] = {"service": None, "target": None}


class Actions:
    """Satisfies `Predictor`."""

    def __init__(self, rulebook: Callable[[str], Rulebook]) -> None:
        self._rulebook = rulebook
        self._home = Home()

    async def prepare(self, row: Row) -> None:
        """Build the home of the row, whose ids number the entities on offer, and let the rules learn its names."""
        offers = [_entity(row["id"], number, offer) for number, offer in enumerate(row["entities"])]
        self._home = Home.from_mapping({"entities": offers})
        self._rulebook(supported(row["language"])).match(row["text"], self._home)

    async def predict(self, row: Row) -> Prediction:
        match = self._rulebook(supported(row["language"])).match(row["text"], self._home)
        if match is None or match.asks or match.intent not in INTENTS:
            return {**_NOTHING}
        meant = targets(match, self._home, None)
        if len(meant) != 1:
            return {**_NOTHING}
        offered = str(row["entities"][int(meant[0].id.partition(".")[2])]["id"])
        return {"service": f"{offered.partition('.')[0]}.{_verb(match, meant[0])}", "target": offered}


def _entity(row: str, number: int, offer: object) -> Mapping[str, Any]:
    if not isinstance(offer, Mapping) or not all(isinstance(offer.get(name), str) for name in ("id", "name")):
        raise InputError(f"row {row!r}: an entity on offer has an id and a name")
    domain = offer["id"].partition(".")[0]
    kind, device_class = _KINDS.get(domain, (domain, None))
    return {"id": f"{kind}.{number}", "name": offer["name"], "domain": kind, "device_class": device_class}


def _verb(match: Match, entity: Entity) -> str:
    """Return what the entity is asked to do; the sets know a step of the volume by its direction only."""
    if match.intent == "HassToggle":
        return "toggle"
    if match.intent == "HassSetVolumeRelative":
        step = match.slots["volume_step"]
        return "volume_down" if step == "down" or (isinstance(step, int | float) and step < 0) else "volume_up"
    return command(match, entity).service.partition(".")[2]


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Actions]:
    """Open the task with the rules of the settings."""
    yield Actions(open_rulebooks(evaluation.config))
