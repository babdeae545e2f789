"""The answer that the passages hold, and the probability that it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final, TypeAlias

from edge_assistant.calibration import Table, log_odds, shipped
from edge_assistant.errors import ConfigError
from edge_assistant.knowledge.evidence import Question, evidence, ground
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.likeness import likeness
from edge_assistant.knowledge.quote import paired, quoted, section
from edge_assistant.knowledge.standing import Candidate, meaning, standing
from edge_assistant.knowledge.units import Unit, units
from edge_assistant.knowledge.words import vocabulary

_READ: Final = 4
"""Passages whose sentences are weighed: the answer is in the first of them on 88 %, in one of four on 95 % of dev."""
_SCORE: Final = 2.0
"""The log-odds that a passage's score is worth beside its best sentence: 0 to 4 were tried on dev."""
_NAMED: Final = 0.6
"""The share of a question that a heading which asks nothing must say to stand for it: "Reset", not "The pump"."""

_HOPELESS: Final = 0.1
"""Below this probability nothing is embedded any more: no nearness lifts a sentence from there to the threshold."""
_MAYBE: Final = 0.25
"""The share of the best sentence's probability that its neighbour must have to be said with it."""
_STANDS_FOR: Final = 0.5
"""The probability from which a heading brings its passage up, and from which each part of a question is answered."""

Nearness: TypeAlias = Callable[[str], float | None]
"""How near a text is to the question in meaning; None where nothing reads its language. Costs an embedding, 8 ms."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the documents say to a question."""

    text: str
    found: Found
    """The passage it is quoted from."""
    confidence: float
    """The probability that the text answers the question."""
    way: str
    """How it was found, for people."""
    beside: tuple[Found, ...] = ()
    """Further passages that it is quoted from."""

    @property
    def sources(self) -> tuple[Found, ...]:
        """Return every passage that it is quoted from, once."""
        return tuple({one.stored.id: one for one in (self.found, *self.beside)}.values())


def finding(question: Question, found: Sequence[Found], nearness: Nearness | None = None) -> Finding | None:
    """Return the best answer in these passages, with its probability; None where there are no passages."""
    if not found or not question.terms:
        return None
    found = by_score(found)
    answers = [*_titled(question, found), *_quoted(question, found, nearness)]
    return max(answers, key=lambda answer: answer.confidence, default=None)


def together(parts: Sequence[Finding | None], whole: Finding | None) -> Finding | None:
    """Return what is said to each question of a text, one below the other; `whole` where one of them has no answer."""
    told = [part for part in parts if part is not None and part.confidence >= _STANDS_FOR]
    if len(told) < len(parts):
        return whole
    text = "\n\n".join(dict.fromkeys(part.text for part in told))
    beside = tuple(part.found for part in told[1:])
    return Finding(text, told[0].found, prod(part.confidence for part in told), "quotes part by part", beside)


def by_score(found: Sequence[Found]) -> list[Found]:
    """Return passages in the order that the tables were fitted on."""
    return sorted(found, key=lambda one: -one.score)


def ranked(question: Question, found: Sequence[Found]) -> list[Found]:
    """Put first, of the best passages, the one whose sentence or question answers best.

    Held out, R@1 .880 becomes .906 by the sentences and .908 with the scores. The nearness of the two best sentences
    would add .003, within chance, for two embeddings.
    """
    worths = dict.fromkeys((one.stored.id for one in found[:_READ]), 0.0)
    if found and question.terms:
        choose = table("choose", question, found)
        for _, one, features in candidates(question, found):
            worths[one.stored.id] = max(worths[one.stored.id], choose.probability(features))
    for titled in _titled(question, found):
        number, known = titled.found.stored.id, worths.get(titled.found.stored.id, 0.0)
        if number in worths or titled.confidence >= _STANDS_FOR:
            worths[number] = max(known, titled.confidence)
    weighed = [one for one in found if one.stored.id in worths]
    weighed.sort(key=lambda one: -log_odds(worths[one.stored.id]) - _SCORE * one.score)
    return [*weighed, *(one for one in found if one.stored.id not in worths)]


def candidates(question: Question, found: Sequence[Found]) -> Iterator[tuple[Unit, Found, dict[str, float]]]:
    """Yield every sentence that could be quoted, with its features."""
    for rank, one in enumerate(found[:_READ]):
        seen = (one.stored.id, rank, found[0].score)
        if seen not in question.weighed:
            under = ground(question, one, found[0].score, rank)
            question.weighed[seen] = [(unit, evidence(question, unit, under)) for unit in units(one.stored.chunk.text)]
        yield from ((unit, one, features) for unit, features in question.weighed[seen])


def table(kind: str, question: Question, found: Sequence[Found]) -> Table:
    """Return the table for this language, and for a search by words alone where there was no other."""
    dense = any(one.cosine is not None for one in found)
    names = [f"{kind}.{question.language}", f"{kind}.en"]
    if not dense:
        names.insert(0, f"{kind}.{question.language}.words")
    for name in names:
        try:
            return shipped("knowledge", name)
        except ConfigError:
            continue
    raise ConfigError(f"there is no calibration table for {kind}")


def told(question: Question, weighed: Sequence[Candidate]) -> tuple[Candidate, str]:
    """Return the sentence most likely to answer, and what is said of it: its neighbour too where that may be it."""
    best, *others = sorted(weighed, key=lambda one: -one.worth)
    for other in others[:3]:
        if other.found is best.found and other.worth >= _MAYBE * best.worth:
            both = paired(best.unit, other.unit, question.language)
            if both is not None:
                return best, both
    return best, quoted(best.unit, question.terms, question.language)


def _quoted(question: Question, found: Sequence[Found], nearness: Nearness | None) -> Iterator[Finding]:
    """Yield the sentence most likely to answer."""
    choose = table("choose", question, found)
    weighed = [
        Candidate(unit, one, features, choose.probability(features))
        for unit, one, features in candidates(question, found)
    ]
    if not weighed:
        return
    best, text = told(question, weighed)
    whole = standing(question, weighed, best, text, found)
    confidence = table("answers", question, found).probability(whole)
    if nearness is not None and confidence >= _HOPELESS:
        confidence = _by_meaning(question, whole, nearness(text)) or confidence
    yield Finding(text, best.found, confidence, "quotes")


def _by_meaning(question: Question, whole: Mapping[str, float], nearness: float | None) -> float | None:
    """Return the probability in the light of how near the answer is; None where no table knows that language."""
    if nearness is None:
        return None
    try:
        return shipped("knowledge", f"meaning.{question.language}").probability(meaning(whole, nearness))
    except ConfigError:
        return None


def _titled(question: Question, found: Sequence[Found]) -> Iterator[Finding]:
    """Yield what stands under the question, or heading, that is most like this one."""
    for one in found:
        chunk = one.stored.chunk
        _, below, heading = chunk.title.rpartition(" › ")
        if not below and not chunk.question:  # the name of the whole document stands for none of its passages
            continue
        heading = chunk.question or heading
        cosine = one.cosine if chunk.question else None
        beside = vocabulary(chunk.title) | vocabulary(chunk.text)
        alike = likeness(question.text, heading, cosine, question.weight, beside)
        if not chunk.question and alike["asked covered"] < _NAMED:
            continue
        name = "likeness" if cosine is not None else "likeness.words"
        confidence = shipped("knowledge", name).probability(alike)
        yield Finding(
            section(chunk.text, question.want, question.language), one, confidence, "quotes what stands under"
        )
