"""A sieve for templates: which of them can match a text at all; it lets some through in vain, and loses none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any, Final, TypeAlias

from edge_assistant.rules.word_index import numbers, squeezed

Node: TypeAlias = "str | list[Any]"
"""A template as plain lists: a literal, or a tag and its parts.

``s`` one after the other, ``a`` one of them, ``o`` one of these literals, ``p`` in any order, ``r`` an expansion
rule, ``l`` a list, ``#`` a number in digits, ``*`` anything.
"""
_INLINE: Final[list[Any]] = ["*"]
"""What a list is that stands nowhere but in its template: ``{0..100:brightness}``."""
MOST_ORDERS: Final = 4
"""Parts of a permutation from which on every order is let through."""


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

    def ways(self, parts: Sequence[int]) -> int:
        """Return in how many ways a template can cover the text or begin to: what hassil would try, at most."""
        counts, most = {0: 1}, 0
        for part in parts:
            node = self._parts[part]
            counts = self._counted(node, counts)
            if not self._is_open(node):  # hassil goes on from an open slot only where the next words stand
                most = max(most, sum(counts.values()))
        return max(most, counts.get(len(self._text), 0))

    def _counted(self, node: Node, counts: Mapping[int, int]) -> dict[int, int]:
        """Return in how many ways each place is reached after a part, from those before it."""
        if isinstance(node, str):
            return {place + len(node): count for place, count in counts.items() if self._text.startswith(node, place)}
        tag = node[0]
        if tag == "s":
            for part in node[1:]:
                counts = self._counted(part, counts)
            return dict(counts)
        if tag in ("a", "o"):
            return _together(self._counted(part, counts) for part in node[1:])
        if tag == "r":
            return self._counted(self._rules[node[1]], counts)
        if tag == "l" and node[1] not in self._named:
            return self._counted(self._lists.get(node[1], _INLINE), counts)
        if tag == "p":
            return _together(self._counted(["s", *order], counts) for order in permutations(node[1:]))
        if tag == "*":
            return self._open(counts)
        return {end: count for start, count in counts.items() for end in numbers(self._ends(node, 1 << start))}

    def _open(self, counts: Mapping[int, int]) -> dict[int, int]:
        reached, ways = {}, 0
        for place in range(len(self._text) + 1):
            ways += counts.get(place, 0)
            reached[place] = ways
        return reached

    def _is_open(self, node: Node) -> bool:
        return isinstance(node, list) and node[0] == "l" and self._lists.get(node[1]) == ["*"]

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
        if len(parts) > MOST_ORDERS:
            return self._after(starts)
        if len(parts) == 1:
            return self._ends(parts[0], starts)
        ends = 0
        for index, part in enumerate(parts):
            if first := self._ends(part, starts):
                ends |= self._orders([*parts[:index], *parts[index + 1 :]], first)
        return ends


def _together(several: Iterable[Mapping[int, int]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for one in several:
        for place, count in one.items():
            counts[place] = counts.get(place, 0) + count
    return counts


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
    if tag == "a" and len(parts) > 1 and all(isinstance(part, str) for part in parts):
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
