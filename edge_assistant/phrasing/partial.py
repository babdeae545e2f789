"""Devices called by part of their names, in another order, or with a slip of the finger."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from edge_assistant.devices.home import Entity
from edge_assistant.phrasing.words import near, stem, words

_WEAK: Final = frozenset(
    re.split(
        r"\s+",
        "the a an of in on at to for and my our main new old big small smart control controller device unit "
        "system number one two left right top set all turn off out up down back",
    )
)
_LINKS: Final = frozenset(("the", "of", "in", "on", "at", "my", "our", "by", "a", "for"))
_REACH: Final = 2
"""Words that may stand between two parts of one name."""
_ENOUGH: Final = 0.5
"""The share of a name that has to be said where nothing else tells the device."""


class Partial:
    """Finds the devices of one home by part of their names."""

    def __init__(self, entities: Sequence[Entity], things: Collection[str], vocabulary: Collection[str]) -> None:
        self._things = frozenset(things)
        self._foreseen = vocabulary
        self._entities = [
            (entity, frozenset(own), frozenset(every) & self._things)
            for entity in entities
            for name in entity.names
            for every in [[stem(word) for word in words(name)]]
            for own in [[word for word in every if word not in _WEAK and word not in self._things]]
        ]
        self._vocabulary = frozenset(word for _, own, _ in self._entities for word in own)

    def find(
        self, row: Sequence[str], taken: Collection[int], things: Mapping[int, str], others: Collection[int]
    ) -> tuple[int, int, tuple[Entity, ...]] | None:
        """Return the words that best tell a device, and the devices that they tell equally well.

        `taken` are the places of words that name a room; `things` tells the kind of device at a place; `others` are
        the places of words that mean something else.
        """
        said = {at: self._meant(stem(word)) for at, word in enumerate(row) if at not in things and at not in others}
        places = {at: word for at, word in said.items() if word is not None}
        if not any(at not in taken for at in places):
            return None
        best: tuple[tuple[float, ...], list[Entity], set[int]] | None = None
        for entity, own, kinds in self._entities:
            hits = {at for at, word in places.items() if word in own}
            if not hits or hits <= set(taken):
                continue
            score = self._score(entity, own, kinds, hits, row, places, things)
            if score is None or (best is not None and score < best[0]):
                continue
            if best is None or score > best[0]:
                best = score, [entity], hits
            else:
                best[1].append(entity)
        if best is None:
            return None
        start, end = self._span(best[2], things)
        return start, end, tuple({entity.id: entity for entity in best[1]}.values())

    def _meant(self, word: str) -> str | None:
        if word in self._vocabulary:
            return word
        if len(word) < 5 or word in self._foreseen:
            return None
        found = [known for known in self._vocabulary if near(word, known)]
        return found[0] if len(found) == 1 else None

    def _score(
        self,
        entity: Entity,
        own: Collection[str],
        kinds: Collection[str],
        hits: Collection[int],
        row: Sequence[str],
        places: Mapping[int, str],
        things: Mapping[int, str],
    ) -> tuple[float, ...] | None:
        share = len({places[at] for at in hits}) / len(own)
        agrees = any(kind.partition(".")[0] == entity.domain or stem(row[at]) in kinds for at, kind in things.items())
        rare = any(places[at] not in self._foreseen for at in hits)
        if max(hits) - min(hits) > len(hits) + _REACH or not (agrees or (share >= _ENOUGH and (rare or share == 1))):
            return None
        return len(hits), agrees, share

    def _span(self, hits: Collection[int], things: Collection[int]) -> tuple[int, int]:
        start, end = min(hits), max(hits) + 1
        while end in things:
            end += 1
        while start - 1 in things:
            start -= 1
        return start, end
