"""How a chosen sentence stands: above the others, beside its passage, and against the very words of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.quote import length
from edge_assistant.knowledge.swaps import swaps
from edge_assistant.knowledge.units import Unit
from edge_assistant.knowledge.words import strange, vocabulary


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that could be quoted, with the probability that it is the one among the others."""

    unit: Unit
    found: Found
    features: Mapping[str, float]
    worth: float


def standing(
    question: Question, weighed: Sequence[Candidate], best: Candidate, said: str, found: Sequence[Found]
) -> dict[str, float]:
    """Return the features of an answer `said` in these words: those of its sentence, and what only the best needs."""
    scores = [one.score for one in found]
    known = question.frequencies
    return {
        **best.features,
        **agreement(found),
        **above(weighed, best),
        **swaps(question.text, question.terms, question.traits.head, best.unit.text, question.weight),
        **_wording(question, best.found.stored.chunk.title, said),
        "margin": scores[0] - scores[1] if len(scores) > 1 else 1.0,
        "unknown": max((question.weight(term) for term in question.terms if term not in known), default=0.0),
    }


def above(weighed: Sequence[Candidate], best: Candidate) -> dict[str, float]:
    """Return how far the best sentence stands above the next, and above all of other passages."""
    others = [one.worth for one in weighed if one is not best]
    elsewhere = [one.worth for one in weighed if one.found is not best.found]
    return {
        "worth": best.worth,
        "lead": best.worth - max(others) if others else 0.5,
        "lead elsewhere": best.worth - max(elsewhere, default=0.0),
        "rivals": min(2.0, sum(others)),
    }


def meaning(features: Mapping[str, float], nearness: float) -> dict[str, float]:
    """Return the features of a whole answer with how near to the question it is, itself and beside its passage."""
    return {**features, "meaning": nearness, "meaning gap": nearness - features["cosine"]}


def agreement(found: Sequence[Found]) -> dict[str, float]:
    """Return how far one passage stands above the others, by words, by meaning, and whether both mean the same one."""
    near = [one.cosine or 0.0 for one in found]
    matching = [one.bm25 for one in found]
    best = max(matching, default=0.0) or 1.0
    return {
        "agree": float(bool(found) and near.index(max(near)) == matching.index(max(matching))),
        "nearest": max(near, default=0.0),
        "near lead": _lead(near, 0.3),
        "near height": _height(near, 0.3),
        "bm25 lead": _lead(matching, best) / best,
        "bm25 height": _height(matching, best) / best,
        "few found": float(len(found) < 3),
    }


def _lead(scores: Sequence[float], alone: float) -> float:
    first = sorted(scores, reverse=True)
    return first[0] - first[1] if len(first) > 1 else alone


def _height(scores: Sequence[float], alone: float) -> float:
    first, *others = sorted(scores, reverse=True) or [alone]
    return first - sum(others[:5]) / len(others[:5]) if others else alone


def _wording(question: Question, title: str, said: str) -> dict[str, float]:
    """Return what of the question is said in the end: a long sentence may have been cut, a short one paired."""
    here = question.said(said)
    return {
        "cut": float("…" in said),
        "said length": min(1.0, length(said) / 40.0),
        "said": question.coverage(here),
        "said around": question.coverage(here | vocabulary(title)),
        "said strange": strange(question.text, said + title),
    }
