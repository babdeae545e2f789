"""Small talk, and the words that stop something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_assistant.skills import Asked, Skill, Work, saying


def talk(asked: Asked) -> Work:
    """Say what the rules answer."""
    return saying(asked.match.response)


_INTENTS: Final = (
    "Greet",
    "HowAreYou",
    "Goodbye",
    "Thank",
    "WhoAreYou",
    "WhoAmI",
    "Help",
    "Emergency",
    "Uncomfortable",
    "HassNevermind",
    "HassRespond",
    "Stop",
)
SKILLS: Final[Mapping[str, Skill]] = dict.fromkeys(_INTENTS, talk)
