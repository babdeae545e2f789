"""How many ways there are to read a text by a template: what hassil would try, at most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import permutations
from typing import TypeAlias

from edge_assistant.rules.programs import INLINE, Node
from edge_assistant.rules.word_index import numbers

Ends: TypeAlias = "Callable[[Node, int], int]"
"""Says at which places a list or a number may end that starts at these; places are the bits of a number."""


class Ways:
    """Counts the ways to read one text."""

    def __init__(
        self, text: str, rules: Mapping[str, Node], lists: Mapping[str, Node], named: Collection[str], ends: Ends
    ) -> None:
        self._text = text
        self._rules = rules
        self._lists = lists
        self._named = named
        self._ends = ends

    def most(self, parts: Iterable[Node]) -> int:
        """Return in how many ways a template can cover the text or begin to."""
        counts, most = {0: 1}, 0
        for part in parts:
            counts = self._counted(part, counts)
            if not self._is_open(part):  # hassil goes on from an open slot only where the next words stand
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
            return self._counted(self._lists.get(node[1], INLINE), counts)
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


def _together(several: Iterable[Mapping[int, int]]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for one in several:
        for place, count in one.items():
            counts[place] = counts.get(place, 0) + count
    return counts
