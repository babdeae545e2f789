"""What speaks for a sentence as the answer to a question: numbers between 0 and 1, whatever the library's size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from edge_assistant.knowledge.asked import Want, holds, wanted
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.units import Unit
from edge_assistant.knowledge.words import naming, size, spoken, tokens, vocabulary

_NAME: Final = re.compile(r"(?<!^)(?<![.?!]\s)\b[A-Z][\w'-]+|\d+(?:[.,]\d+)*")
_NEGATION: Final = re.compile(r"\b(not|never|no|without|n't|neither|except)\b|n't\b|不|没|無|无|非", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """A question with what is known about its words."""

    text: str
    language: str
    frequencies: Mapping[str, int]
    """In how many passages each of its terms stands."""
    total: int
    """How many passages there are."""

    @cached_property
    def terms(self) -> tuple[str, ...]:
        return naming(self.text)[:32]

    @cached_property
    def want(self) -> Want:
        return wanted(self.text)

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the tokens of names and numbers in it: what must not be swapped."""
        return _names(self.text)

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """How telling each of its terms is."""
        return {term: self.weight(term) for term in self.terms}

    def weight(self, term: str) -> float:
        """Return how telling a term is, between 0 and 1: one that stands nowhere tells most."""
        share = (self.frequencies.get(term, 0) + 0.5) / (self.total + 1.0)
        return min(1.0, math.log(1.0 / share) / math.log(2.0 * self.total + 2.0))

    def coverage(self, there: frozenset[str] | set[str]) -> float:
        """Return the share of what the question says that these tokens say too."""
        weights = self.weights
        return sum(weight for term, weight in weights.items() if term in there) / (sum(weights.values()) or 1.0)


def evidence(question: Question, unit: Unit, found: Found, top: float, rank: int) -> dict[str, float]:
    """Return every feature of one sentence of the passage that was found at this rank; `top` is the best score."""
    chunk = found.stored.chunk
    said = spoken(unit.text)
    here = vocabulary(unit.text)
    title = vocabulary(f"{chunk.title} {chunk.question or ''}")
    around = here | title | vocabulary(unit.before)
    passage = vocabulary(chunk.text) | title
    missing = [weight for term, weight in question.weights.items() if term not in passage]
    kind = holds(question.want, unit.text)
    fresh = [token for token in said if token not in question.terms]
    return {
        "sentence": question.coverage(here),
        "around": question.coverage(around),
        "passage": question.coverage(passage),
        "title": question.coverage(title),
        "all": float(not missing),
        "gravest": max(missing, default=0.0),
        "gap": max((weight for term, weight in question.weights.items() if term not in around), default=0.0),
        "plain": _share(question.terms, passage),
        "pairs": _pairs(question.terms, said),
        "near": _nearness(question.terms, said),
        "names": _share(tuple(question.names), passage),
        "names here": _share(tuple(question.names), around),
        "new name": float(bool(_names(unit.text) - question.names)),
        "named": float(bool(question.names)),
        "holds": float(kind is True),
        "lacks": float(kind is False),
        "asks": float(question.want not in ("no question", "order")),
        "order": float(question.want == "order"),
        "definite": float(question.want in ("time", "number", "person", "place")),
        "cosine": found.cosine or 0.0,
        "score": found.score / (top or 1.0),
        "rank": 1.0 / (1 + rank),
        "length": min(1.0, size(unit.text) / 100.0),
        "short": float(len(said) < 6),
        "fresh": min(1.0, len(fresh) / 30.0),
        "first": float(unit.first),
        "whole": float(unit.whole),
        "steps": float(unit.whole and question.want == "steps"),
        "question": min(1.0, len(question.terms) / 16.0),
        "few": float(len(question.terms) < 3),
        "negated": float(bool(_NEGATION.search(question.text)) != bool(_NEGATION.search(unit.text))),
        "bm25": min(1.0, found.bm25 / _ideal(question)),
    }


def _names(text: str) -> frozenset[str]:
    return frozenset(token for name in _NAME.findall(text) for token in tokens(name))


def _ideal(question: Question) -> float:
    """Return about the bm25 of a passage with every term, so that bm25 means the same in every library."""
    return sum(2.2 * _bm25_weight(question, term) for term in question.terms) or 1.0


def _bm25_weight(question: Question, term: str) -> float:
    count = question.frequencies.get(term, 0)
    return max(1e-6, math.log((question.total - count + 0.5) / (count + 0.5))) if question.total > count else 1e-6


def _share(words: Sequence[str], there: frozenset[str]) -> float:
    return sum(word in there for word in words) / len(words) if words else 0.0


def _pairs(words: Sequence[str], said: Sequence[str]) -> float:
    """Return the share of the question's neighbouring terms that are neighbours in the sentence too."""
    wanted_pairs = list(_neighbours(words))
    said_pairs = set(_neighbours(said))
    return sum(pair in said_pairs for pair in wanted_pairs) / len(wanted_pairs) if wanted_pairs else 0.0


def _nearness(words: Sequence[str], said: Sequence[str]) -> float:
    """Return how close together the question's terms stand in the sentence."""
    places = [place for place, token in enumerate(said) if token in words]
    if len(places) < 2:
        return 0.0
    return min(1.0, len(set(said[place] for place in places)) / (places[-1] - places[0] + 1))


def _neighbours(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    return pairwise(words)
