"""Words as the search sees them: stems in Latin script, pairs of characters where words are not spaced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache
from operator import add
from typing import Final

from edge_assistant.knowledge.stemmer import stem

_UNSPACED: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, ideographs and Hangul: indexed as pairs, because a trigram misses words of two characters."""
_RUN: Final = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>[^\\W_{_UNSPACED}]+)")
_POSSESSIVE: Final = re.compile(r"(?<=\w)['’]s\b")

_STOP_WORDS: Final = """
    a about also am an and any are as at be been being between both but by can could did do does doing each for from
    had has have having he her hers him his how i if in into is it its just many may me might more most much must my
    no nor not of on only or other our own please s same she should so some such t than that the their them then there
    these they this those to today too up us very was we were what when where which who whom whose why will with would
    you your
"""
"""English words that say how things hang together, not what they are."""
_ASKING_PAIRS: Final = """
    什么 么时 时候 怎么 么样 怎样 如何 为什 为何 哪里 哪个 哪些 哪一 哪年 多少 是什 是谁 是否 有什 有哪 有多 是多
    的是 是哪 在哪 我的 你的 自己 我自 己的 可以 请问 一下 吗我 我怎 该怎 应该 么做 么办 需要 意思 何时 何处 几个 有几
"""
"""Chinese pairs that ask rather than name."""
_PARTICLES: Final = frozenset("的了吗呢么吧啊是我你您他她它们这那哪就都也很请把被啥嘛该能会谁怎吧")
"""Ideographs that hold a sentence together; a pair with one of them seldom names anything."""

_IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff]")
_ASKING: Final = _PARTICLES | frozenset("样如何什多少几给在有和与叫名字办时候为可以一下")
"""Ideographs that ask, or hold a sentence together, and name nothing."""


def tokens(text: str) -> list[str]:
    """Return every token of a text in order: what is stored in the full-text index."""
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text).lower())
    found: list[str] = []
    for unspaced, word in _RUN.findall(plain):
        if word:
            found.append(_normal(word))
        elif len(unspaced) == 1:
            found.append(unspaced)
        else:
            found += map(add, unspaced, unspaced[1:])
    return found


@lru_cache(maxsize=4096)
def spoken(text: str) -> tuple[str, ...]:
    """Return the tokens of a text that is looked at again and again."""
    return tuple(tokens(text))


@lru_cache(maxsize=1024)
def vocabulary(text: str) -> frozenset[str]:
    """Return the distinct tokens of a text that is looked at again and again."""
    return frozenset(spoken(text))


def naming(text: str) -> tuple[str, ...]:
    """Return the distinct tokens that say what a text is about, or all of them where none does."""
    distinct = tuple(dict.fromkeys(tokens(text)))
    return tuple(token for token in distinct if not _functional(token)) or distinct


def terms(text: str, most: int = 32) -> tuple[str, ...]:
    """Return the distinct tokens worth looking for: without words that only ask; at most `most`.

    The bound keeps a hostile question cheap: 10,000 terms joined by OR take two seconds in FTS5.
    """
    distinct = tuple(dict.fromkeys(tokens(text)))
    rare = tuple(token for token in distinct if token not in _IDLE)
    return (rare or distinct)[:most]


def quoted(words: Sequence[str]) -> str:
    """Return an FTS5 query that finds any of the words; its syntax never comes from the user."""
    return " OR ".join('"' + word.replace('"', '""').replace("\0", "") + '"' for word in words)


def size(text: str) -> int:
    """Estimate how many word pieces a text is: 1.3 per word, one per unspaced character (measured on MiniLM)."""
    runs = _RUN.findall(text)
    return sum(len(unspaced) for unspaced, _ in runs) + round(1.3 * sum(1 for _, word in runs if word))


def length(text: str) -> int:
    """Return how long a text is to a reader: words, and unspaced characters one by one."""
    return sum(len(run["unspaced"]) if run["unspaced"] else 1 for run in _RUN.finditer(text))


def strange(asked: str, there: Collection[str]) -> float:
    """Return the share of a question's naming ideographs that another text, or set of them, does not hold.

    A pair of characters across the border of two words is no word, so that pairs cannot tell what is missing.
    """
    named = set(_IDEOGRAPH.findall(asked)) - _ASKING
    return sum(character not in there for character in named) / len(named) if named else 0.0


@lru_cache(maxsize=50_000)
def _normal(word: str) -> str:
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return stem(word[:64])


_IDLE: Final = frozenset((*map(_normal, _STOP_WORDS.split()), *_ASKING_PAIRS.split()))


def _functional(token: str) -> bool:
    return token in _IDLE or (len(token) <= 2 and not _PARTICLES.isdisjoint(token))
