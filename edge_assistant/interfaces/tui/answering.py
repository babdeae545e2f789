"""What the chat holds: something that answers in events, and may ring."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge_assistant.types import Event, Manner

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Answering(Protocol):
    """The part of `Assistant` that the chat uses."""

    def stream(self, text: str, *, restartable: bool = False, **manner: Unpack[Manner]) -> AsyncGenerator[Event]:
        """Yield attempts, words and the answer; closing it stops the model. Raises `EdgeAssistantError`."""
        ...


class Ring(Protocol):
    """A timer that has run out."""

    @property
    def sentence(self) -> str:
        """What to tell the user, in the user's language."""
        ...


@runtime_checkable
class Ringing(Protocol):
    """An assistant whose timers ring."""

    def rings(self) -> AsyncGenerator[Ring]:
        """Yield each timer as it runs out, for as long as the caller listens."""
        ...
