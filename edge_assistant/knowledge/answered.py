"""What speaks for a question before a model reads the passages, and for its answer afterwards: numbers for a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge_assistant.calibration import log_odds
from edge_assistant.knowledge.asked import Want, holds, wanted
from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.sentences import sentences
from edge_assistant.knowledge.traits import denies, reversed_by, traits
from edge_assistant.knowledge.words import length, naming, spoken, strange, vocabulary
from edge_assistant.types import Passage

_WANTS: Final[tuple[Want, ...]] = ("time", "number", "person", "place", "steps", "reason", "yes or no", "thing")
_UNKNOWN: Final = 0.5
"""What a quotation is taken to be worth of which nobody says how likely it answers."""


def promise(question: str, passages: Sequence[Passage]) -> dict[str, float]:
    """Return what is known before a model is asked: the class of the question, and how well the passages fit it."""
    asked, there = frozenset(naming(question)), _words_of(passages)
    names, form = Question(question, "en", {}, 0).names, traits(question)
    known = max((passage.right for passage in passages if passage.right is not None), default=_UNKNOWN)
    want = wanted(question)
    return {
        **{f"wants {kind}": float(want == kind) for kind in _WANTS},
        "quotation": log_odds(known),
        "covered": _share(asked, there),
        "name missing": float(bool(names - there)),
        "number missing": float(not there.issuperset(form.numbers)),
        "extreme missing": float(not there.issuperset(form.extremes)),
        "head missing": float(bool(form.head) and form.head not in there),
        "denies": float(form.denies),
        "strange": strange(question, "".join(passage.text for passage in passages)),
        "question": min(1.0, len(asked) / 16.0),
    }


def fit(question: str, answer: str, passages: Sequence[Passage]) -> dict[str, float]:
    """Return how an answer fits its question, the passages and what would be quoted from them."""
    said, asked = frozenset(naming(answer)), frozenset(spoken(question))
    new = said - asked
    quotation = " ".join(passage.quotation for passage in passages)
    ground = _ground(question, new, passages)
    kind = holds(wanted(question), answer)
    return {
        "quoted": _share(new, vocabulary(quotation)),
        "nothing new": float(not new),
        "holds": float(kind is True),
        "lacks": float(kind is False),
        "near": _share(frozenset(naming(question)), vocabulary(ground)),
        "in place": _share(new, vocabulary(ground)),
        "opposite": float(reversed_by(question, ground)),
        "negated": float(denies(question) != denies(ground)),
        "verbatim": float(any(_plain(answer) in _plain(passage.text) for passage in passages)),
        "length": min(1.0, length(answer) / 40.0),
        "restates": _share(frozenset(naming(question)), vocabulary(answer)),
    }


def _ground(question: str, new: frozenset[str], passages: Sequence[Passage]) -> str:
    """Return the sentence that says most of what is new in an answer, and of those the one nearest to the question."""
    asked = frozenset(naming(question))
    every = [sentence for passage in passages for line in passage.text.splitlines() for sentence in sentences(line)]
    return max(
        every,
        key=lambda one: (_share(new, vocabulary(one)), _share(asked, vocabulary(one))),
        default="",
    )


def _words_of(passages: Sequence[Passage]) -> frozenset[str]:
    return frozenset().union(*(vocabulary(f"{passage.text} {passage.source}") for passage in passages))


def _share(words: frozenset[str], there: frozenset[str]) -> float:
    return len(words & there) / len(words) if words else 0.0


def _plain(text: str) -> str:
    return " ".join(spoken(text))
