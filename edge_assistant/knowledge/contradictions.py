"""Two documents that state the same with other numbers: the newer one is quoted, and the other one is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.editions import newer, of_document, same_work
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.sentences import sentences
from edge_assistant.knowledge.words import tokens
from edge_assistant.numerals import digits

_ALIKE: Final = 0.8
"""The share of common words from which on two sentences of two editions say the same, but for their numbers."""
_FEWEST: Final = 4
"""Words that a sentence must have beside its numbers."""
_TELLING: Final = 6
"""Words with which it is about the same thing, whatever the documents are called."""
_VALUE: Final = re.compile(
    r"\d+(?:[.,:/-]\d+)*|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)s?\b|(?:星期|周|礼拜)[一二三四五六日天1-7]",
    re.IGNORECASE,
)
_MARK: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)、])\s*")
_MOST: Final = 2
"""Other documents that are named."""
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("(Another document, {0}, says: {1})", "(An older edition, {0}, says: {1})"),
    "zh": ("（另一份文件 {0} 写的是：{1}）", "（旧版文件 {0} 写的是：{1}）"),
}


@dataclass(frozen=True, slots=True)
class Other:
    """What another document says in the place of parts of the answer."""

    says: Mapping[str, str]
    """By the part of the answer."""
    found: Found


def noticed(finding: Finding, found: Sequence[Found], asked: str, language: str) -> Finding:
    """Return the answer of the newest edition, with what others say beside it.

    Nothing changes where no other passage has the same sentence with other numbers, nor where the question itself
    names the edition that it means.
    """
    others = list(_others(finding, found, language))
    if not others or _named(asked, [finding.found, *(other.found for other in others)]):
        return finding
    best = finding.found
    for other in others:
        best = other.found if _before(other.found, best) else best
    if best is not finding.found:
        others, finding = _exchanged(finding, others, best)
    named = others[:_MOST]
    text = "\n\n".join((finding.text, *(_note(other, finding.found, language) for other in named)))
    return replace(finding, text=text, beside=(*finding.beside, *(other.found for other in named)))


def contradict(here: str, there: str, language: str) -> bool:
    """Return whether two sentences say the same with other numbers or dates."""
    (words, values), (others, theirs) = _pattern(here, language), _pattern(there, language)
    if len(values) != len(theirs) or values == theirs or len(words) < _FEWEST:
        return False
    return len(words & others) >= _ALIKE * len(words | others)


def _others(finding: Finding, found: Sequence[Found], language: str) -> Iterator[Other]:
    """Yield what other documents say, each document once."""
    own = finding.found.stored
    parts = [part for part in _parts(finding.text) if _pattern(part, language)[1]]
    seen = {(own.collection, own.document)}
    for one in found if parts else ():
        document = (one.stored.collection, one.stored.document)
        if document not in seen:
            says = {part: _counterpart(part, finding.found, one, language) for part in parts}
            said = {part: text for part, text in says.items() if text is not None}
            if said:
                seen.add(document)
                yield Other(said, one)


def _counterpart(part: str, own: Found, other: Found, language: str) -> str | None:
    """Return the sentence of another passage that contradicts one; of a strange work, only one of the same words."""
    sentence, text = _whole(part, own.stored.chunk.text), other.stored.chunk.text
    if not same_work(own.stored, other.stored):
        blank = _blank(sentence, language)
        if len(_pattern(sentence, language)[0]) < _TELLING or blank not in _blank(text, language):
            return None
    return next((said for said in _parts(text) if contradict(sentence, said, language)), None)


def _exchanged(finding: Finding, others: Sequence[Other], best: Found) -> tuple[list[Other], Finding]:
    """Return the answer of another edition, and what is now said beside it: what was to be the answer, first."""
    chosen = next(other for other in others if other.found is best)
    text = finding.text
    for part, says in chosen.says.items():
        text = text.replace(part, says)
    changed = replace(finding, text=text, found=best, way="quotes the newer edition,")
    was = Other({says: part for part, says in chosen.says.items()}, finding.found)
    return [was, *(other for other in others if other is not chosen)], changed


def _before(one: Found, other: Found) -> bool:
    """Return whether a passage is to be believed before another: the owner's first, then the newer one."""
    if one.priority != other.priority:
        return one.priority > other.priority
    return newer(one.stored, other.stored)


def _note(other: Other, quoted: Found, language: str) -> str:
    another, older = _SAID.get(language, _SAID["en"])
    form = older if newer(quoted.stored, other.found.stored) else another
    return form.format(other.found.stored.document, next(iter(other.says.values())).strip("… "))


def _named(asked: str, found: Sequence[Found]) -> bool:
    marks = {mark for one in found for edition in of_document(one.stored) for mark in edition.marks}
    return any(re.search(rf"(?<![a-z0-9]){re.escape(mark)}(?![a-z0-9])", asked.lower()) for mark in marks)


def _parts(text: str) -> list[str]:
    """Return the sentences and the items of a text."""
    return [_MARK.sub("", part) for line in text.splitlines() for part in sentences(line)]


def _whole(part: str, text: str) -> str:
    """Return the sentence of a text that a part was cut from."""
    cut = part.strip("… ")
    return next((sentence for sentence in _parts(text) if cut in sentence), part)


@lru_cache(maxsize=512)
def _pattern(sentence: str, language: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of a sentence beside its values, and the values."""
    written = digits(_MARK.sub("", sentence), language)
    values = tuple(_plain(found[0]) for found in _VALUE.finditer(written))
    return frozenset(tokens(_VALUE.sub(" ", written))), values


def _plain(value: str) -> str:
    """Write a value in one way: 1,000 and 1000, 1.50 and 1.5 are the same."""
    number = re.sub(r",(?=\d{3}\b)", "", value.lower())
    return re.sub(r"(\.\d*?)0+$", r"\1", number).rstrip(".") if re.fullmatch(r"\d+\.\d+", number) else number


@lru_cache(maxsize=512)
def _blank(text: str, language: str) -> str:
    """Return a text with its values left blank, to be looked for letter by letter."""
    return re.sub(r"\s+", " ", _VALUE.sub("#", digits(text, language))).lower()
