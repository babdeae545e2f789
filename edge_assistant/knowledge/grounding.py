"""Whether a generated sentence stands in the passages it was made from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_assistant.knowledge.asked import wanted
from edge_assistant.knowledge.words import naming, tokens
from edge_assistant.languages import detect
from edge_assistant.numerals import digits
from edge_assistant.types import Passage

ENOUGH: Final = {"en": 0.8, "zh": 0.5}
"""The support from which a sentence counts as stated."""
_RESTATED: Final = 0.5
"""What a word counts that the question brought in, beside 1 for a word of the answer."""
MARK: Final = re.compile(r"\s*[\[【](?:passage |资料)?(\d{1,2}(?:\s*[,，、]\s*\d{1,2})*)[\]】]", re.IGNORECASE)
"""How a model cites a passage."""
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_ONE: Final = "1"
"""Seldom a number where it is a word: one of them, one by one."""
_NAME: Final = re.compile(r"\b[A-Z][\w'’-]*")
_OPENS: Final = re.compile(r"(?:^|[.?!:]\s+|\n\s*(?:[-*•]|\d+[.)])?\s*|[\"“‘(]\s*)\Z")
_NEGATION: Final = re.compile(
    r"\b(not|never|no|without|cannot|neither|nor)\b|n['’]t\b|不|没|無|无|未|非", re.IGNORECASE
)
_OPENING: Final = re.compile(
    r"^\s*((yes|no|是的?|对|不是?|会|不会|可以|不可以|能|不能)[,，]\s*)?"
    r"((according to|based on|from|in) (the|these) \w+,\s*|the \w+ (states?|says?|mentions?) (that )?"
    r"|(根据|按照)(以上|上述|这些)?(资料|文档|文本)[,，]?|(资料|文档|文本)中?(显示|指出|提到|说明|写明)[,，：]?)?",
    re.IGNORECASE,
)
"""How an answer opens: its yes or no, and that it is from the passages; what follows is what can be looked up."""
_TELL: Final = (
    r"(say|state|mention|provide|contain|specify|include|give|answer|describe|tell|indicate|explicitly|directly)"
)
_SILENT: Final = re.compile(
    rf"\b(passages?|documents?|text|context|information|manual)\b.{{0,20}}\b(do|does|did)\s*(not|n['’]t)\s+{_TELL}"
    rf"|\b(is|are|was|were)\s*(not|n['’]t) (\w+ )?{_TELL}\w* (in|by) (the|these|any|your)\b.{{0,20}}"
    r"\b(passages?|documents?|text|context)\b"
    rf"|\bnone of (them|(the|these) (passages|documents)) {_TELL}"
    rf"|\b(no|not enough) information\b|\bno mention\b|\b(cannot|can['’]t|unable to) (answer|determine)\b"
    r"|\bi (do not|don['’]t) know\b"
    r"|(资料|文档|文本|文中|文章|段落).{0,8}(没有|并?未|不)(写|说|提|给|包含|涉及|指|明|记载|回答|直接)"
    r"|都(没有|未)(写|说|提|给|包含|涉及|回答)|^(没有|未)(写明|说明|提到|提及|给出|提供|找到)|(无法|不能)(回答|确定|得知|判断)|我不知道",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one generated sentence."""

    text: str
    """The sentence without the numbers of passages that a model wrote into it."""
    passage: int | None
    """Which passage states it, counted from 0; None where none does."""
    support: float
    """How much of it that passage states, between 0 and 1."""
    silent: bool = False
    """It says that the passages do not answer."""


class Grounds:
    """The passages that an answer may stand on, and the question it is to answer."""

    def __init__(self, question: str, passages: Sequence[Passage]) -> None:
        self._asked = frozenset(tokens(question))
        self._yes_or_no = wanted(question) in ("yes or no", "no question", "order")
        self.passages = tuple(passages)
        self._read = [_Read(passage) for passage in passages]

    def check(self, sentence: str) -> Verdict:
        """Return which passage states a sentence: the one that it cites if it does, else the one that does best."""
        text = MARK.sub("", sentence)
        if _SILENT.search(text):
            return Verdict(text, None, 0.0, silent=True)
        claim = _OPENING.sub("", text)
        supports = [self._support(claim, read) for read in self._read]
        cited = [number for number in _cited(sentence) if number < len(supports)]
        ranked = sorted(range(len(supports)), key=lambda number: (-supports[number], number))
        enough = ENOUGH.get(detect(text), ENOUGH["en"])
        stated = next((number for number in [*cited, *ranked] if supports[number] >= enough), None)
        return Verdict(text, stated, max(supports, default=0.0) if stated is None else supports[stated])

    def _support(self, text: str, read: _Read) -> float:
        """Return the share of a sentence that a passage states: none where it brings a number or a name of its own,
        and none where it only says again what was asked.
        """
        names = _names(text)
        if _numbers(text) - read.numbers or names - read.vocabulary - self._asked:
            return 0.0
        claimed = naming(text)
        if self._asked.issuperset(claimed) and not self._yes_or_no:
            return 0.0
        weights = {token: _RESTATED if token in self._asked - names else 1.0 for token in claimed}
        stated = sum(weight for token, weight in weights.items() if read.says(token))
        support = stated / (sum(weights.values()) or 1.0)
        return support / 2 if bool(_NEGATION.search(text)) and not read.denies else support


class _Read:
    """A passage with what is looked up in it."""

    def __init__(self, passage: Passage) -> None:
        self.vocabulary = frozenset((*tokens(passage.text), *tokens(passage.source)))
        self.denies = bool(_NEGATION.search(passage.text))
        self.numbers = frozenset(_figures(_both(passage.text)))

    def says(self, token: str) -> bool:
        """Return whether a word stands there, a number also in the other way of writing it."""
        return token in self.vocabulary or digits(token, "en") in self.numbers


def _cited(sentence: str) -> list[int]:
    return [int(number) - 1 for mark in MARK.finditer(sentence) for number in re.findall(r"\d+", mark[1])]


def _numbers(text: str) -> frozenset[str]:
    """Return the numbers that a text claims, as digits, however they are written."""
    return frozenset(_figures(text) | _figures(_both(text)) - {_ONE})


def _figures(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text)
    return {number.replace(",", "").rstrip(".") for number in _NUMBER.findall(plain)}


def _both(text: str) -> str:
    """Return a text as it is, and with its number words as digits."""
    return f"{text} {digits(text, 'en')} {digits(text, 'zh')}"


def _names(text: str) -> set[str]:
    """Return the tokens of names: capital letters that no sentence begins with."""
    return {
        token
        for name in _NAME.finditer(text)
        if not _OPENS.search(text[: name.start()])
        for token in tokens(name[0])
        if len(token) > 1
    }
