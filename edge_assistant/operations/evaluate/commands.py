"""What the rule tier understands: the intent and slots of a sentence in its home; nothing is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from edge_assistant.devices.home import Home
from edge_assistant.errors import InputError
from edge_assistant.languages import supported
from edge_assistant.operations.evaluate.gold import Row, home_key
from edge_assistant.rooms import open_rulebooks
from edge_assistant.rules.rulebook import Match, Rulebook

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

ANY_ROOM: Final = "__context_area__"
"""Where a labelled sentence needs a speaker in some room, but does not care in which."""

_KNOWN_AS: Final[Mapping[str, str]] = {
    "Goodbye": "HassRespond",
    "Greet": "HassRespond",
    "Help": "HassRespond",
    "HowAreYou": "HassRespond",
    "StepBrightness": "HassLightSet",
    "Stop": "HassNevermind",
    "Thank": "HassRespond",
    "WhatIsOn": "HassGetState",
    "WhoAreYou": "HassRespond",
}
"""Intents of our rules that mean what the sets know by another name."""
_KNOWN_IN: Final[Mapping[str, Mapping[str, str]]] = {"zh": {"Goodbye": "HassNevermind"}}
"""The same, where the sets of one language differ."""
_UNKNOWN_THERE: Final = (
    frozenset(("Arithmetic", "ConvertUnit", "ConvertMoney", "DayOf", "DaysBetween", "DaysUntil", "LeapYear"))
    | frozenset(("WeekNumber", "TimeIn", "TimeDifference", "FlipCoin", "RollDice", "RandomNumber", "PickOne"))
    | frozenset(("Shuffle", "YesOrNo", "SetAlarm", "ListAlarms", "CancelAlarm", "CancelAllAlarms", "SetReminder"))
    | frozenset(("ListReminders", "CancelReminder", "CancelAllReminders", "ReadList", "ListLists", "ClearList"))
)
"""The sets have no label for these abilities: what they answer takes no device request wrongly, and counts as not
fired."""


class Homes:
    """The homes of a set, each built once."""

    def __init__(self, mappings: Mapping[str, Row], *, single: bool = False) -> None:
        self._mappings = mappings
        self._single = single
        self._built: dict[str, Home] = {}

    def of(self, row: Row) -> Home:
        """Return the home that a row is about; an empty one where it is about none."""
        key = home_key(row, single=self._single)
        if key is None:
            return Home()
        if key not in self._built:
            self._built[key] = built(f"the home {key!r}", self._mappings[key])
        return self._built[key]


def built(what: str, mapping: Row) -> Home:
    """Return a home made of plain lists. Raises `InputError`, which names `what` was handed in."""
    try:
        return Home.from_mapping(mapping)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{what} is not made of areas, floors and entities with a name and a domain") from error


class Commands:
    """Satisfies `Predictor`; serves the tasks commands and routing."""

    def __init__(self, rulebook: Callable[[str], Rulebook], homes: Homes) -> None:
        self._rulebook = rulebook
        self._homes = homes
        self._ready: tuple[str, Home] | None = None

    async def prepare(self, row: Row) -> None:
        """Let the rules learn the names of a home that they have not just seen."""
        home, language = self._homes.of(row), supported(row["language"])
        if self._ready != (language, home):
            self._rulebook(language).match(row["text"], home)
            self._ready = language, home

    async def predict(self, row: Row) -> Prediction:
        home = self._homes.of(row)
        return frame(self._rulebook(supported(row["language"])).match(row["text"], home, speaker_area(row, home)))


def frame(match: Match | None) -> Prediction:
    """Return the intent and slots of a match, also where it asks back; no intent where no rule fires."""
    if match is None or match.intent in _UNKNOWN_THERE:
        return {"intent": None, "slots": {}}
    intent = match.about or match.intent
    known = {**_KNOWN_AS, **_KNOWN_IN.get(match.language, {})}
    return {"intent": known.get(intent, intent), "slots": dict(match.slots)}


def speaker_area(row: Row, home: Home) -> str | None:
    """Return the room of the speaker, if the row has one."""
    area = (row.get("context") or {}).get("area")
    if area != ANY_ROOM:
        return str(area) if area else None
    return home.areas[0].name if home.areas else None


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Commands]:
    """Open the task with the rules of the settings."""
    yield Commands(open_rulebooks(evaluation.config), Homes(evaluation.homes, single=evaluation.single))
