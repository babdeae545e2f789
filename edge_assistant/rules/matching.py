"""Templates at work: hassil decides what a text means; it is asked only about templates that the sieve lets through."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_assistant.devices.home import Home
from edge_assistant.numerals import digits
from edge_assistant.rules.borders import Borders
from edge_assistant.rules.programs import HOME_LISTS, catches
from edge_assistant.rules.pruning import Pruning, Said
from edge_assistant.rules.ranges import quickened
from edge_assistant.rules.sieve import Sieve
from edge_assistant.rules.steps import Reader
from edge_assistant.rules.word_index import Index, Names, numbers
from edge_assistant.types import Slot

if TYPE_CHECKING:
    from hassil.expression import Sentence
    from hassil.intents import IntentData, SlotList, TextSlotValue
    from hassil.recognize import RecognizeResult

    from edge_assistant.rules.draft import Rules

_log = logging.getLogger(__name__)

Found: TypeAlias = "Mapping[str, Sequence[tuple[int, int, int]]]"
"""Of the names of each list: which stand in a text, where, and how long they are."""
_Named: TypeAlias = "tuple[str, str, dict[str, str]]"
"""A spelling, the name it stands for, and what is known of what is called so."""
MOST_WAYS: Final = 100
"""Ways to read one text by all templates; hassil tries some 30 in a millisecond, and what people say has up to 80."""
_LONG: Final = 80
"""Letters from which on even our own templates are looked at."""
_LISTED: Final = re.compile(r"\{([^{}:]+)(?::[^{}]+)?\}")
_NO_CONTEXT: Final[dict[str, str]] = {}


class HomeNames:
    """The names of one home, as slot lists that hold only what stands in the text at hand."""

    def __init__(self, home: Home, language: str) -> None:
        entities = [
            (
                entity.names,
                {
                    "domain": entity.domain,
                    **({"device_class": entity.device_class} if entity.device_class is not None else {}),
                },
            )
            for entity in home.entities
        ]
        self._named: Mapping[str, list[_Named]] = {
            "name": _spelled(entities, language),
            "area": _spelled([(area.names, _NO_CONTEXT) for area in home.areas], language),
            "floor": _spelled([(floor.names, _NO_CONTEXT) for floor in home.floors], language),
        }
        self._names = Names({slot: [spelling for spelling, _, _ in named] for slot, named in self._named.items()})
        self._values: dict[tuple[str, int], TextSlotValue] = {}
        self._kinds = {(entity.domain, entity.device_class) for entity in home.entities}

    def within(self, text: str) -> Found:
        """Return which names stand in a squeezed text."""
        return self._names.within(text)

    def counts(self) -> dict[str, int]:
        """Return how many names each list has."""
        return {slot: len(named) for slot, named in self._named.items()}

    def lists(self, found: Found) -> dict[str, SlotList]:
        """Return the slot lists of the names that were found, in the order of the home."""
        from hassil.intents import TextSlotList

        return {
            slot: TextSlotList(slot, [self._value(slot, index) for index in sorted({one[0] for one in places})])
            for slot, places in found.items()
        }

    def _value(self, slot: str, index: int) -> TextSlotValue:
        if (slot, index) not in self._values:
            from hassil.expression import TextChunk
            from hassil.intents import TextSlotValue
            from hassil.util import normalize_text

            spelling, name, context = self._named[slot][index]
            self._values[slot, index] = TextSlotValue(
                TextChunk(normalize_text(spelling)), name, context=context or None
            )
        return self._values[slot, index]

    def has(self, slots: Mapping[str, Slot]) -> bool:
        """Return whether this home has anything of the kind: people's windows are covers here and sensors there."""
        domain, device_class = slots.get("domain"), slots.get("device_class")
        if domain is None and device_class is None:
            return True
        return any(domain in (None, one) and device_class in (None, other) for one, other in self._kinds)


def _spelled(named: Sequence[tuple[Sequence[str], dict[str, str]]], language: str) -> list[_Named]:
    spelled = {
        (spelling.casefold(), tuple(context.items())): (spelling, name, context)
        for names, context in named
        for name in names
        for spelling in dict.fromkeys((name, digits(name, language)))
        if spelling.strip()
    }
    return list(spelled.values())


def _only(data: IntentData, sentence: Sentence) -> IntentData:
    """Return the same meaning for one sentence, which is parsed already."""
    same = object.__new__(type(data))
    same.__dict__.update(data.__dict__, sentences=[sentence])
    return same


class Allowance:
    """How many ways there may be to read one text."""

    def __init__(self, ways: int = MOST_WAYS) -> None:
        self._left = ways

    def takes(self, ways: int) -> bool:
        """Return whether so many ways may be tried; they are counted."""
        if ways > self._left:
            return False
        self._left -= ways
        return True


