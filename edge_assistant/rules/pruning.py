"""Templates cut down to one text: what cannot stand where it would have to is left out before hassil tries the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_assistant.rules.steps import Reader, Step, anything
from edge_assistant.rules.word_index import squeezed

if TYPE_CHECKING:
    from hassil.expression import Sentence

_WORD: Final = re.compile(r"[^\W_]+")


class Said(Reader):
    """One text as it was said, to which templates are cut."""

    __slots__ = ("_beginnings", "_said", "cut")

    def __init__(self, text: str, named: Mapping[str, Sequence[tuple[int, int, int]]]) -> None:
        self._said = unicodedata.normalize("NFC", text)
        super().__init__(squeezed(text), named)
        self.cut: dict[tuple[str, int, int], _Cut] = {}
        """What was left of expansion rules, by their name and where they may start."""
        self._beginnings = 0

    def beginnings(self) -> int:
        """Return the places at which words begin."""
        if not self._beginnings:
            place = 0
            for word in _WORD.findall(self._said):
                self._beginnings |= 1 << place
                place += len(squeezed(word))
        return self._beginnings


_Cut: TypeAlias = "tuple[Any, int, int]"
"""What is left of an expression, or None; where it may end, and where it may end inside an open slot."""
_Cutter: TypeAlias = "Callable[[Said, int, int], _Cut]"
"""Cuts an expression that may start at these places, or anywhere from these on, inside an open slot."""
_NOTHING: Final[_Cut] = (None, 0, 0)


class Pruning:
    """Cuts the templates of one pack; expansion rules are put in their places."""

    def __init__(
        self, expansions: Mapping[str, Sentence], list_step: Callable[[str], Step], open_lists: Collection[str] = ()
    ) -> None:
        """Take what finds a list in a text, and the lists after which hassil goes on only where a word begins."""
        self._expansions = expansions
        self._list_step = list_step
        self._open = open_lists
        self._sentences: dict[str, _Cutter] = {}
        self._rules: dict[str, _Cutter] = {}

    def sentence(self, sentence: Sentence, said: Said) -> Sentence | None:
        """Return a template without what cannot stand in the text; None where it cannot match."""
        from hassil.expression import Group, Sentence
        from hassil.expression import Sequence as Row

        text = str(sentence.text)
        if text not in self._sentences:
            self._sentences[text] = self._cutter(sentence.expression)
        expression, ends, open_ = self._sentences[text](said, 1, 0)
        if expression is None or not (ends & said.end or open_):
            return None
        whole = expression if isinstance(expression, Group) else Row(items=[expression])
        return Sentence(whole, text=sentence.text, required_clauses=frozenset())

    def _cutter(self, expression: Any) -> _Cutter:
        kind = type(expression).__name__
        if kind == "TextChunk":
            return _chunk(expression)
        if kind == "ListReference":
            return self._list(expression)
        if kind == "RuleReference":
            return self._rule(expression.rule_name)
        parts = [self._cutter(item) for item in expression.items]
        if kind == "Alternative":
            return _alternative(expression, parts)
        return _permutation(type(expression), parts) if kind == "Permutation" else _row(type(expression), parts)

    def _list(self, expression: Any) -> _Cutter:
        if expression.list_name in self._open and expression.is_end_of_word:
            return lambda said, starts, open_: (expression, 0, anything(said, starts | open_))
        step = self._list_step(expression.list_name)

        def cut(said: Said, starts: int, open_: int) -> _Cut:
            ends = step(said, starts | open_)
            return (expression, ends, 0) if ends else _NOTHING

        return cut

    def _rule(self, name: str) -> _Cutter:
        def cut(said: Said, starts: int, open_: int) -> _Cut:
            key = name, starts, open_
            found = said.cut.get(key)
            if found is None:
                if name not in self._rules:
                    self._rules[name] = self._cutter(self._expansions[name].expression)
                found = said.cut[key] = self._rules[name](said, starts, open_)
            return found

        return cut


def _chunk(chunk: Any) -> _Cutter:
    plain, blank = squeezed(chunk.text), not chunk.text.strip()
    begins_word, length = chunk.text.lstrip()[:1].isalnum(), len(plain)

    def cut(said: Said, starts: int, open_: int) -> _Cut:
        places = said.literal(plain)
        if open_:
            starts |= open_ if not begins_word or places & open_ & said.beginnings() else 0
        ends = (starts & places) << length
        return (chunk, ends, 0) if ends else _NOTHING

    def skip(said: Said, starts: int, open_: int) -> _Cut:
        return (chunk, starts, open_) if blank else (chunk, starts | open_, 0)

    return cut if plain else skip


def _alternative(expression: Any, parts: Sequence[_Cutter]) -> _Cutter:
    kind, is_optional = type(expression), expression.is_optional

    def cut(said: Said, starts: int, open_: int) -> _Cut:
        items, ends, still_open = [], 0, 0
        for part in parts:
            item, end, inside = part(said, starts, open_)
            if item is not None:
                items.append(item)
                ends |= end
                still_open |= inside
        if len(items) > 1:
            return kind(items=items, is_optional=is_optional), ends, still_open
        return (items[0] if items else None), ends, still_open

    return cut


def _permutation(kind: Any, parts: Sequence[_Cutter]) -> _Cutter:
    def cut(said: Said, starts: int, open_: int) -> _Cut:
        places = anything(said, starts | open_)
        items = [part(said, places, 0)[0] for part in parts]
        return _NOTHING if None in items else (kind(items=items), places, 0)

    return cut


def _row(kind: Any, parts: Sequence[_Cutter]) -> _Cutter:
    def cut(said: Said, starts: int, open_: int) -> _Cut:
        items: list[Any] = []
        for part in parts:
            item, starts, open_ = part(said, starts, open_)
            if item is None:
                return _NOTHING
            items += _inner(item)
        return (items[0] if len(items) == 1 else kind(items=items)), starts, open_

    return cut


def _inner(expression: Any) -> Sequence[Any]:
    """Return the parts of a row in a row; nothing where there is nothing to match."""
    kind = type(expression).__name__
    if kind == "TextChunk" and expression.is_empty:
        return ()
    return expression.items if kind == "Sequence" else (expression,)
