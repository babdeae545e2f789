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
from edge_assistant.knowledge.measures import Measure, amounts, measured, speaks
from edge_assistant.knowledge.traits import Traits, denies, reversed_by, traits, wanted_spots
from edge_assistant.knowledge.units import Unit
from edge_assistant.knowledge.words import naming, size, spoken, strange, tokens, vocabulary

_LAST_SPACED: Final = "\u2fff"
_NAME: Final = re.compile(r"(?<!^)(?<![.?!]\s)\b[A-Z][\w'-]+|\d+(?:[.,]\d+)*")


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
    def measure(self) -> Measure | None:
        return measured(self.text)

    @cached_property
    def measuring(self) -> frozenset[str]:
        """Return its terms that name the measure: the heavy of "how heavy", which "weighs 12 kg" says too."""
        if self.measure is None:
            return frozenset()
        words = [found[0] for found in self.measure.named.finditer(self.text)]
        spaced = {token for word in words for token in tokens(word)}
        return frozenset(term for term in self.terms if term in spaced or _holds_unspaced(term, words))

    def said(self, text: str) -> frozenset[str]:
        """Return the tokens of a text, and those of the question that name the measure it speaks of."""
        here = vocabulary(text)
        if self.measure is None or self.measuring <= here or not speaks(self.measure, text):
            return here
        return here | self.measuring

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

    @cached_property
    def weighed(self) -> dict[tuple[int, int, float], list[tuple[Unit, dict[str, float]]]]:
        """Return what is known about sentences already: the order of passages and the quotation need the same."""
        return {}

    @cached_property
    def traits(self) -> Traits:
        return traits(self.text)

    @cached_property
    def form(self) -> Mapping[str, float]:
        """Return the features that every sentence shares."""
        kinds: tuple[Want, ...] = ("time", "number", "person", "place", "steps", "reason", "yes or no", "thing")
        return {
            **{f"wants {kind}": float(self.want == kind) for kind in kinds},
            "asks": float(self.want not in ("no question", "order")),
            "order": float(self.want == "order"),
            "definite": float(self.want in ("time", "number", "person", "place")),
            "denies": float(self.traits.denies),
            "extreme": float(bool(self.traits.extremes)),
            "no head": float(not self.traits.head),
            "named": float(bool(self.names)),
            "question": min(1.0, len(self.terms) / 16.0),
            "few": float(len(self.terms) < 3),
        }

    @cached_property
    def ideal(self) -> float:
        """Return about the bm25 of a passage with every term, so that bm25 means the same in every library."""
        return sum(2.2 * self._bm25_weight(term) for term in self.terms) or 1.0

    def _bm25_weight(self, term: str) -> float:
        count = self.frequencies.get(term, 0)
        rarity = (self.total - count + 0.5) / (count + 0.5)
        return max(1e-6, math.log(rarity)) if self.total > count else 1e-6

    def coverage(self, there: frozenset[str], known: frozenset[str] = frozenset()) -> float:
        """Return the share of what the question says that these tokens say too, leaving out what is `known`."""
        said = whole = 0.0
        for term, weight in self.weights.items():
            if term not in known:
                whole += weight
                said += weight if term in there else 0.0
        return said / (whole or 1.0)


@dataclass(frozen=True, slots=True)
class Ground:
    """A passage as one question sees it; its sentences share these features."""

    found: Found
    words: frozenset[str]
    title: frozenset[str]
    name: str
    features: Mapping[str, float]


def ground(question: Question, found: Found, top: float, rank: int) -> Ground:
    """Return what the passage found at this rank says for all of its sentences; `top` is the best score."""
    chunk = found.stored.chunk
    title = vocabulary(f"{chunk.title} {chunk.question or ''}")
    passage = question.said(chunk.text) | title
    missing = sorted((weight for term, weight in question.weights.items() if term not in passage), reverse=True)
    asked = question.traits
    return Ground(
        found,
        passage,
        title,
        f"{chunk.title}{chunk.question or ''}",
        {
            **question.form,
            "passage": question.coverage(passage),
            "title": question.coverage(title),
            "all": float(not missing),
            "titled": float(not title.isdisjoint(question.terms)),
            "gravest": missing[0] if missing else 0.0,
            "second gravest": missing[1] if len(missing) > 1 else 0.0,
            "missing": min(1.0, len(missing) / 4.0),
            "plain": _share(question.terms, passage),
            "names": _share(tuple(question.names), passage),
            "name missing": max((question.weight(name) for name in question.names - passage), default=0.0),
            "number missing": float(not passage.issuperset(asked.numbers)),
            "extreme missing": float(not passage.issuperset(asked.extremes)),
            "head missing": float(bool(asked.head) and asked.head not in passage),
            "strange": strange(question.text, f"{chunk.title}{chunk.question or ''}{chunk.text}"),
            "cosine": found.cosine or 0.0,
            "score": found.score / (top or 1.0),
            "rank": 1.0 / (1 + rank),
            "bm25": min(1.0, found.bm25 / question.ideal),
        },
    )


