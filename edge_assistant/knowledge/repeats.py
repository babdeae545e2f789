"""A passage that stands in several documents is found once, with all its places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.words import tokens

_ALIKE: Final = 0.9
"""The share of common runs of five words from which on two passages are one."""
_RUN: Final = 5
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


def distinct(found: Iterable[Found], most: int) -> list[Found]:
    """Return the first passages that say different things, each with the places of its repetitions."""
    kept: list[Found] = []
    for one in found:
        place = next((at for at, other in enumerate(kept) if _same(one, other)), None)
        if place is None and len(kept) == most:
            break
        if place is None:
            kept.append(one)
        else:
            kept[place] = _with(kept[place], one.stored.chunk.place)
    return kept


def _with(one: Found, place: str) -> Found:
    known = dict.fromkeys((*one.stored.also, place))
    known.pop(one.stored.chunk.place, None)
    return replace(one, stored=replace(one.stored, also=tuple(known)))


def _same(one: Found, other: Found) -> bool:
    """Compare cheaply first: nearly all pairs are different."""
    here, there = one.stored.chunk, other.stored.chunk
    if here.question != there.question or here.language != there.language:
        return False
    if here.text == there.text:
        return True
    if abs(len(here.text) - len(there.text)) > 0.1 * max(len(here.text), len(there.text)):
        return False
    return _jaccard(_words(here.text), _words(there.text)) > 0.5 and alike(here.text, there.text)


def alike(here: str, there: str) -> bool:
    """Return whether two texts say the same; with other numbers they do not, however few these are."""
    return _NUMBER.findall(here) == _NUMBER.findall(there) and _jaccard(_runs(here), _runs(there)) >= _ALIKE


@lru_cache(maxsize=256)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split()) if " " in text else frozenset(text)


@lru_cache(maxsize=256)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = tokens(text)
    return frozenset(tuple(words[start : start + _RUN]) for start in range(max(1, len(words) - _RUN + 1)))


def _jaccard(here: frozenset[object], there: frozenset[object]) -> float:
    return len(here & there) / (len(here | there) or 1)
