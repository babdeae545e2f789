"""Templates as functions: from the places where a part may start to those where it may end, in one text.

Places in a text are the bits of a number: bit 3 says that something may start at the fourth character.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

from edge_assistant.rules.programs import INLINE, MOST_ORDERS, Node

DIGITS: Final = frozenset("0123456789")


class Reader:
    """One text, the names that stand in it, and what was found out about it so far."""

    __slots__ = ("digits", "end", "known", "named", "places", "text")

    def __init__(self, text: str, named: Mapping[str, Sequence[tuple[int, int, int]]]) -> None:
        self.text = text
        self.end = 1 << len(text)
        self.named = named
        self.places: dict[str, int] = {}
        self.known: dict[tuple[object, int], int] = {}
        self.digits = sum(1 << place for place, character in enumerate(text) if character in DIGITS)

    def literal(self, text: str) -> int:
        """Return the places at which a literal stands in the text."""
        places = self.places.get(text)
        if places is None:
            places = 0
            place = self.text.find(text)
            while place >= 0:
                places |= 1 << place
                place = self.text.find(text, place + 1)
            self.places[text] = places
        return places


Step: TypeAlias = "Callable[[Reader, int], int]"
First: TypeAlias = "frozenset[str] | None"
"""The characters that a part may start with; None where it may be empty, or start with anything."""


Thing = TypeVar("Thing")


class Table(Generic[Thing]):
    """Things by the character that a text must have where they start."""

    __slots__ = ("_by_character", "_every", "_other")

    def __init__(self, things: Iterable[tuple[Thing, First]]) -> None:
        listed = list(things)
        characters = {character for _, first in listed for character in first or ()}
        self._every = [thing for thing, _ in listed]
        self._other = [thing for thing, first in listed if first is None]
        self._by_character = {
            character: [thing for thing, first in listed if first is None or character in first]
            for character in characters
        }

    def at(self, reader: Reader, starts: int) -> Sequence[Thing]:
        """Return the things that may start at these places; where there is but one place, its character decides."""
        if starts & (starts - 1):
            return self._every
        place = starts.bit_length() - 1
        return self._by_character.get(reader.text[place : place + 1], self._other)


class Steps:
    """Makes the functions of one pack, each when it is first needed."""

    def __init__(self, rules: Mapping[str, Node], lists: Mapping[str, Node], home_lists: frozenset[str]) -> None:
        self._rules = rules
        self._lists = lists
        self._home_lists = home_lists
        self._made: dict[tuple[str, str], Step] = {}
        self._firsts: dict[tuple[str, str], First] = {}

    def of(self, node: Node) -> Step:
        """Return the function of a part."""
        if isinstance(node, str):
            return _literal(node)
        tag = node[0]
        if tag in ("o", "a"):
            return _one_of([(self.of(part), self.first(part)) for part in node[1:]])
        if tag == "s":
            return _one_after_the_other([self.of(part) for part in node[1:]])
        if tag in ("r", "l"):
            return self._mentioned(tag, node[1])
        if tag == "p":
            return _in_any_order([self.of(part) for part in node[1:]])
        return _number if tag == "#" else anything

    def first(self, node: Node) -> First:
        """Return the characters that a part may start with."""
        if isinstance(node, str):
            return frozenset(node[0]) if node else None
        tag = node[0]
        if tag in ("o", "a", "p"):
            return _either(self.first(part) for part in node[1:])
        if tag == "s":
            return self.first(node[1])
        if tag == "#":
            return DIGITS
        if tag == "*" or (tag == "l" and node[1] in self._home_lists):
            return None
        key = tag, node[1]
        if key not in self._firsts:
            self._firsts[key] = self.first(self._body(tag, node[1]))
        return self._firsts[key]

    def listed(self, name: str) -> Step:
        """Return the function of a list."""
        return self._mentioned("l", name)

    def _mentioned(self, tag: str, name: str) -> Step:
        """Return the function of a rule or a list, which is made when it is first called."""
        if tag == "l" and name in self._home_lists:
            return _names(name)
        key = tag, name
        if key not in self._made:
            made: list[Step] = []

            def step(reader: Reader, starts: int) -> int:
                if not made:
                    made.append(self.of(self._body(tag, name)))
                return made[0](reader, starts)

            self._made[key] = _remembered(step)
        return self._made[key]

    def _body(self, tag: str, name: str) -> Node:
        return self._rules[name] if tag == "r" else self._lists.get(name, INLINE)


def _one_of(parts: Sequence[tuple[Step, First]]) -> Step:
    """Try those parts that may start with the character at hand."""
    table: Table[Step] = Table(parts)

    def step(reader: Reader, starts: int) -> int:
        ends = 0
        for part in table.at(reader, starts):
            ends |= part(reader, starts)
        return ends

    return step


def _one_after_the_other(parts: Sequence[Step]) -> Step:
    def step(reader: Reader, starts: int) -> int:
        for part in parts:
            starts = part(reader, starts)
            if not starts:
                return 0
        return starts

    return step


def _in_any_order(parts: Sequence[Step]) -> Step:
    def step(reader: Reader, starts: int) -> int:
        return ordered(reader, parts, starts)

    def ordered(reader: Reader, left: Sequence[Step], starts: int) -> int:
        if len(left) > MOST_ORDERS:
            return anything(reader, starts)
        if len(left) == 1:
            return left[0](reader, starts)
        ends = 0
        for index, part in enumerate(left):
            if first := part(reader, starts):
                ends |= ordered(reader, [*left[:index], *left[index + 1 :]], first)
        return ends

    return step


def _either(firsts: Iterable[First]) -> First:
    known: set[str] = set()
    for first in firsts:
        if first is None:
            return None
        known |= first
    return frozenset(known)


def _literal(text: str) -> Step:
    length = len(text)

    def step(reader: Reader, starts: int) -> int:
        if starts & (starts - 1):
            return (starts & reader.literal(text)) << length
        return starts << length if reader.text.startswith(text, starts.bit_length() - 1) else 0

    return step if text else lambda reader, starts: starts


def _names(slot: str) -> Step:
    def step(reader: Reader, starts: int) -> int:
        ends = 0
        for _, place, length in reader.named.get(slot, ()):
            if starts >> place & 1:
                ends |= 1 << place + length
        return ends

    return step


def _remembered(step: Step) -> Step:
    """Return a function that works out only once for a text what a part does at the same places."""

    def remembered(reader: Reader, starts: int) -> int:
        key = (step, starts)
        ends = reader.known.get(key)
        if ends is None:
            ends = reader.known[key] = step(reader, starts)
        return ends

    return remembered


def _number(reader: Reader, starts: int) -> int:
    ends = 0
    step = (starts & reader.digits) << 1
    while step:
        ends |= step
        step = (step & reader.digits) << 1
    return ends


def anything(reader: Reader, starts: int) -> int:
    """Return every place from the first of these on."""
    lowest = starts & -starts
    return (reader.end << 1) - lowest if starts else 0
