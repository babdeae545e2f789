"""Tier 1: sentences we know by heart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge_assistant.actuator import Actuator
from edge_assistant.devices.home import Home
from edge_assistant.devices.pin import digits
from edge_assistant.errors import ActionError, StorageError
from edge_assistant.languages import IDEOGRAPH, LANGUAGES
from edge_assistant.rules.clauses import MOST, clauses, completed
from edge_assistant.rules.rulebook import MAX_TEXT, Match, Rulebook, acts
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.devices import PIN
from edge_assistant.skills.things import no_hand
from edge_assistant.types import Declined, Query, Reply, TierName, Words

UNCLEAR: Final = 0.55
"""How sure it is that a text which sounds like a command is one: above a small model, below a good quotation."""

_ANSWERS: Final = ("Yes", "No")
"""What answers a question of ours, before it can mean anything else."""
_WHY: Final[Mapping[str, str]] = {
    "nothing_waits": "it answers a question that was not asked",
    "no_skill": "it is understood, but no skill does it",
    "no_words": "there are no words in it",
    "obeyed": "it asks for nothing to be done",
    "beyond": "it asks for something that no rule can do",
    "no_time": "it wants to be reminded at a time that is not understood",
}
_COURTESIES: Final = frozenset(("Greet", "Goodbye", "Thank"))
_ALONE: Final = frozenset(("WhichRoom", "UnknownDevice", "AskDuration", "Yes", "No", "Help", "HassNevermind"))
"""What is no part of a longer command."""


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
        """Take the query if a rule understands it, or every one of its clauses, and its skill can do it."""
        if len(query.text) > MAX_TEXT:
            return Declined(f"a command has at most {MAX_TEXT} characters")
        if (entered := self._entered(query)) is not None:
            return entered
        home = self._actuator.home()
        books = [self._rulebooks(language) for language in _languages(query)]
        found = [match for book in books for match in book.matches(query.text, home, query.context.area)]
        matches = sorted(found, key=lambda match: match.intent not in _ANSWERS)
        if not matches or matches[0].intent not in _ANSWERS:
            self._actuator.release(query.context)  # the conversation has gone on
        reason = "no rule matches"
        for match in matches:
            work = self._work(Asked(match, query, self._rulebooks(match.language)))
            if not isinstance(work, Declined):
                return self._reply([(match, work)])
            reason = f"{match.why}: {work.reason}"
        for book in books:
            if strung := self._strung(query, book, home):
                return self._reply(strung)
        return Declined(reason, draft=_draft(query, books[0], matches))

    def _entered(self, query: Query) -> Reply | None:
        """Take a PIN before anything else hears of it: one that was asked for, or the right one at any time."""
        pin = self._actuator.pin
        asked_for = bool(self._actuator.waits(query.context) and digits(query.text))
        if pin is None or not (asked_for or pin.holds(query.text)):
            return None
        match = Match(PIN, {}, "default", query.language, "", "", "")
        work = self._work(Asked(match, query, self._rulebooks(query.language)))
        return None if isinstance(work, Declined) else self._reply([(match, work)])

    def _strung(self, query: Query, book: Rulebook, home: Home) -> Sequence[tuple[Match, Work]]:
        """Return what every clause of the query asks for; nothing, unless all of them are understood."""
        meant = completed(query.text, book.language, query.history, home)
        request = book.request(meant)
        said = (meant,) if request is None else clauses(request, book.language, home)
        if len(said) > MOST or said == (query.text,):
            return ()
        understood = [self._clause(clause, query, book, home) for clause in said]
        strung = [clause for clause in understood if clause is not None]
        return strung if len(strung) == len(said) and not _asks_and_acts([match.intent for match, _ in strung]) else ()

    def _clause(self, clause: str, query: Query, book: Rulebook, home: Home) -> tuple[Match, Work] | None:
        for match in book.matches(clause, home, query.context.area):
            work = self._work(Asked(match, query, book))
            if match.intent not in _ALONE and not match.asks and not isinstance(work, Declined):
                return match, work
        return None

    def _reply(self, understood: Sequence[tuple[Match, Work]]) -> Reply:
        works = [(work, match, self._rulebooks(match.language)) for match, work in understood]
        sure = min(1.0 if match.probability is None else match.probability for match, _ in understood)
        return Reply(_words(works, self._doubts), "; ".join(match.why for match, _ in understood), sure, owns=True)

    def _doubts(self, book: Rulebook) -> str:
        """Return what has to be said first: that a crash left something in doubt."""
        home = self._actuator.home()
        found = [home.entity(id) for id in dict.fromkeys(entry.entity for entry in self._actuator.doubts())]
        names = book.word("Word", "comma").join(entity.called(book.language) for entity in found if entity is not None)
        return (names and book.say("Device", "in_doubt", {"names": names})) or ""

    def _work(self, asked: Asked) -> Work | Declined:
        skill = self._skills.get(asked.match.intent)
        if skill is not None:
            return skill(asked)
        if acts(asked.match.intent):  # its response would claim what nobody did
            return Declined("no skill does this")
        if asked.book.say(asked.match.intent, asked.match.response, {}) is None:
            return Declined("no skill does this, and the rules give no answer")
        return saying(asked.match.response, None, **asked.match.slots)


def _draft(query: Query, book: Rulebook, matches: Sequence[Match]) -> Reply | None:
    """Leave a draft for what no rule can do, so that no weak model pretends to obey it."""
    text = query.text.strip()
    heard = next(("nothing_waits" for match in matches if match.intent in _ANSWERS), None)
    unable = next(("no_skill" for match in matches if acts(match.intent)), None)
    key = heard or unable or ("no_words" if not re.search(r"\w", text) else no_hand(text, query.language))
    said = book.say("Device", key, {}) if key else None
    if said is None:
        return None

    async def words() -> Words:
        yield said

    return Reply(words(), _WHY.get(str(key), "it sounds like a command, but no rule understands it"), UNCLEAR)


def _asks_and_acts(intents: Sequence[str]) -> bool:
    """Return whether a question is among commands: "did I lock the door and close the garage" asks for nothing."""
    return any(map(acts, intents)) and not all(acts(intent) or intent in _COURTESIES for intent in intents)


def _languages(query: Query) -> Sequence[str]:
    """Return whose rules may understand the query: a text in two scripts has the words of both languages."""
    mixed = IDEOGRAPH.search(query.text) and re.search("[A-Za-z]", query.text)
    return (query.language, *(other for other in LANGUAGES if mixed and other != query.language))


async def _words(works: Sequence[tuple[Work, Match, Rulebook]], first: Callable[[Rulebook], str]) -> Words:
    before = first(works[0][2])
    if before:
        yield before
    for index, (work, match, book) in enumerate(works):
        try:
            said = await work()
        except (ActionError, StorageError) as error:
            said = Said("audit", {"reason": str(error)}, table="Device")
        for action in said.actions:
            yield action
        words = book.say(said.table or match.intent, said.response, said.values) or said.response
        yield (book.word("Word", "then") if index else "") + words[:1].upper() + words[1:]
