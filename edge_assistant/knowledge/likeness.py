"""Whether two questions ask the same: how close a user's words are to the question of a card or a heading."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final

from edge_assistant.knowledge.asked import wanted
from edge_assistant.knowledge.synonyms import shipped
from edge_assistant.knowledge.traits import reversed_by
from edge_assistant.knowledge.words import naming, strange

_NEGATION: Final = re.compile(r"\b(not|never|no|without|cannot|neither|except)\b|n't\b|不|没|無|无法|别", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+")
_THING: Final = re.compile(
    r"\b(?:the|my|our|his|her|their|this|these|an?)\s+"
    r"([\w-]+(?:\s+(?!(?:and|or|to|of|in|on|at|for|with|is|are|was|were|be|not|should|can|has|have|from)\b)[\w-]+)?)",
    re.IGNORECASE,
)
_DEFINITE: Final = frozenset(("time", "number", "person", "place"))
_IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff]")


def likeness(
    asked: str,
    kept: str,
    cosine: float | None,
    weight: Callable[[str], float] = lambda term: 1.0,
    beside: Collection[str] = (),
) -> dict[str, float]:
    """Return every feature of a pair of questions.

    `cosine` is their nearness by meaning, if that is known; `weight` says how telling a term is, between 0 and 1;
    `beside` are the words of the answer, which may say what the kept question leaves out.
    """
    asked, kept = shipped().plain(asked), shipped().plain(kept)
    here, there = set(naming(asked)), set(naming(kept))
    both = len(here & there)
    total = sum(weight(term) for term in here)
    return {
        "jaccard": both / (len(here | there) or 1),
        "asked covered": sum(weight(term) for term in here & there) / (total or 1.0),
        "kept covered": both / (len(there) or 1),
        "equal": float(here == there),
        "apart": float(not both),
        "cosine": cosine or 0.0,
        "near": max(0.0, (cosine or 0.0) - 0.6),
        "kind": float(wanted(kept) in (wanted(asked), "no question")),
        "order": float(wanted(asked) == "order" and wanted(kept) != "order"),
        "negated": float(bool(_NEGATION.search(asked)) != bool(_NEGATION.search(kept))),
        "numbers": float(set(_NUMBER.findall(asked)) != set(_NUMBER.findall(kept))),
        "missing": max((weight(term) for term in here - there if _spaced(term) and term not in beside), default=0.0),
        "few": float(len(here) < 2 and here != there),
        "other kind": float({wanted(asked), wanted(kept)} <= _DEFINITE and wanted(asked) != wanted(kept)),
        "exchanged": min(1.0, 2 * min(strange(asked, kept), strange(kept, asked))),
        "other thing": float(not _things(asked) <= there.union(beside)),
        "opposite": float(reversed_by(asked, kept)),
        "strange": strange(asked, {*kept, *"".join(beside)}),
    }


def _things(question: str) -> set[str]:
    """Return the tokens of what a question points at with an article or a possessive."""
    return {token for found in _THING.finditer(question) for token in naming(found[1])}


def _spaced(term: str) -> bool:
    return not _IDEOGRAPH.match(term)
