"""Which templates can begin and end as a text does: most of those that have the right words cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from edge_assistant.rules.programs import HOME_LISTS, INLINE, Node

Kept: TypeAlias = "Sequence[tuple[Sequence[str] | None, str]]"
"""Characters and lists of the home, None for anything; and the templates that may stand there, as hexadecimal bits."""
Named: TypeAlias = "Mapping[str, Sequence[tuple[int, int, int]]]"
_Border: TypeAlias = "tuple[frozenset[str] | None, bool]"
"""What a part may begin with, None for anything; and whether it may be empty."""
_DIGITS: Final = frozenset("0123456789")


class Borders:
    """The templates of a pack by what they begin and end with."""

    def __init__(self, first: Kept, last: Kept) -> None:
        self._first, self._last = _Side(first), _Side(last)

    def fitting(self, text: str, named: Named) -> int:
        """Return the templates that may begin and end as a squeezed text does, in which these names stand, as bits."""
        if not text:
            return -1
        size = len(text)
        starting = [slot for slot, places in named.items() if any(not place for _, place, _ in places)]
        ending = [slot for slot, places in named.items() if any(place + length == size for _, place, length in places)]
        return self._first.fitting(text[0], starting) & self._last.fitting(text[-1], ending)


class _Side:
    """One end of the templates."""

    def __init__(self, kept: Kept) -> None:
        self._anything = 0
        self._having: dict[str, int] = {}
        for things, written in kept:
            bits = int(written, 16)
            if things is None:
                self._anything = bits
            for thing in things or ():
                self._having[thing] = self._having.get(thing, 0) | bits

    def fitting(self, character: str, slots: Iterable[str]) -> int:
        bits = self._anything | self._having.get(character, 0)
        for slot in slots:
            bits |= self._having.get(slot, 0)
        return bits


class Kinds:
    """Works out what templates begin with, or end with."""

    def __init__(self, rules: Mapping[str, Node], lists: Mapping[str, Node], backwards: bool) -> None:
        self._rules = rules
        self._lists = lists
        self._turn = -1 if backwards else 1
        self._known: dict[tuple[str, str], _Border] = {}

    def kept(self, programs: Sequence[Sequence[Node]]) -> Kept:
        """Return which templates, each given as its parts, begin alike."""
        alike: dict[frozenset[str] | None, int] = {}
        for number, parts in enumerate(programs):
            things, _ = self._row(parts)
            alike[things] = alike.get(things, 0) | 1 << number
        return [(things if things is None else sorted(things), f"{bits:x}") for things, bits in alike.items()]

    def _of(self, node: Node) -> _Border:
        if isinstance(node, str):
            return frozenset(node[:: self._turn][:1]), not node
        tag = node[0]
        if tag == "s":
            return self._row(node[1:])
        if tag in ("o", "a", "p"):
            each = [self._of(part) for part in node[1:]]
            return _either(each), (all if tag == "p" else any)(empty for _, empty in each)
        if tag == "#":
            return _DIGITS, False
        if tag == "l" and node[1] in HOME_LISTS:
            return frozenset((node[1],)), False
        return (None, True) if tag == "*" else self._mentioned(tag, node[1])

    def _row(self, parts: Sequence[Node]) -> _Border:
        passed: list[_Border] = []
        for part in parts[:: self._turn]:
            passed.append(self._of(part))
            if not passed[-1][1]:
                return _either(passed), False
        return _either(passed), True

    def _mentioned(self, tag: str, name: str) -> _Border:
        key = tag, name
        if key not in self._known:
            self._known[key] = self._of(self._rules[name] if tag == "r" else self._lists.get(name, INLINE))
        return self._known[key]


def _either(borders: Iterable[_Border]) -> frozenset[str] | None:
    found: set[str] = set()
    for things, _ in borders:
        if things is None:
            return None
        found |= things
    return frozenset(found)
