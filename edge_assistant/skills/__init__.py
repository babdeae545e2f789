"""Built-in abilities: each takes what a rule understood, and says what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from edge_assistant.devices.home import Entity
from edge_assistant.rules.rulebook import Match, Rulebook
from edge_assistant.rules.slot_checks import Check
from edge_assistant.skills.arithmetic import is_arithmetic
from edge_assistant.skills.cities import is_place
from edge_assistant.skills.days import is_day, is_feast
from edge_assistant.skills.delayed import is_delayed
from edge_assistant.skills.device_words import is_device
from edge_assistant.skills.list_words import is_choice, is_dice, is_list_item, is_list_name
from edge_assistant.skills.moment_words import is_bare_moment, is_moment
from edge_assistant.skills.reminders import is_errand, is_reminder, is_task
from edge_assistant.skills.units import is_quantity, is_unit
from edge_assistant.types import Action, Declined, Query

CHECKS: Final[Mapping[str, Check]] = {
    "arithmetic": is_arithmetic,
    "quantity": is_quantity,
    "unit": is_unit,
    "device": is_device,
    "delayed": is_delayed,
    "moment": is_moment,
    "bare_moment": is_bare_moment,
    "reminder": is_reminder,
    "task": is_task,
    "errand": is_errand,
    "list_item": is_list_item,
    "list_name": is_list_name,
    "day": is_day,
    "feast": is_feast,
    "place": is_place,
    "dice": is_dice,
    "choice": is_choice,
}
"""What open slots of our rules may catch."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a skill has to say: a key among the responses of the intent, and the values for it."""

    response: str = "default"
    values: Mapping[str, object] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    table: str | None = None
    """Whose responses these are, where they are not those of the intent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a skill is asked: the meaning, the query, and the language's rules for the words in the answer."""

    match: Match
    query: Query
    book: Rulebook

    def name(self, entity: Entity) -> str:
        """Return what an entity is called inside a sentence: "the kitchen light"."""
        name = entity.called(self.match.language)
        if self.match.language != "en" or "'" in name or name.casefold().startswith(("the ", "my ", "our ")):
            return name
        return f"the {name[0].lower() + name[1:] if name[1:].islower() else name}"

    def verb(self, names: str) -> str:
        """Return the English verb that goes with names: "is" or "are"."""
        many = " and " in names or (names.endswith("s") and not names.endswith(("ss", "us")))
        return "are" if many else "is"

    def join(self, things: list[str], last: str = "and") -> str:
        """Return an enumeration: "a, b and c"."""
        if len(things) < 2:
            return "".join(things)
        comma, before = self.book.word("Word", "comma"), self.book.word("Word", last)
        return comma.join(things[:-1]) + before + things[-1]


Work: TypeAlias = Callable[[], Awaitable[Said]]
"""Does what was decided; an action that fails is told in what it says."""
Skill: TypeAlias = Callable[[Asked], "Work | Declined"]
"""Decides quickly whether it can do what is asked; what it returns does it."""


def saying(response: str = "default", table: str | None = None, **values: object) -> Work:
    """Return the work of only saying something."""

    async def say() -> Said:
        return Said(response, values, table=table)

    return say