def evidence(question: Question, unit: Unit, ground: Ground) -> dict[str, float]:
    """Return every feature of one sentence of a passage."""
    said = spoken(unit.text)
    here = question.said(unit.text)
    before = vocabulary(unit.before)
    around = here | ground.title | before
    kind = holds(question.want, unit.text)
    spots = wanted_spots(question.want, question.text, unit.text)
    asked = question.traits
    left = [weight for term, weight in question.weights.items() if term not in here]
    return {
        **ground.features,
        "sentence": question.coverage(here),
        "relation": question.coverage(here, ground.title),
        "relation around": question.coverage(around, ground.title),
        "relation strange": strange(_without(question.text, ground.name), unit.text),
        "around": question.coverage(around),
        "gap": max((weight for term, weight in question.weights.items() if term not in around), default=0.0),
        "left out": min(1.0, len(left) / 6.0),
        "gravest left out": max(left, default=0.0),
        "strange here": strange(question.text, f"{unit.before}{unit.text}"),
        "pairs": _pairs(question.terms, said),
        "near": _nearness(question.terms, said),
        "in order": _in_order(question.terms, said),
        "names here": _share(tuple(question.names), around),
        "new name": float(bool(_names(unit.text) - question.names)),
        "numbers here": float(bool(asked.numbers) and (here | before).issuperset(asked.numbers)),
        "extreme here": float(not here.isdisjoint(asked.extremes)),
        "head here": float(asked.head in here),
        "begins here": float(question.terms[0] in here),
        "ends here": float(question.terms[-1] in here),
        "opposite": float(reversed_by(question.text, unit.text)),
        "holds": float(kind is True),
        "lacks": float(kind is False),
        "holds new": float(bool(spots)),
        "holds nothing new": float(spots is not None and not spots),
        "new nearby": _beside(question, unit.text, spots or ()),
        **_measured(question, unit.text),
        "length": min(1.0, size(unit.text) / 100.0),
        "short": float(len(said) < 6),
        "fresh": min(1.0, sum(token not in question.terms for token in said) / 30.0),
        "first": float(unit.first),
        "whole": float(unit.whole),
        "steps": float(unit.whole and question.want == "steps"),
        "negated": float(asked.denies != denies(unit.text)),
    }


def _measured(question: Question, sentence: str) -> dict[str, float]:
    """Return whether a sentence holds a number of the units that are asked for, and how much of the question beside."""
    if question.measure is None:
        return {"measured": 0.0, "unmeasured": 0.0, "measured nearby": 0.0}
    spots = list(amounts(question.measure, question.text, sentence))
    beside = _beside(question, sentence, spots)
    return {"measured": float(bool(spots)), "unmeasured": float(not spots), "measured nearby": beside}


def _without(text: str, name: str) -> str:
    return "".join(character for character in text if character not in name)


def _holds_unspaced(term: str, words: Sequence[str]) -> bool:
    return any(word in term for word in words if word > _LAST_SPACED)


def _names(text: str) -> frozenset[str]:
    return frozenset(token for name in _NAME.findall(text) for token in tokens(name))


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


def _in_order(words: Sequence[str], said: Sequence[str]) -> float:
    """Return the share of neighbouring terms in the sentence that stand there as the question orders them."""
    places = {word: place for place, word in enumerate(words)}
    met = [places[token] for token in said if token in places]
    return sum(first < then for first, then in pairwise(met)) / (len(met) - 1) if len(met) > 1 else 0.5


def _beside(question: Question, sentence: str, spots: Sequence[tuple[int, int]]) -> float:
    """Return the most of the question that is said within 60 characters of something of the wanted kind."""
    lowered = sentence.lower()
    terms = [(lowered.find(term[:5]), weight) for term, weight in question.weights.items()]
    middles = [(start + end) / 2 for start, end in spots]
    said = (sum(weight for at, weight in terms if at >= 0 and abs(at - middle) < 60) for middle in middles)
    return max(said, default=0.0) / (sum(question.weights.values()) or 1.0)