class Templates:
    """The templates of one pack in one language."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._parsed: dict[int, IntentData] = {}
        self._expansions: dict[str, Any] = {}
        self._lists: dict[str, SlotList] = {}

    @cached_property
    def _index(self) -> Index:
        return Index([template.clauses for template in self.rules.templates])

    @cached_property
    def _borders(self) -> Borders:
        return Borders(self.rules.beginnings, self.rules.endings)

    @cached_property
    def _sieve(self) -> Sieve:
        rules = self.rules
        programs = [template.program for template in rules.templates]
        return Sieve(programs, rules.parts, rules.programs, rules.list_programs, HOME_LISTS)

    @cached_property
    def _pruning(self) -> Pruning:
        open_lists = () if self.rules.ignore_whitespace else self.rules.wildcards
        return Pruning(self._expansions, self._sieve.steps.listed, open_lists)

    @cached_property
    def whole(self) -> Mapping[int, str]:
        """The open slot of each template that is nothing else."""
        found = ((number, _LISTED.fullmatch(template.text)) for number, template in enumerate(self.rules.templates))
        return {number: slot[1] for number, slot in found if slot is not None and slot[1] in self.rules.wildcards}

    def candidates(self, text: str, found: Found, allowance: Allowance | None = None) -> tuple[list[int], list[int]]:
        """Return the numbers of the templates that a squeezed text may be of: those that may do without open words,

        then those that always catch some. None of them fits in more ways than are allowed.
        """
        alive = self._borders.fitting(text, found)
        alive = alive and self._index.within(text) & alive
        if not alive:
            return [], []
        reader = Reader(text, found)
        through = self._sieve.through(reader, alive)
        allowance = allowance or Allowance()
        return (
            self._untangled(numbers(through & ~self._catching), reader, allowance),
            self._untangled(numbers(through & self._catching), reader, allowance),
        )

    @cached_property
    def _catching(self) -> int:
        """Return the templates that always catch open words, as bits."""
        rules, known = self.rules, dict[str, bool]()
        caught = [catches(part, rules.programs, rules.wildcards, known) for part in rules.parts]
        return sum(
            1 << number
            for number, template in enumerate(rules.templates)
            if any(caught[part] for part in template.program)
        )

    def _untangled(self, found: list[int], reader: Reader, allowance: Allowance) -> list[int]:
        """Return the templates that there are few ways to read the text by: trying very many would take long."""
        templates = self.rules.templates
        looked_at = [number for number in found if len(reader.text) >= _LONG or not templates[number].shipped]
        ways = sorted((self._sieve.ways(reader, templates[number].program), number) for number in looked_at)
        tangled = {number for count, number in ways if not allowance.takes(count)}
        for number in tangled:
            template = templates[number]
            _log.warning("%s: %r fits in too many ways, and is passed over", template.source, template.text)
        return [number for number in found if number not in tangled] if tangled else found

    def results(
        self, text: str, candidates: Sequence[int], names: HomeNames, found: Found, context: Mapping[str, str]
    ) -> Iterator[RecognizeResult]:
        """Yield what hassil makes of a text, in which these names were found, with these templates."""
        if not candidates:
            return
        from hassil.intents import Intent, Intents, IntentsSettings
        from hassil.recognize import recognize_all

        intents: dict[str, Intent] = {}
        data = [(self.rules.templates[number].intent, self._data(number)) for number in candidates]
        said = Said(text, found)
        for intent, parsed in data:
            if (sentence := self._pruning.sentence(parsed.sentences[0], said)) is not None:
                intents.setdefault(intent, Intent(intent)).data.append(_only(parsed, sentence))
        if not intents:
            return
        book = Intents(
            self.rules.language,
            intents,
            slot_lists={**self._lists, **names.lists(found)},
            settings=IntentsSettings(ignore_whitespace=self.rules.ignore_whitespace),
        )
        yield from recognize_all(text, book, intent_context=dict(context), language=self.rules.language)

    def listed(self, result: RecognizeResult, slot: str) -> str:
        """Return the list that a slot of a result was taken from."""
        from hassil.expression import Group

        expression = result.intent_sentence and result.intent_sentence.expression
        assert isinstance(expression, Group), "a template is a group of expressions"
        references = expression.list_references(self._expansions)
        return next((found.list_name for found in references if found.slot_name == slot), slot)

    def _data(self, number: int) -> IntentData:
        if number not in self._parsed:
            from hassil.intents import IntentData

            template = self.rules.templates[number]
            self._parsed[number] = IntentData(
                [template.text],
                slots=dict(template.slots),
                response=template.response,
                requires_context=dict(template.requires),
                excludes_context=dict(template.excludes),
                wildcard_list_names=set(self.rules.wildcards),
                metadata={"text": template.text, "source": template.source},
            )
            self._expand(template.text)
        return self._parsed[number]

    def _expand(self, text: str) -> None:
        """Parse the lists and the expansion rules that a template mentions, and those that they mention."""
        from hassil.parse_expression import parse_sentence

        for name in _LISTED.findall(text):
            if name in self.rules.lists and name not in self._lists:
                self._parse_list(name)
        for name in re.findall(r"<([^<>]+)>", text):
            if name not in self._expansions:
                self._expansions[name] = parse_sentence(self.rules.expansions[name], keep_text=True)
                self._expand(self.rules.expansions[name])

    def _parse_list(self, name: str) -> None:
        from hassil.intents import Intents

        only = {"language": self.rules.language, "intents": {}, "lists": {name: self.rules.lists[name]}}
        self._lists[name] = quickened(Intents.from_dict(only).slot_lists[name])
