"""Words that show that a sentence is about something else than this home: "the sauna heater", "heat up the soup"."""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import Final

from edge_assistant.phrasing.acts import Act
from edge_assistant.phrasing.spotting import Spotted

_HANDLED: Final = frozenset("它这那亮光地歌房屋家风颜歌视音声电播室")
"""How what is handled ("把…") may begin where it is no device, no room and no kind of thing."""
_INTO: Final = ("in", "inside")
_POINTS: Final = frozenset(("the", "my", "our", "your", "his", "her", "their", "this", "that"))
_AT_HOME: Final = frozenset(
    (
        "house",
        "home",
        "flat",
        "apartment",
        "place",
        "building",
        "room",
        "rooms",
        "area",
        "whole",
        "entire",
        "there",
        "it",
    )
)
_FELT: Final = frozenset(("temp", "temps", "air", "heat", "warmth", "degree", "degrees", "ac", "hvac", "setting"))
"""What is set with a thermostat."""
_NEAR: Final = 3
"""Words of a phrase within which something of the home must be mentioned."""


def is_of_another(spotted: Spotted, act: Act, vocabulary: Collection[str]) -> bool:
    """Return whether strange words make a request one about something else than this home."""
    before = [spotted.words[mention.start - 1] for mention in spotted.of("name") if mention.start]
    if any(word not in vocabulary for word in before):
        return True
    told = {at for mention in spotted.mentions for at in range(mention.start, mention.end)}
    handled = [at + 1 for at, word in enumerate(spotted.words[:-1]) if word in ("把", "将")]
    if any(at not in told and spotted.words[at] not in _HANDLED for at in handled):
        return True
    leads = (*_INTO, *_POINTS) if act.domains == ("climate",) else _INTO
    return any(_strays(spotted.words, at, told) for at, word in enumerate(spotted.words) if word in leads)


def _strays(words: tuple[str, ...], lead: int, told: Set[int]) -> bool:
    """Return whether what follows a word that leads to a thing or a place is not of this home."""
    start = next((at for at in range(lead + 1, len(words)) if words[at] not in _POINTS), len(words))
    if start == len(words) or lead in told or not told.isdisjoint(range(start, start + _NEAR)):
        return False
    return words[start] not in _AT_HOME | _FELT
