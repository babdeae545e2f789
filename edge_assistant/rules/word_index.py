"""Words and names in a text, found without trying each of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

_ENOUGH: Final = 2
"""Clauses of a template that are looked at; the sieve sees the rest."""


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
        self._by_start: dict[str, list[str]] = {}
        self._clauses: dict[str, list[int]] = {}
        """The clauses that each word meets."""
        self._met_by: dict[str, list[int]] = {}
        """The templates whose first clause a word meets, whose second and so on: worked out when it is first found."""
        for words, clause in known.items():
            for word in words:
                self._clauses.setdefault(word, []).append(clause)
        for word in self._clauses:
            self._by_start.setdefault(word[:2], []).append(word)
        self._short = any(len(start) == 1 for start in self._by_start)

    def within(self, text: str) -> int:
        """Return the templates that a squeezed text may be of, as bits."""
        met, left = self._content, self._all
        for word in self._found(text):
            met = [before | bits for before, bits in zip(met, self._met(word), strict=True)]
        for content in met:
            left &= content
        return left

    def _met(self, word: str) -> list[int]:
        met = self._met_by.get(word)
        if met is None:
            clauses = self._clauses[word]
            met = self._met_by[word] = [
                reduce(or_, (needing.get(clause, 0) for clause in clauses), 0) for needing in self._needing
            ]
        return met

    def _found(self, text: str) -> Sequence[str]:
        """Return the words that stand in the text."""
        starts = {text[place : place + 2] for place in range(len(text))}
        if self._short:
            starts.update(text)
        by_start = self._by_start
        return [word for start in starts if start in by_start for word in by_start[start] if word in text]


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
