"""A sieve for templates: which of them can match a text at all; it lets some through in vain, and loses none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

Node: TypeAlias = "str | list[Any]"
"""A template as plain lists: a literal, or a tag and its parts.

``s`` one after the other, ``a`` one of them, ``o`` one of these literals, ``p`` in any order, ``r`` an expansion
rule, ``l`` a list, ``#`` a number in digits, ``*`` anything.
"""
_INLINE: Final[list[Any]] = ["*"]
"""What a list is that stands nowhere but in its template: ``{0..100:brightness}``."""
_ENOUGH: Final = 2
"""Clauses of a template that are looked at; the sieve sees the rest."""
_MOST_ORDERS: Final = 4
"""Parts of a permutation from which on every order is let through."""


def squeezed(text: str) -> str:
    """Return a text without all that hassil may skip or change: case, spaces, hyphens, punctuation."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", text).casefold()))


class Names:
    """The names of several lists, found in a text without trying each of them."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._none: dict[str, list[tuple[int, int, int]]] = {slot: [] for slot in lists}
        self._by_start: dict[str, list[tuple[str, int, str]]] = {}
        for slot, names in lists.items():
            for index, name in enumerate(names):
                if key := squeezed(name):
                    self._by_start.setdefault(key[:2], []).append((slot, index, key))
        self._short = any(len(start) == 1 for start in self._by_start)

    def within(self, text: str) -> dict[str, list[tuple[int, int, int]]]:
        """Return for each list which names stand in a squeezed text: the index, the place and the length of each."""
        found = {slot: list(none) for slot, none in self._none.items()}
        for place in range(len(text)):
            for slot, index, name in self._by_start.get(text[place : place + 2], ()):
                if text.startswith(name, place):
                    found[slot].append((index, place, len(name)))
            if self._short and place + 1 < len(text):
                for slot, index, name in self._by_start.get(text[place], ()):
                    found[slot].append((index, place, len(name)))
        return found


class Tree:
    """Templates that begin alike, tried together: each edge is a part, each template ends at a node."""

    __slots__ = ("alive", "edges", "ending")

    def __init__(self) -> None:
        self.alive = 0
        """The templates that end here or further on, as bits."""
        self.ending = 0
        self.edges: dict[int, Tree] = {}

    @classmethod
    def grown(cls, programs: Sequence[Sequence[int]]) -> Tree:
        """Return the tree of templates, each given as the numbers of its parts."""
        root = cls()
        for number, parts in enumerate(programs):
            node, bit = root, 1 << number
            for part in parts:
                node.alive |= bit
                following = node.edges.get(part)
                if following is None:
                    following = node.edges[part] = cls()
                node = following
            node.alive |= bit
            node.ending |= bit
        return root


class Sieve:
    """One text, and what of the templates fits where in it.

    Places in the text are the bits of a number: bit 3 of `starts` says that something may start at the fourth
    character. What fits where is worked out once for a text, however many templates mention it.
    """

    def __init__(
        self,
        text: str,
        parts: Sequence[Node],
        rules: Mapping[str, Node],
        lists: Mapping[str, Node],
        named: Mapping[str, Sequence[tuple[int, int, int]]],
    ) -> None:
        self._text = text
        self._end = 1 << len(text)
        self._parts = parts
        self._rules = rules
        self._lists = lists
        self._named = named
        self._places: dict[str, int] = {}
        self._seen: dict[tuple[str | int, str, int], int] = {}
        self._digits = sum(1 << place for place, character in enumerate(text) if character in "0123456789")

    def through(self, tree: Tree, alive: int) -> int:
        """Return which of the templates that are alive can match the whole text, as bits."""
        return self._walk(tree, 1, alive)

    def _walk(self, tree: Tree, starts: int, alive: int) -> int:
        found = tree.ending & alive if starts & self._end else 0
        seen = self._seen
        for part, following in tree.edges.items():
            if following.alive & alive:
                key = (part, "", starts)
                ends = seen.get(key)
                if ends is None:
                    ends = seen[key] = self._ends(self._parts[part], starts)
                if ends:
                    found |= self._walk(following, ends, alive)
        return found

    def _ends(self, node: Node, starts: int) -> int:
        """Return the places at which a part may end that starts at one of these."""
        if isinstance(node, str):
            places = self._places.get(node)
            return (starts & (self._literal(node) if places is None else places)) << len(node)
        tag = node[0]
        if tag == "o":
            ends = 0
            for text in node[1:]:
                places = self._places.get(text)
                ends |= (starts & (self._literal(text) if places is None else places)) << len(text)
            return ends
        if tag == "s":
            for part in node[1:]:
                starts = self._ends(part, starts)
                if not starts:
                    return 0
            return starts
        if tag == "a":
            ends = 0
            for part in node[1:]:
                ends |= self._ends(part, starts)
            return ends
        return self._mentioned(tag, node, starts)

    def _mentioned(self, tag: str, node: list[Any], starts: int) -> int:
        if tag in ("r", "l"):
            key = (tag, node[1], starts)
            if key not in self._seen:
                self._seen[key] = (
                    self._ends(self._rules[node[1]], starts) if tag == "r" else self._list(node[1], starts)
                )
            return self._seen[key]
        if tag == "p":
            return self._orders(node[1:], starts)
        return self._number(starts) if tag == "#" else self._after(starts)

    def _list(self, name: str, starts: int) -> int:
        if name not in self._named:
            return self._ends(self._lists.get(name, _INLINE), starts)
        ends = 0
        for _, place, length in self._named[name]:
            if starts >> place & 1:
                ends |= 1 << place + length
        return ends

    def _literal(self, text: str) -> int:
        """Work out the places at which a literal stands in the text."""
        places = 0
        place = self._text.find(text)
        while place >= 0:
            places |= 1 << place
            place = self._text.find(text, place + 1)
        self._places[text] = places
        return places

    def _number(self, starts: int) -> int:
        ends = 0
        step = (starts & self._digits) << 1
        while step:
            ends |= step
            step = (step & self._digits) << 1
        return ends

    def _after(self, starts: int) -> int:
        lowest = starts & -starts
        return (self._end << 1) - lowest if starts else 0

    def _orders(self, parts: Sequence[Node], starts: int) -> int:
        if len(parts) > _MOST_ORDERS:
            return self._after(starts)
        if len(parts) == 1:
            return self._ends(parts[0], starts)
        ends = 0
        for index, part in enumerate(parts):
            if first := self._ends(part, starts):
                ends |= self._orders([*parts[:index], *parts[index + 1 :]], first)
        return ends


class Index:
    """Which templates have all the words in a text that they cannot do without."""

    def __init__(self, clauses: Sequence[Sequence[Sequence[str]]]) -> None:
        self._all = (1 << len(clauses)) - 1
        known: dict[tuple[str, ...], int] = {}
        self._needing: list[dict[int, int]] = []
        """For the first clause of templates, the second and so on: which templates need it there, as bits."""
        self._content: list[int] = []
        """Which templates need no first clause, no second and so on."""
        for number, wanted in enumerate(clauses):
            for turn, words in enumerate(map(tuple, wanted)):
                if turn == len(self._needing):
                    self._needing.append({})
                    self._content.append(self._all)
                needing = self._needing[turn]
                clause = known.setdefault(words, len(known))
                needing[clause] = needing.get(clause, 0) | 1 << number
                self._content[turn] &= ~(1 << number)
        self._by_start: dict[str, list[tuple[str, list[int]]]] = {}
        clauses_of: dict[str, list[int]] = {}
        for words, clause in known.items():
            for word in words:
                clauses_of.setdefault(word, []).append(clause)
        for word, met in clauses_of.items():
            self._by_start.setdefault(word[:2], []).append((word, met))
        self._short = any(len(start) == 1 for start in self._by_start)

    def within(self, text: str) -> int:
        """Return the templates that a squeezed text may be of, as bits."""
        met = self._met(text)
        left = self._all
        for needing, content in zip(self._needing, self._content, strict=True):
            for clause in met:
                content |= needing.get(clause, 0)
            left &= content
        return left

    def _met(self, text: str) -> set[int]:
        """Return the clauses of which a word stands in the text."""
        met: set[int] = set()
        for place in range(len(text)):
            for word, clauses in self._by_start.get(text[place : place + 2], ()):
                if text.startswith(word, place):
                    met.update(clauses)
            if self._short and place + 1 < len(text):
                for _, clauses in self._by_start.get(text[place], ()):
                    met.update(clauses)
        return met


def required(clauses: Iterable[Iterable[str]]) -> list[list[str]]:
    """Return the clauses of a template that are worth looking at, as they stand in a squeezed text."""
    plain = [sorted({squeezed(word) for word in clause}) for clause in clauses]
    return sorted((words for words in plain if all(words)), key=_rarity, reverse=True)[:_ENOUGH]


def _rarity(words: Sequence[str]) -> tuple[int, int, Sequence[str]]:
    """Return how seldom a clause is met by chance: its shortest word is long, and its words are few."""
    return min(map(len, words)), -len(words), words


def numbers(bits: int) -> list[int]:
    """Return the places of the bits that are set."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def parted(node: Node) -> list[Node]:
    """Return the parts of a template, one after the other."""
    return [part for part in node[1:]] if isinstance(node, list) and node[0] == "s" else [node]


