"""Templates cut down to one text: what cannot stand in it is left out before hassil tries everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from edge_assistant.rules.word_index import squeezed

if TYPE_CHECKING:
    from hassil.expression import Expression, Sentence

_UNKNOWN: Any = object()


class Plain:
    """The words of parsed templates, squeezed once for all texts."""

    def __init__(self) -> None:
        self._squeezed: dict[int, tuple[Expression, str]] = {}

    def __call__(self, chunk: Any) -> str:
        found = self._squeezed.get(id(chunk))
        if found is None:
            found = self._squeezed[id(chunk)] = (
                chunk,
                squeezed(chunk.text),
            )  # the chunk is kept, so its id stays its own
        return found[1]


class Pruned:
    """Cuts templates down to one squeezed text; expansion rules are put in their places."""

    def __init__(self, text: str, expansions: Mapping[str, Sentence], plain: Plain) -> None:
        self._text = text
        self._expansions = expansions
        self._plain = plain
        self._rules: dict[str, Expression | None] = {}

    def sentence(self, sentence: Sentence) -> Sentence | None:
        """Return a template without what cannot stand in the text; None where it cannot match."""
        from hassil.expression import Sentence

        expression = self._cut(sentence.expression)
        if expression is None:
            return None
        return Sentence(expression, text=sentence.text, required_clauses=frozenset())

    def _cut(self, expression: Any) -> Any:
        """Return the expression, a smaller one, or None where nothing is left."""
        kind = type(expression).__name__
        if kind == "TextChunk":
            return expression if self._plain(expression) in self._text else None
        if kind == "ListReference":
            return expression
        if kind == "RuleReference":
            name = expression.rule_name
            found = self._rules.get(name, _UNKNOWN)
            if found is _UNKNOWN:
                found = self._rules[name] = self._cut(self._expansions[name].expression)
            return found
        if kind == "Alternative":
            items = [cut for item in expression.items if (cut := self._cut(item)) is not None]
            return type(expression)(items=items, is_optional=expression.is_optional) if items else None
        items = []
        for item in expression.items:
            cut = self._cut(item)
            if cut is None:
                return None
            items.append(cut)
        return type(expression)(items=items)
