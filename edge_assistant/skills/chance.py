"""Chance: coins, dice, numbers and choices."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from edge_assistant.skills import Asked, Skill, Work, saying
from edge_assistant.skills.list_words import dice, options_of
from edge_assistant.skills.wording import as_said


class Chance:
    """What is left to chance, of which the source is handed in."""

    def __init__(self, random: Random) -> None:
        self._random = random

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "FlipCoin": self._coin,
            "RollDice": self._roll,
            "RandomNumber": self._number,
            "PickOne": self._pick,
            "Shuffle": self._shuffle,
            "YesOrNo": lambda asked: saying(self._random.choice(("yes", "no"))),
        }

    def _coin(self, asked: Asked) -> Work:
        return saying(self._random.choice(("heads", "tails")))

    def _roll(self, asked: Asked) -> Work:
        slots = asked.match.slots
        count, sides = dice(str(slots.get("dice", ""))) or (int(slots.get("count", 1)), int(slots.get("sides", 6)))
        rolled = [self._random.randint(1, sides) for _ in range(count)]
        values = {"rolled": asked.join([str(one) for one in rolled]), "sum": sum(rolled), "count": count}
        return saying("default" if count == 1 else "several" if count <= 20 else "many", None, **values)

    def _number(self, asked: Asked) -> Work:
        low, high = sorted((int(asked.match.slots.get("low", 1)), int(asked.match.slots.get("high", 100))))
        return saying(number=self._random.randint(low, high), low=low, high=high)

    def _pick(self, asked: Asked) -> Work:
        return saying(picked=self._random.choice(_said(asked)))

    def _shuffle(self, asked: Asked) -> Work:
        options = _said(asked)
        return saying(order=asked.join(self._random.sample(options, len(options))))


def _said(asked: Asked) -> list[str]:
    return options_of(as_said(str(asked.match.slots["options"]), asked.query.text), asked.match.language)