def program(expression: Any) -> Node:
    """Return an expression of hassil as plain lists."""
    from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference, TextChunk

    if isinstance(expression, TextChunk):
        return squeezed(expression.text)
    if isinstance(expression, RuleReference):
        return ["r", expression.rule_name]
    if isinstance(expression, ListReference):
        return ["l", expression.list_name]
    assert isinstance(expression, Group), f"hassil has no expression of the kind {type(expression).__name__}"
    tag = "a" if isinstance(expression, Alternative) else "p" if isinstance(expression, Permutation) else "s"
    parts = [program(item) for item in expression.items]
    if tag == "s":
        parts = [part for part in parts if part != ""]
    if tag == "a":
        parts = list({str(part): part for part in parts}.values())
        if len(parts) > 1 and all(isinstance(part, str) for part in parts):
            return ["o", *parts]
    return parts[0] if len(parts) == 1 else [tag, *parts] if parts else ""


def list_program(slots: Any) -> Node:
    """Return a slot list of hassil as plain lists."""
    from hassil.intents import RangeSlotList, TextSlotList

    if isinstance(slots, RangeSlotList) and not slots.words:
        return ["#"]
    if isinstance(slots, TextSlotList):
        return ["a", *(program(value.text_in) for value in slots.values)]
    return ["*"]
