"""Words as the search sees them: stems in Latin script, pairs of characters where words are not spaced."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from edge_assistant.knowledge.stemmer import stem

_UNSPACED: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana, ideographs and Hangul: indexed as pairs, because a trigram misses words of two characters."""
_RUN: Final = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|(?P<word>[^\\W_{_UNSPACED}]+)")
_POSSESSIVE: Final = re.compile(r"(?<=\w)['’]s\b")

STOP_WORDS: Final = frozenset(
    "a an and are as at be been being but by can could did do does doing for from had has have having he her hers him "
    "his how i if in into is it its me my of on or our she should so such than that the their them then there these "
    "they this those to us was we were what when where which who whom whose why will with would you your am "
    "about also any between both each had may might more most much many must not no nor only other own s same "
    "some t too up very just please today".split()
)
"""English words that say how things hang together, not what they are."""

_PARTICLES: Final = frozenset("的了吗呢么吧啊是我你您他她它们这那哪就都也很请把被啥嘛该能会谁")
"""Ideographs that hold a sentence together; a pair with one of them seldom names anything."""
_FUNCTION_PAIRS: Final = frozenset("如何 为何 何时 时候 怎样 为什 多少 有几 几个 可以 意思 一下 应该 需要 是否 何处 今天 明天".split())


def tokens(text: str) -> list[str]:
    """Return every token of a text in order: what is stored in the full-text index."""
    plain = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text).lower())
    return [token for run in _RUN.finditer(plain) for token in _of_run(run)]


def naming(text: str) -> tuple[str, ...]:
    """Return the distinct tokens that say what a text is about, or all of them where none does."""
    distinct = tuple(dict.fromkeys(tokens(text)))
    return tuple(token for token in distinct if not _functional(token)) or distinct


def terms(text: str, most: int = 32) -> tuple[str, ...]:
    """Return the distinct tokens worth looking for: without English stop words; at most `most`.

    The bound keeps a hostile question cheap: 10,000 terms joined by OR take two seconds in FTS5.
    """
    distinct = tuple(dict.fromkeys(tokens(text)))
    rare = tuple(token for token in distinct if token not in _STEMMED)
    return (rare or distinct)[:most]


def quoted(words: Sequence[str]) -> str:
    """Return an FTS5 query that finds any of the words; its syntax never comes from the user."""
    return " OR ".join('"' + word.replace('"', '""') + '"' for word in words)


def size(text: str) -> int:
    """Estimate how many word pieces a text is: 1.3 per word, one per unspaced character (measured on MiniLM)."""
    unspaced = sum(len(run["unspaced"] or "") for run in _RUN.finditer(text))
    spaced = sum(1 for run in _RUN.finditer(text) if run["word"])
    return unspaced + round(1.3 * spaced)


def length(text: str) -> int:
    """Return how long a text is to a reader: words, and unspaced characters one by one."""
    return sum(len(run["unspaced"]) if run["unspaced"] else 1 for run in _RUN.finditer(text))


def _of_run(run: re.Match[str]) -> Iterator[str]:
    unspaced = run["unspaced"]
    if unspaced is None:
        yield _normal(run["word"])
    elif len(unspaced) == 1:
        yield unspaced
    else:
        yield from (unspaced[i : i + 2] for i in range(len(unspaced) - 1))


@lru_cache(maxsize=50_000)
def _normal(word: str) -> str:
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return stem(word[:64])


_STEMMED: Final = frozenset(_normal(word) for word in STOP_WORDS)


def _functional(token: str) -> bool:
    return token in _STEMMED or token in _FUNCTION_PAIRS or (len(token) <= 2 and not _PARTICLES.isdisjoint(token))
