"""Tier 1: sentences we know by heart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from edge_assistant.actuator import Actuator
from edge_assistant.errors import ActionError, StorageError
from edge_assistant.rulebook import MAX_TEXT, Match, Rulebook
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.things import is_order
from edge_assistant.types import Declined, Query, Reply, TierName, Words

UNCLEAR: Final = 0.55
"""How sure it is that a text which sounds like a command is one: above a small model, below a good quotation."""


class RuleTier:
    """Matches a query against sentence templates and does what the intent says.

    A matched rule owns its query: if the lamp did not switch, we say so, and no model further down gets to
    claim that it did.
    """

    name: Final[TierName] = "rules"
    leaves_device: Final = False

    def __init__(
        self,
        rulebooks: Callable[[str], Rulebook],
        skills: Mapping[str, Skill],
        actuator: Actuator,
    ) -> None:
        self._rulebooks = rulebooks
        self._skills = skills
        self._actuator = actuator

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query if a rule understands it and its skill can do it."""
        if len(query.text) > MAX_TEXT:
            return Declined(f"a command has at most {MAX_TEXT} characters")
        book = self._rulebooks(query.language)
        matches = book.matches(query.text, self._actuator.home(), query.context.area)
        if not any(match.intent in ("Yes", "No") for match in matches):
            self._actuator.release(query.context)  # the conversation has gone on
        reason = "no rule matches"
        for match in matches:
            work = self._work(Asked(match, query, book))
            if not isinstance(work, Declined):
                return Reply(_words(work, match, book), match.why, owns=True)
            reason = f"{match.why}: {work.reason}"
        return Declined(reason, draft=_unclear(query, book))

    def _work(self, asked: Asked) -> Work | Declined:
        skill = self._skills.get(asked.match.intent)
        if skill is not None:
            return skill(asked)
        if asked.book.say(asked.match.intent, asked.match.response, {}) is None:
            return Declined("no skill does this, and the rules give no answer")
        return saying(asked.match.response, None, **asked.match.slots)


def _unclear(query: Query, book: Rulebook) -> Reply | None:
    """Leave a draft for a command that no rule understands, so that no weak model pretends to obey it."""
    said = book.say("Device", "unclear", {})
    if said is None or not is_order(query.text.strip(), query.language):
        return None

    async def words() -> Words:
        yield said

    return Reply(words(), "it sounds like a command, but no rule understands it", UNCLEAR)


async def _words(work: Work, match: Match, book: Rulebook) -> Words:
    try:
        said = await work()
    except (ActionError, StorageError) as error:
        said = Said("audit", {"reason": str(error)}, table="Device")
    for action in said.actions:
        yield action
    words = book.say(said.table or match.intent, said.response, said.values) or said.response
    yield words[:1].upper() + words[1:]
