"""Why a text means what it means: everything that was considered, and why each of the rest was not chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge_assistant.devices.home import Home
from edge_assistant.rules.rulebook import Match, Rulebook

_CRITERIA: Final = (
    "it catches more open words",
    "this home has nothing of the kind",
    "it names no device",
    "the name that it found is shorter",
    "its open slots catch more",
    "it asks for less of the situation",
    "fewer of its own words are in the text",
    "its pack comes later",
)
"""What decides between two meanings, in the order in which they are compared."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One template that matches, and why it was not chosen; nothing for the one that was."""

    match: Match
    lost: str


def candidates(book: Rulebook, text: str, home: Home, area: str | None = None) -> list[Candidate]:
    """Return every template that matches a text, the chosen one first; all of them have lost if none is chosen."""
    chosen = next(iter(book.matches(text, home, area)), None)
    found = [] if chosen is None else [Candidate(chosen, "")]
    seen = set() if chosen is None else {_key(chosen)}
    for considered in book.considered(text, home, area):
        for match, refusal in sorted(considered, key=lambda one: one[0].order):
            if _key(match) not in seen:
                seen.add(_key(match))
                found.append(Candidate(match, refusal or lost(match, chosen)))
        if any(not refusal for _, refusal in considered):
            break
    return found


def overlap(matches: list[Match]) -> Match | None:
    """Return another intent that a sentence has as much as the first, if there is one."""
    first = matches[0]
    return next((match for match in matches[1:] if match.intent != first.intent and _level(match, first)), None)


def lost(match: Match, chosen: Match | None) -> str:
    """Return why another meaning was chosen."""
    if chosen is None or not chosen.order:
        return "free phrasing was understood better"
    if match.order <= chosen.order and match.why != chosen.why:
        return "the name of the device says only what and where it is"
    for criterion, one, other in zip(_CRITERIA, match.order, chosen.order, strict=False):
        if one != other:
            return criterion
    return "it means the same" if match.why == chosen.why else "as good, but later in the alphabet"


def _level(match: Match, other: Match) -> bool:
    return bool(match.order) and match.order[: len(_CRITERIA)] == other.order[: len(_CRITERIA)]


def _key(match: Match) -> tuple[str, str, str]:
    return match.why, match.source, match.template
