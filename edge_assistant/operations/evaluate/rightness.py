"""Whether an answer is right, by the labelled ones: SQuAD's rule, with reciting ruled out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge_assistant.languages import IDEOGRAPH

_PIECE: Final = re.compile(r"[\u3400-\u9fff]|(?:[^\W\u3400-\u9fff]|(?<=\w)['’.,–-](?=\w))+")
_ARTICLES: Final = frozenset(("a", "an", "the"))
_LONGEST: Final = (40, 80)
"""Words, and unspaced characters, of an answer that is not yet a recital."""


def is_right(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text shares half of its words with an answer (F1), or is short and has one in it."""
    said = _pieces(text)
    most = _LONGEST[bool(IDEOGRAPH.search(text))]
    return any(_same(said, _pieces(answer), most) for answer in answers)


def _pieces(text: str) -> list[str]:
    return [piece for piece in _PIECE.findall(text.lower()) if piece not in _ARTICLES]


def _same(said: Sequence[str], answer: Sequence[str], most: int) -> bool:
    if not said or not answer:
        return False
    shared = sum((Counter(said) & Counter(answer)).values())
    if 4 * shared >= len(said) + len(answer):
        return True
    return len(said) <= most and f" {' '.join(answer)} " in f" {' '.join(said)} "
