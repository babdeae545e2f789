"""What the chat holds: something that answers in events, and may ring."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from edge_assistant.types import Event


class Answering(Protocol):
    """The part of `Assistant` that the chat uses."""

    def stream(
        self,
        text: str,
        *,
        language: str | None = None,
        area: str | None = None,
        private: bool = False,
        local_only: bool = False,
        conversation: str | None = None,
        restartable: bool = False,
    ) -> AsyncGenerator[Event]:
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


@dataclass(frozen=True, slots=True)
class Manner:
    """How every question of one chat is asked."""

    language: str | None = None
    area: str | None = None
    private: bool = False
    local_only: bool = False
    conversation: str | None = None

    def ask(self, answering: Answering, text: str) -> AsyncGenerator[Event]:
        """Put one question, by a door that can take words back."""
        return answering.stream(
            text,
            language=self.language,
            area=self.area,
            private=self.private,
            local_only=self.local_only,
            conversation=self.conversation,
            restartable=True,
        )
