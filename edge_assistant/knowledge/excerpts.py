"""The part of a passage that a model is shown: few words, so that it reads them fast and is not led astray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from edge_assistant.knowledge.sentences import sentences
from edge_assistant.knowledge.words import length, naming, tokens
from edge_assistant.types import Passage, Query

_SHOWN: Final = {"en": (120, 45), "zh": (240, 90)}
"""Words, or unspaced characters, of the best passage and of each other one that a model is shown.

Two of them hold the answer to 93 % of kb_en instead of 95 %, and are read in half the time.
"""
_MARK: Final = 60
"""Characters by which a quotation is found again in its passage."""


def shown(query: Query) -> Query:
    """Return a question with the parts of its passages that a model is shown."""
    first, other = _SHOWN.get(query.language, _SHOWN["en"])
    passages = (
        replace(passage, text=excerpt(query.text, passage, other if number else first))
        for number, passage in enumerate(query.passages)
    )
    return replace(query, passages=tuple(passages))


def excerpt(question: str, passage: Passage, most: int) -> str:
    """Return the sentences in a row, of at most `most` words, that say most of a question, around the quotation if any.

    A single sentence that is longer than that is kept whole.
    """
    text = passage.text
    if length(text) <= most:
        return text
    quoted = _place(passage)
    asked = frozenset(naming(question))

    def worth(run: tuple[int, int]) -> tuple[bool, int, float]:
        start, end = run
        said = text[start:end]
        near = length(said) if quoted is None else -abs((start + end) / 2 - quoted)
        return quoted is not None and start <= quoted < end, len(asked.intersection(tokens(said))), near

    start, end = max(_runs(text, most), key=worth, default=(0, len(text)))
    return text[start:end]


def _place(passage: Passage) -> int | None:
    """Return where the quotation begins in its passage."""
    mark = passage.quotation.strip("… ").partition(" …")[0][:_MARK]
    place = passage.text.find(mark) if mark else -1
    return None if place < 0 else place


def _runs(text: str, most: int) -> Iterator[tuple[int, int]]:
    """Yield every run of sentences that fits, and each sentence."""
    spans = list(_spans(text))
    for first, (start, _) in enumerate(spans):
        for number, (_, end) in enumerate(spans[first:]):
            if number and length(text[start:end]) > most:
                break
            yield start, end


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the sentences stand."""
    at = 0
    for line in text.splitlines():
        for sentence in sentences(line):
            start = text.index(sentence, at)
            at = start + len(sentence)
            yield start, at
