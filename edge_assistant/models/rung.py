"""The seam between a tier that answers and whatever decides which model runs now."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_assistant.errors import TierError
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message


class LocalModel(Protocol):
    """A `ChatModel` that also says how each of its answers went."""

    def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        """Yield the continuation in pieces, then tell how it went. Raises `PromptTooLong` and `TierError`."""
        ...

    async def count(self, messages: Sequence[Message]) -> int:
        """Return how many tokens a conversation has. Raises `TierError`."""
        ...


@dataclass(frozen=True, slots=True)
class Rung:
    """A model that can be asked now."""

    described: ModelFile
    file: Path
    model: LocalModel
    context: int = 4096
    """Tokens that it sees at once, as it is loaded now."""
    why: str = ""
    """Why it is this one and no larger one, for the receipt; nothing where it is the one that is wanted."""


class Rungs(Protocol):
    """Decides which model is asked."""

    async def current(self, language: str) -> Rung:
        """Return the model to ask now: one that speaks the language, where one of those can run.

        Raises `TierError` with the reason when none can run.
        """
        ...

    def told(self, rung: Rung, outcome: Spoken | TierError) -> None:
        """Hear how an answer of a rung went, or how it failed."""
        ...


class Pinned:
    """The one model that was chosen, whatever happens. Satisfies `Rungs`."""

    def __init__(self, rung: Rung) -> None:
        self._rung = rung

    async def current(self, language: str) -> Rung:
        described = self._rung.described
        flaw = described.flaw(self._rung.file)
        if flaw is not None:
            raise TierError(f"{described.name} {flaw}; fetch it with: edge-assistant models pull {described.name}")
        return self._rung

    def told(self, rung: Rung, outcome: Spoken | TierError) -> None:
        return None
