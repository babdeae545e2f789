"""What the rule tier would have a device do: its intents, told as the services of a home."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.home import Home
from edge_assistant.languages import supported
from edge_assistant.operations.evaluate import rooms
from edge_assistant.operations.evaluate.commands import understood
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.rulebook import Rulebook
from edge_assistant.types import Slot

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

_KINDS: Final[Mapping[str, tuple[str, str]]] = {"blinds": ("cover", "blind"), "garage_door": ("cover", "garage")}
"""Domains that the sets call otherwise than the rules: the domain and the device class there."""
_SERVICES: Final[Mapping[str, Mapping[str, str]]] = {
    "HassTurnOn": {"": "turn_on", "cover": "open_cover", "valve": "open_valve", "lock": "lock", "vacuum": "start"},
    "HassTurnOff": {
        "": "turn_off",
        "cover": "close_cover",
        "valve": "close_valve",
        "lock": "unlock",
        "vacuum": "return_to_base",
    },
    "HassToggle": {"": "toggle"},
    "HassOpenCover": {"": "open_cover"},
    "HassCloseCover": {"": "close_cover"},
    "HassStopMoving": {"": "stop_cover"},
    "HassSetPosition": {"": "set_cover_position"},
    "HassLightSet": {"": "turn_on"},
    "HassFanSetSpeed": {"": "set_percentage"},
    "HassClimateSetTemperature": {"": "set_temperature"},
    "HassMediaPause": {"": "media_pause"},
    "HassMediaUnpause": {"": "media_play"},
    "HassMediaNext": {"": "media_next_track"},
    "HassMediaPrevious": {"": "media_previous_track"},
    "HassMediaPlayerMute": {"": "volume_mute"},
    "HassSetVolume": {"": "volume_set"},
    "HassVacuumStart": {"": "start"},
    "HassVacuumReturnToBase": {"": "return_to_base"},
}
"""The service of an intent, per domain; under the empty name, that of all others."""
_ALONE: Final[Mapping[str, str]] = {
    "HassMedia": "media_player",
    "HassSetVolume": "media_player",
    "HassVacuum": "vacuum",
}
"""Intents that need no name where there is only one device of their domain."""


class Actions:
    """Satisfies `Predictor`."""

    def __init__(self, rulebook: Callable[[str], Rulebook]) -> None:
        self._rulebook = rulebook
        self._home = Home()

    async def prepare(self, row: Row) -> None:
        """Build the home of the row, whose ids number the entities on offer, and let the rules learn its names."""
        self._home = Home.from_mapping({"entities": [_entity(n, offer) for n, offer in enumerate(row["entities"])]})
        self._rulebook(supported(row["language"])).match(row["text"], self._home)

    async def predict(self, row: Row) -> Prediction:
        found = understood(self._rulebook(supported(row["language"])), row, self._home)
        target = self._target(found["intent"], found["slots"]) if found["intent"] else None
        if target is None:
            return {"service": None, "target": None}
        domain, _, number = target.partition(".")
        verb = _verb(found["intent"], domain, found["slots"])
        offered = str(row["entities"][int(number)]["id"])
        return {"service": verb and f"{offered.partition('.')[0]}.{verb}", "target": verb and offered}

    def _target(self, intent: str, slots: Mapping[str, Slot]) -> str | None:
        """Return the one entity that is meant, if it is one."""
        name = slots.get("name")
        alone = next((domain for start, domain in _ALONE.items() if intent.startswith(start)), None)
        if name is None and alone is None:
            return None
        domains = [alone] if name is None and alone else [str(slots["domain"])] if "domain" in slots else []
        found = self._home.find(name=None if name is None else str(name), domains=domains)
        return found[0].id if len(found) == 1 else None


def _entity(number: int, offer: Mapping[str, Any]) -> Mapping[str, Any]:
    domain = str(offer["id"]).partition(".")[0]
    kind, device_class = _KINDS.get(domain, (domain, None))
    return {"id": f"{kind}.{number}", "name": offer["name"], "domain": kind, "device_class": device_class}


def _verb(intent: str, domain: str, slots: Mapping[str, Slot]) -> str | None:
    if intent == "HassSetVolumeRelative":
        step = slots.get("volume_step")
        return "volume_down" if step == "down" or (isinstance(step, int | float) and step < 0) else "volume_up"
    services = _SERVICES.get(intent, {})
    return services.get(domain, services.get(""))


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Actions]:
    """Open the task with the rules of the settings."""
    yield Actions(rooms.rulebook(evaluation.config))
