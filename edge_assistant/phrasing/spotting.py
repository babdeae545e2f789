"""What a sentence mentions: names and rooms of this home, kinds of devices, colours, numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.numerals import digits
from edge_assistant.phrasing.partial import Partial
from edge_assistant.phrasing.words import stem, words

_LINKS: Final = frozenset(("the", "的", "my", "our"))
_UNITS: Final = {
    "percent": ("%", "percent"),
    "temperature": ("degree", "degrees", "°", "℃", "度", "celsius", "fahrenheit"),
    "duration": ("second", "seconds", "minute", "minutes", "hour", "hours", "秒", "分", "小", "刻"),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand for something, and for what."""

    words: tuple[str, ...]
    kind: str
    value: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """The place in a sentence where something is mentioned."""

    kind: str
    value: str
    start: int
    end: int
    entities: tuple[Entity, ...] = ()
    """Whom a name may mean."""

    @property
    def placeholder(self) -> str:
        """The mention as the model sees it."""
        if self.kind == "name":
            domains = {entity.domain for entity in self.entities}
            return f"<name:{domains.pop()}>" if len(domains) == 1 else "<name>"
        return f"<{self.value}>" if self.kind == "thing" else "<area>" if self.kind == "room" else f"<{self.kind}>"


@dataclass(frozen=True, slots=True)
class Spotted:
    """A sentence with its mentions."""

    words: tuple[str, ...]
    mentions: tuple[Mention, ...]

    def row(self) -> list[str]:
        """Return the words, each mention as one placeholder."""
        found: list[str] = []
        at = 0
        for mention in self.mentions:
            found += self.words[at : mention.start]
            found.append(mention.placeholder)
            at = mention.end
        return found + list(self.words[at:])

    def of(self, *kinds: str) -> tuple[Mention, ...]:
        """Return the mentions of some kinds."""
        return tuple(mention for mention in self.mentions if mention.kind in kinds)


class Spotter:
    """Finds mentions; remembers the names of the home it saw last."""

    def __init__(self, language: str, lexicon: Iterable[Phrase], vocabulary: Collection[str] = ()) -> None:
        self._language = language
        self._vocabulary = vocabulary
        self._lexicon = tuple(lexicon)
        self._home: Home | None = None
        self._known: object = None
        self._phrases: dict[str, list[Phrase]] = {}
        self._partial = Partial((), (), ())

    def spot(self, text: str, home: Home) -> Spotted:
        """Return the words of a text and what they mention."""
        if home is not self._home:
            self._learn(home)
        row = words(text)
        mentions = list(self._whole([stem(word) for word in row]))
        if self._language == "en":
            mentions = self._named(row, mentions)
        return Spotted(tuple(row), tuple(_measured(row, mentions)))

    def _learn(self, home: Home) -> None:
        known = (home.areas, home.floors, tuple((e.id, e.names, e.domain, e.area) for e in home.entities))
        if known != self._known:
            phrases = [*self._lexicon, *_phrases(home, self._language)]
            self._phrases = {}
            for phrase in sorted(phrases, key=lambda phrase: -len(phrase.words)):
                self._phrases.setdefault(phrase.words[0], []).append(phrase)
            things = {word for phrase in self._lexicon if phrase.kind == "thing" for word in phrase.words}
            self._partial = Partial(home.entities, things, self._vocabulary)
            self._known = known
        self._home = home

    def _whole(self, stems: Sequence[str]) -> Iterator[Mention]:
        at = 0
        while at < len(stems):
            found = self._longest(stems, at)
            if found is not None:
                yield found
            at = found.end if found is not None else at + 1

    def _longest(self, stems: Sequence[str], at: int) -> Mention | None:
        best: Mention | None = None
        for phrase in self._phrases.get(stems[at], ()):
            end = _matched(stems, at, phrase.words)
            if end is None or (best is not None and (end < best.end or _RANK[phrase.kind] >= _RANK[best.kind])):
                continue
            best = Mention(phrase.kind, phrase.value, at, end, phrase.entities)
        return best

    def _named(self, row: Sequence[str], mentions: Sequence[Mention]) -> list[Mention]:
        """Add the device that only part of a name tells, where nothing is called exactly so."""
        if any(mention.kind == "name" for mention in mentions):
            return list(mentions)
        taken = {
            at for mention in mentions if mention.kind in ("area", "floor") for at in range(mention.start, mention.end)
        }
        things = {
            at: mention.value
            for mention in mentions
            if mention.kind == "thing"
            for at in range(mention.start, mention.end)
        }
        others = {at for mention in mentions if mention.kind not in _PLACES for at in range(mention.start, mention.end)}
        found = self._partial.find(row, taken, things, others)
        if found is None:
            return list(mentions)
        start, end, entities = found
        kept = [mention for mention in mentions if mention.end <= start or mention.start >= end]
        named = Mention("name", entities[0].name, start, end, entities)
        return sorted([*kept, named], key=lambda mention: mention.start)


_PLACES: Final = frozenset(("area", "floor", "room", "thing"))
_KINDS: Final = ("name", "area", "floor", "room", "tone", "color", "level", "condition", "state", "thing")
_RANK: Final = {kind: rank for rank, kind in enumerate((*_KINDS, "measure", "all", "here"))}


def _matched(stems: Sequence[str], at: int, phrase: Sequence[str]) -> int | None:
    """Return where a phrase ends that begins here; links between its words do not count."""
    for index, word in enumerate(phrase):
        while index and at < len(stems) and stems[at] != word and stems[at] in _LINKS:
            at += 1
        if at >= len(stems) or stems[at] != word:
            return None
        at += 1
    return at


def _phrases(home: Home, language: str) -> Iterator[Phrase]:
    called: dict[tuple[str, ...], list[Entity]] = {}
    for entity in home.entities:
        for name in entity.names:
            for spelling in {name, digits(name, language)}:
                if row := tuple(stem(word) for word in words(spelling)):
                    called.setdefault(row, []).append(entity)
    for row, entities in called.items():
        yield Phrase(row, "name", entities[0].name, tuple({entity.id: entity for entity in entities}.values()))
    for kind, places in (("area", home.areas), ("floor", home.floors)):
        for place in places:
            for name in place.names:
                if row := tuple(stem(word) for word in words(name)):
                    yield Phrase(row, kind, place.name)


def _measured(row: Sequence[str], mentions: Sequence[Mention]) -> Iterator[Mention]:
    """Yield the mentions and, between them, the numbers with their units."""
    taken = {at for mention in mentions for at in range(mention.start, mention.end)}
    numbers = []
    for at, word in enumerate(row):
        if word[0].isdigit() and at not in taken:
            unit = row[at + 1] if at + 1 < len(row) else ""
            kind = next((kind for kind, names in _UNITS.items() if unit in names), "number")
            numbers.append(Mention(kind, word, at, at + (1 if kind == "number" else 2)))
    yield from sorted((*mentions, *numbers), key=lambda mention: mention.start)
