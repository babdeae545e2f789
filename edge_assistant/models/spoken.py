"""How an answer of a model on this device went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """The worker's own account of one answer."""

    prompt: int
    """Tokens of the prompt, of which `reused` were still in the model's memory from the turn before."""
    reused: int
    tokens: int
    ended: str
    """``stop``, ``length``, ``time``, ``loop`` (it said the same again and again) or ``cancelled``."""
    reading: float
    """Seconds until the first token."""
    speaking: float
    likelihoods: tuple[float, ...] = ()
    """The natural logarithm of each token's probability, as the model saw it before any penalty; in order."""

    thought: int = 0
    """How many of the tokens were reasoning, which is not shown."""
    guessed: int = 0
    """How many of the tokens were guessed from the prompt, and only checked."""

    @property
    def tokens_per_second(self) -> float:
        return (self.tokens - 1) / self.speaking if self.tokens > 1 and self.speaking > 0 else 0.0
