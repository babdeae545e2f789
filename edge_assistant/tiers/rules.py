"""Tier 1: sentences we know by heart."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_assistant.actuator import Actuator
from edge_assistant.devices.home import Home
from edge_assistant.devices.pin import digits, may_be_pin
from edge_assistant.errors import ActionError, StorageError
from edge_assistant.languages import IDEOGRAPH, LANGUAGES
from edge_assistant.rules.clauses import MOST, clauses, run_on
from edge_assistant.rules.rulebook import MAX_TEXT, Match, Rulebook, acts
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.devices import PIN
from edge_assistant.skills.follow_ups import Meant, meant
from edge_assistant.skills.orders import is_order, no_hand
from edge_assistant.skills.several import one_each
from edge_assistant.skills.targets import INTENTS, targets
from edge_assistant.types import Declined, Query, Reply, TierName, Words

UNCLEAR: Final = 0.55
"""How sure it is that a text which sounds like a command is one: above a small model, below a good quotation."""
if TYPE_CHECKING:
    from edge_assistant.skills.proposals import Proposals

PROPOSED: Final = "no rule matches, so a model chose among what the devices here can do"
LIKELY: Final = 0.5
"""How likely such a choice is what was meant; nothing is done before a yes."""

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
_ALONE: Final = frozenset(
    ("WhichRoom", "WhichDoor", "UnknownDevice", "AskDuration", "DelayedOrder", "Yes", "No", "Help", "HassNevermind")
)
"""What is no part of a longer command."""
_VAGUE: Final = frozenset(("WhichRoom", "WhichDoor", "HassGetState", "HassNevermind"))
"""What means more where the conversation has told it; a free phrasing, too, may only be half of what is meant."""


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
        proposals: Proposals | None = None,
    ) -> None:
        """Take the rules, the skills and the gate; without `proposals` no model is asked about what no rule knows."""
        self._rulebooks = rulebooks
        self._proposals = proposals
        self._skills = skills
        self._actuator = actuator

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query if a rule understands it, or every one of its clauses, and its skill can do it."""
        if len(query.text) > MAX_TEXT:
            return Declined(f"a command has at most {MAX_TEXT} characters")
        if (entered := self._entered(query)) is not None:
            return entered
        home = self._actuator.home()
        heard = [(meant(query, book, home), book) for book in map(self._rulebooks, _languages(query))]
        if answer := self._first(query, home, [(meaning, book) for meaning, book in heard if meaning.answers]):
            self._actuator.release(query.context)
            return answer
        found = [match for _, book in heard for match in book.matches(query.text, home, query.context.area)]
        matches = sorted(found, key=lambda match: match.intent not in _ANSWERS)
        if not matches or matches[0].intent not in _ANSWERS:
            self._actuator.release(query.context)  # the conversation has gone on
        reason = "no rule matches"
        vague = matches and (matches[0].intent in _VAGUE or matches[0].probability is not None)
        if vague and (told := self._first(query, home, [(meaning, book) for meaning, book in heard if meaning.leans])):
            return told
        for match in matches:
            work = self._work(Asked(match, query, self._rulebooks(match.language)))
            if not isinstance(work, Declined):
                return self._reply([(match, work)])
            reason = f"{match.why}: {work.reason}"
        if told := self._first(query, home, heard):
            return told
        draft = _draft(query, heard[0][1], matches)
        if self._proposals is not None and not matches and self._proposals.wanted(query):
            return Reply(self._proposed(self._proposals, query, Declined(reason, draft=draft)), PROPOSED, LIKELY)
        return Declined(reason, draft=draft)

    async def _proposed(self, proposals: Proposals, query: Query, otherwise: Declined) -> Words:
        """Put to the speaker what a model chose; think again where it chose nothing."""
        book = self._rulebooks(query.language)
        asked = proposals.asked(query, book)
        work = await proposals.offered(asked)
        if isinstance(work, Declined):
            yield replace(otherwise, reason=f"{otherwise.reason}, and {work.reason}")
            return
        async with aclosing(_words([(work, asked.match, book)], self._doubts)) as words:
            async for word in words:
                yield word

    def _first(self, query: Query, home: Home, heard: Sequence[tuple[Meant, Rulebook]]) -> Reply | None:
        """Take the first meaning of which every clause is understood."""
        for meaning, book in heard:
            if strung := self._strung(meaning, query, book, home):
                return self._reply(strung)
        return None

    def _entered(self, query: Query) -> Reply | None:
        """Take a PIN before anything else hears of it: one that was asked for, or what may be one at any time."""
        asked_for = self._actuator.waits(query.context) and digits(query.text)
        if self._actuator.pin is None or not (asked_for or may_be_pin(query.text)):
            return None
        match = Match(PIN, {}, "default", query.language, "", "", "")
        work = self._work(Asked(match, query, self._rulebooks(query.language)))
        return None if isinstance(work, Declined) else self._reply([(match, work)])

    def _strung(self, meaning: Meant, query: Query, book: Rulebook, home: Home) -> Sequence[tuple[Match, Work]]:
        """Return what every clause of the query asks for; nothing, unless all of them are understood."""
        request = book.request(meaning.text)
        said = (meaning.text,) if request is None else clauses(request, book.language, home)
        heard_before = said == (query.text,) and not (meaning.answers or meaning.leans)
        meant = replace(query, text=meaning.text, context=replace(query.context, area=meaning.area))
        strung = () if heard_before else self._each(said, meant, book, home)
        apart = [part for clause in said for part in run_on(clause, book.language)]
        if not strung and request is not None and len(apart) > len(said):
            strung = self._each(apart, meant, book, home)
        if not strung:
            return self._several(request or "", meant, book, home)
        return () if _asks_and_acts([match.intent for match, _ in strung]) else strung

    def _each(self, said: Sequence[str], query: Query, book: Rulebook, home: Home) -> Sequence[tuple[Match, Work]]:
        """Return what every one of these clauses asks for; nothing, unless all of them are understood."""
        if len(said) > MOST:
            return ()
        understood = [self._clause(clause, query, book, home) for clause in said]
        return () if None in understood else [clause for clause in understood if clause is not None]

    def _several(self, request: str, query: Query, book: Rulebook, home: Home) -> Sequence[tuple[Match, Work]]:
        """Return what is asked of each of several things that share a verb."""
        if not is_order(request):
            return ()
        found: dict[str, tuple[Match, Work] | None] = {}

        def understood(said: str) -> bool:
            if said not in found:
                found[said] = self._clause(said, query, book, home)
            clause = found[said]
            return clause is not None and _aims(clause[0], home, query.context.area)

        strung = [
            clause for said in one_each(request, book.language, understood) if (clause := found[said]) is not None
        ]
        return strung if len({match.intent for match, _ in strung}) == 1 else ()  # "on and off" is no verb for both

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


def _aims(match: Match, home: Home, area: str | None) -> bool:
    """Return whether a match means a device that there is."""
    return match.intent in INTENTS and bool(targets(match, home, area))


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
