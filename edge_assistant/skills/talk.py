"""Small talk, and the words that stop something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_assistant.skills import Asked, Skill, Work, saying


def talk(asked: Asked) -> Work:
    """Say what the rules answer."""
    return saying(asked.match.response)


SKILLS: Final[Mapping[str, Skill]] = dict.fromkeys(
    ("Greet", "HowAreYou", "Goodbye", "Thank", "WhoAreYou", "Help", "HassNevermind", "HassRespond", "Stop"), talk
)
