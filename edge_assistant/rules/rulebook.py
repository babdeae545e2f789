"""Sentences we know by heart: which intent a sentence has, and with which slots."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from edge_assistant.devices.home import Home
from edge_assistant.rules.bare_names import plainest
from edge_assistant.rules.match import Match as Match
from edge_assistant.rules.match import acts as acts
from edge_assistant.rules.matching import Allowance, HomeNames, Templates
from edge_assistant.rules.readings import is_question, is_quoted, readings
from edge_assistant.rules.slot_checks import CHECKS, Check
from edge_assistant.rules.word_index import squeezed
from edge_assistant.types import Slot

if TYPE_CHECKING:
    from hassil.recognize import RecognizeResult

    from edge_assistant.rules.draft import Rules

MAX_TEXT: Final = 1024
"""Characters from which on a text is no command."""

_VAGUE: Final = frozenset(("WhichRoom", "UnknownDevice"))
"""What templates say when they do not know which device is meant."""


class SecondStage(Protocol):
    """Understands what no template matches."""

    def match(self, request: str, home: Home, area: str | None = None) -> Match | None:
        """Return what a request, without its politeness, means in this home."""
        ...

    def ask(self, question: str, home: Home) -> Match | None:
        """Return what a question asks about the states of this home."""
        ...


class Rulebook:
    """All sentence templates of one language, and what is answered to them."""

    def __init__(
        self,
        rules: Rules,
        checks: Mapping[str, Check],
        packs: Sequence[Rules] = (),
        second: SecondStage | None = None,
    ) -> None:
        self.rules = rules
        self.packs = (rules, *packs)
        """All rules, those of higher rank first."""
        self.language = rules.language
        self._checks = {**CHECKS, **checks}
        self._packs = tuple(Templates(pack) for pack in self.packs)
        self._home = Home()
        self._named = HomeNames(self._home, self.language)
        self._second = second

    @property
    def skipped(self) -> tuple[str, ...]:
        """Why files are not in use, one sentence each."""
        return tuple(reason for rules in self.packs for reason in rules.skipped)

    def match(self, text: str, home: Home, area: str | None = None) -> Match | None:
        """Return the best meaning of a text in this home, said in this area, if it has one."""
        return next(iter(self.matches(text, home, area)), None)

    def matches(self, text: str, home: Home, area: str | None = None) -> Sequence[Match]:
        """Return every meaning of a text, best first."""
        for considered in self.considered(text, home, area):
            found = {
                (match.intent, tuple(sorted(match.slots.items(), key=str))): match
                for match, refusal in sorted(considered, key=_rank, reverse=True)
                if not refusal
            }
            if found:
                best_first = sorted(found.values(), key=lambda match: match.order)
                return self._clearer(plainest(best_first, home, area), text, home, area)
        return self._freely(text, home, area)

    def considered(self, text: str, home: Home, area: str | None = None) -> Iterator[Sequence[tuple[Match, str]]]:
        """Yield for each reading of a text what templates match, and why a match is none after all, if it is none."""
        if not text.strip() or len(text) > MAX_TEXT:
            return
        question, quoted = is_question(text), is_quoted(text)
        allowance = Allowance()
        for reading in readings(text, self.language, self.rules.frames):
            still = quoted or reading.asks or (question and not reading.polite)
            yield list(self._recognized(reading.text, home, area, still, allowance))

    def _clearer(self, found: Sequence[Match], text: str, home: Home, area: str | None) -> Sequence[Match]:
        """Put first what the second stage is sure of, where the templates only know what to ask back."""
        freely = self._freely(text, home, area) if found[0].intent in _VAGUE else ()
        if not freely:
            return found
        if freely[0].asks or freely[0].intent in _VAGUE:
            return [replace(found[0], about=freely[0].about), *found[1:]]
        return [*freely, *found]

    def _freely(self, text: str, home: Home, area: str | None) -> Sequence[Match]:
        if self._second is None:
            return ()
        request = self.request(text)
        match = self._second.match(request, home, area) if request is not None else None
        if match is None and not is_quoted(text):
            inner = min(readings(text, self.language, self.rules.frames), key=lambda reading: len(reading.text))
            match = self._second.ask(inner.text + ("?" if is_question(text) else ""), home)
        return () if match is None else (match,)

    def request(self, text: str) -> str | None:
        """Return a text without the politeness around it; None where it asks or quotes, and so requests nothing."""
        if not text.strip() or len(text) > MAX_TEXT or is_quoted(text):
            return None
        reading = min(readings(text, self.language, self.rules.frames), key=lambda reading: len(reading.text))
        return None if reading.asks or (is_question(text) and not reading.polite) else reading.text

    def say(self, intent: str, key: str, values: Mapping[str, object]) -> str | None:
        """Return the answer that the rules give under this key, with the values filled in."""
        said = self.rules.responses.get(intent, {}).get(key)
        return said and re.sub(r"\{(\w+)\}", lambda slot: _written(values.get(slot[1], "")), said)

    def word(self, table: str, key: str) -> str:
        """Return one word of a table of the responses: the name of a state, a unit, a colour; else the key itself."""
        return self.rules.responses.get(table, {}).get(key, key)

    def _recognized(
        self, text: str, home: Home, area: str | None, still: bool, allowance: Allowance
    ) -> Iterator[tuple[Match, str]]:
        """Yield what templates match; `still` says that what is asked or quoted is not done."""
        names, here, plain = self._names(home), home.area(area), squeezed(text)
        found = names.within(plain)
        context = {"area": here.called(self.language)} if here else {}
        for rank, templates in enumerate(self._packs):
            sure = plainly = False
            for numbers in templates.candidates(plain, found, allowance):
                worth = [number for number in numbers if self._worth(text, templates, number)]
                for result in templates.results(text, worth, names, found, context):
                    match, refusal = self._match(result, text, names, rank), self._refusal(result, rank)
                    undone = "what is asked or quoted is not done" if still and acts(match.intent) else ""
                    sure = sure or (match.order[:2] == _SURE and not refusal)
                    plainly = plainly or (match.order[:2] == _SURE and not (refusal or undone))
                    yield match, refusal or undone
                if plainly:
                    break  # open words never are a better meaning
            if sure:
                return  # packs of lower rank are only for what is not understood yet

    def _match(self, result: RecognizeResult, text: str, names: HomeNames, rank: int) -> Match:
        slots = {name: _slot(entity.value) for name, entity in result.entities.items()}
        metadata = result.intent_metadata or {}
        name = result.entities.get("name")
        if name is not None and name.is_wildcard:
            name = None
        order = (
            sum(entity.is_wildcard for entity in result.entities_list),
            not names.has(slots),
            name is None,
            -len(name.text) if name else 0,
            sum(len(entity.text) for entity in result.entities_list if entity.is_wildcard),
            -len(result.intent_data.requires_context),
            -result.text_chunks_matched,
            rank,
            result.intent.name,
            metadata.get("source", ""),
            str(slots),
        )
        domains = result.intent_data.requires_context.get("domain", ())
        return Match(
            result.intent.name,
            slots,
            result.response or "default",
            self.language,
            text,
            str(metadata.get("text", "")),
            str(metadata.get("source", "")),
            (domains,) if isinstance(domains, str) else tuple(domains),
            order,
        )

    def _worth(self, text: str, templates: Templates, number: int) -> bool:
        """Return whether hassil has to look: not where a template is one open slot, and the text is not of its kind."""
        listed = templates.whole.get(number)
        return listed is None or self._checks[templates.rules.wildcards[listed]](text, self.language)

    def _refusal(self, result: RecognizeResult, rank: int) -> str:
        """Return why what an open slot caught is not of its kind; nothing if it is."""
        templates = self._packs[rank]
        for entity in result.entities_list:
            if entity.is_wildcard:
                check = templates.rules.wildcards[templates.listed(result, entity.name)]
                if not self._checks[check](str(entity.value), self.language):
                    return f"{entity.value!r} is no {check}"
        return ""

    def _names(self, home: Home) -> HomeNames:
        """Return the names of this home, kept until the home has other names."""
        if home is not self._home:
            if not _same_names(home, self._home):
                self._named = HomeNames(home, self.language)
            self._home = home
        return self._named


def _same_names(home: Home, other: Home) -> bool:
    """Return whether one home is made from the other by nothing but changes of states."""
    return (
        home.areas is other.areas
        and home.floors is other.floors
        and len(home.entities) == len(other.entities)
        and all(
            one.name is two.name and one.aliases is two.aliases and one.id is two.id
            for one, two in zip(home.entities, other.entities, strict=True)
        )
    )


_SURE: Final = (0, False)
"""How the order of a match begins that catches no open words, and means something that this home has."""


def _rank(considered: tuple[Match, str]) -> tuple[object, ...]:
    return considered[0].order


def _slot(value: object) -> Slot:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | int | float | bool) else str(value)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
