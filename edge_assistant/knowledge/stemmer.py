"""English words cut to their stems: Porter, "An algorithm for suffix stripping", Program 14(3), 1980."""

from __future__ import annotations

import re
from typing import Final

_CONSONANT: Final = "(?:[^aeiouy]|(?<=[aeiou])y|^y)"
_VOWEL: Final = "(?:[aeiou]|(?<![aeiou])(?<!^)y)"
_MEASURE: Final = re.compile(f"{_VOWEL}+{_CONSONANT}+")
_HAS_VOWEL: Final = re.compile(_VOWEL)
_SHORT: Final = re.compile(f"{_CONSONANT}{_VOWEL}(?![wxy]){_CONSONANT}$")
_DOUBLED: Final = re.compile(r"([^aeioulsz])\1$")

_STEP_2: Final = (
    "ational:ate tional:tion enci:ence anci:ance izer:ize abli:able alli:al entli:ent eli:e ousli:ous ization:ize "
    "ation:ate ator:ate alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble"
)
_STEP_3: Final = "icate:ic ative: alize:al iciti:ic ical:ic ful: ness:"
_STEP_4: Final = (
    "al: ance: ence: er: ic: able: ible: ant: ement: ment: ent: sion:s tion:t ou: ism: ate: iti: ous: ive: ize:"
)


def _table(rules: str) -> tuple[tuple[str, str], ...]:
    pairs = (tuple(rule.split(":")) for rule in rules.split())
    return tuple(sorted(((ending, other) for ending, other in pairs), key=lambda pair: -len(pair[0])))


_LATER: Final = ((_table(_STEP_2), 0), (_table(_STEP_3), 0), (_table(_STEP_4), 1))


def stem(word: str) -> str:
    """Return the stem of a lower-case English word; anything else comes back as it is."""
    if len(word) <= 2 or not (word.isascii() and word.isalpha()):
        return word
    word = _plural(word)
    word = _past(word)
    if word.endswith("y") and _HAS_VOWEL.search(word[:-1]):
        word = word[:-1] + "i"
    for table, least in _LATER:
        word = _replaced(word, table, least)
    return _tidy(word)


def _measure(part: str) -> int:
    return len(_MEASURE.findall(part))


def _plural(word: str) -> str:
    if word.endswith("sses") or word.endswith("ies"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and _HAS_VOWEL.search(rest):
            return _mended(rest)
    return word


def _mended(rest: str) -> str:
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _DOUBLED.search(rest):
        return rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _SHORT.search(rest) else rest


def _replaced(word: str, table: tuple[tuple[str, str], ...], least: int) -> str:
    for ending, other in table:
        if word.endswith(ending):
            rest = word[: len(word) - len(ending)] + (other if least else "")
            if _measure(rest) <= least:
                return word
            return rest if least else rest + other
    return word


def _tidy(word: str) -> str:
    if word.endswith("e"):
        rest = word[:-1]
        if _measure(rest) > 1 or (_measure(rest) == 1 and not _SHORT.search(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word
