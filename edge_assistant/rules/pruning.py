"""Templates cut down to one text: what cannot stand in it is left out before hassil tries everything else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.rules.word_index import squeezed

if TYPE_CHECKING:
    from hassil.expression import Expression, Sentence

_WORD: Final = re.compile(r"[^\W_]+")


class Plain:
    """The words of parsed templates, squeezed once for all texts."""

    def __init__(self) -> None:
        self._squeezed: dict[int, tuple[Expression, str]] = {}

    def __call__(self, chunk: Any) -> str:
        found = self._squeezed.get(id(chunk))
        if found is None:
            # The chunk is kept, so its id stays its own.
            found = self._squeezed[id(chunk)] = chunk, squeezed(chunk.text)
        return found[1]


class Pruned:
    """Cuts templates down to one text; expansion rules are put in their places."""

    def __init__(
        self, text: str, expansions: Mapping[str, Sentence], plain: Plain, open_lists: Collection[str] = ()
    ) -> None:
        """Prepare for a text; `open_lists` are those after which hassil goes on only where a word begins."""
        text = unicodedata.normalize("NFC", text)
        self._text = squeezed(text)
        self._said = text
        self._expansions = expansions
        self._plain = plain
        self._open = open_lists
        self._rules: dict[tuple[str, bool], tuple[Any, bool]] = {}

    def sentence(self, sentence: Sentence) -> Sentence | None:
        """Return a template without what cannot stand in the text; None where it cannot match."""
        from hassil.expression import Group, Sentence
        from hassil.expression import Sequence as Row

        expression, _ = self._cut(sentence.expression, False)
        if expression is None:
            return None
        whole = expression if isinstance(expression, Group) else Row(items=[expression])
        return Sentence(whole, text=sentence.text, required_clauses=frozenset())

    def _cut(self, expression: Any, after_open: bool) -> tuple[Any, bool]:
        """Return the expression, a smaller one, or None where nothing is left; and whether an open slot still is open.

        `after_open` says that an open slot stands before it.
        """
        kind = type(expression).__name__
        if kind == "TextChunk":
            return self._chunk(expression, after_open)
        if kind == "ListReference":
            return expression, expression.list_name in self._open and expression.is_end_of_word
        if kind == "RuleReference":
            key = expression.rule_name, after_open
            if key not in self._rules:
                self._rules[key] = self._cut(self._expansions[expression.rule_name].expression, after_open)
            return self._rules[key]
        if kind == "Alternative":
            return self._alternative(expression, after_open)
        if kind == "Permutation":
            items = [self._cut(item, False)[0] for item in expression.items]
            return (None if None in items else type(expression)(items=items)), False
        return self._row(expression, after_open)

    def _chunk(self, chunk: Any, after_open: bool) -> tuple[Any, bool]:
        plain = self._plain(chunk)
        if not plain:
            return chunk, after_open and not chunk.text.strip()
        if after_open and chunk.text.lstrip()[:1].isalnum():
            return (chunk if self._begins(plain) else None), False
        return (chunk if plain in self._text else None), False

    @cached_property
    def _words(self) -> str:
        """Return the text with a space before each word, and nothing else between them."""
        return "".join(f" {squeezed(word)}" for word in _WORD.findall(self._said))

    def _begins(self, plain: str) -> bool:
        """Return whether some word of the text begins so, or some words."""
        if f" {plain}" in self._words:
            return True
        return plain in self._text and any(
            self._words[place:].replace(" ", "").startswith(plain)
            for place, character in enumerate(self._words)
            if character == " "
        )

    def _alternative(self, expression: Any, after_open: bool) -> tuple[Any, bool]:
        cut = [self._cut(item, after_open) for item in expression.items]
        kept = [(item, is_open) for item, is_open in cut if item is not None]
        items = [item for item, _ in kept]
        still_open = any(is_open for _, is_open in kept)
        if len(items) == 1:
            return items[0], still_open
        return (type(expression)(items=items, is_optional=expression.is_optional) if items else None), still_open

    def _row(self, expression: Any, is_open: bool) -> tuple[Any, bool]:
        items: list[Any] = []
        for item in expression.items:
            cut, is_open = self._cut(item, is_open)
            if cut is None:
                return None, False
            items += _inner(cut)
        if len(items) == 1:
            return items[0], is_open
        return type(expression)(items=items), is_open


def _inner(expression: Any) -> Sequence[Any]:
    """Return the parts of a row in a row; nothing where there is nothing to match."""
    kind = type(expression).__name__
    if kind == "TextChunk" and expression.is_empty:
        return ()
    return expression.items if kind == "Sequence" else (expression,)
