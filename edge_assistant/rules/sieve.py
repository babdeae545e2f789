"""A sieve for templates: which of them can match a text at all; it lets some through in vain, and loses none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge_assistant.rules.programs import Node
from edge_assistant.rules.steps import Reader, Step, Steps, Table
from edge_assistant.rules.ways import Ways


class Tree:
    """Templates that begin alike, tried together: each edge is a part, each template ends at a node."""

    __slots__ = ("alive", "edges", "ending", "fitting")

    def __init__(self) -> None:
        self.alive = 0
        """The templates that end here or further on, as bits."""
        self.ending = 0
        self.edges: dict[int, Tree] = {}
        self.fitting: Table[tuple[int, Tree]] | None = None
        """The edges by the characters that they may begin with, once they were needed."""

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
    """The templates of a pack, ready to be held against texts."""

    def __init__(
        self,
        programs: Sequence[Sequence[int]],
        parts: Sequence[Node],
        rules: Mapping[str, Node],
        lists: Mapping[str, Node],
        home_lists: frozenset[str],
    ) -> None:
        self._parts = parts
        self._rules = rules
        self._lists = lists
        self._home_lists = home_lists
        self._tree = Tree.grown(programs)
        self.steps = Steps(rules, lists, home_lists)
        self._made: dict[int, Step] = {}

    def through(self, reader: Reader, alive: int) -> int:
        """Return which of the templates that are alive can match the whole text, as bits."""
        return self._walk(reader, self._tree, 1, alive)

    def ways(self, reader: Reader, parts: Sequence[int]) -> int:
        """Return in how many ways a template can cover the text or begin to."""
        counting = Ways(
            reader.text,
            self._rules,
            self._lists,
            self._home_lists,
            lambda node, starts: self.steps.of(node)(reader, starts),
        )
        return counting.most(self._parts[part] for part in parts)

    def _walk(self, reader: Reader, tree: Tree, starts: int, alive: int) -> int:
        found = tree.ending & alive if starts & reader.end else 0
        known = reader.known
        for part, following in self._edges(reader, tree, starts):
            if following.alive & alive:
                key = (part, starts)
                ends = known.get(key)
                if ends is None:
                    ends = known[key] = self._step(part)(reader, starts)
                if ends:
                    found |= self._walk(reader, following, ends, alive)
        return found

    def _edges(self, reader: Reader, tree: Tree, starts: int) -> Sequence[tuple[int, Tree]]:
        if tree.fitting is None:
            first = self.steps.first
            tree.fitting = Table((edge, first(self._parts[edge[0]])) for edge in tree.edges.items())
        return tree.fitting.at(reader, starts)

    def _step(self, part: int) -> Step:
        step = self._made.get(part)
        if step is None:
            step = self._made[part] = self.steps.of(self._parts[part])
        return step
