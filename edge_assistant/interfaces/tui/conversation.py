"""Everything said so far, newest last."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from edge_assistant.interfaces.tui.exchange import Exchange
from edge_assistant.interfaces.tui.line import Line
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.types import Answer

_KEPT: Final = 200
"""Lines and exchanges on the screen; older ones are in ``edge-assistant history``."""


class Conversation(VerticalScroll, can_focus=False):
    """Scrolls with the newest words unless the user has scrolled back."""

    def __init__(self, words: Wording) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        examples = "\n".join(f"  {example}" for example in self._words.examples)
        yield Line(f"{self._words.welcome}\n{examples}", classes="welcome")

    def on_mount(self) -> None:
        self.anchor()

    async def ask(self, question: str) -> Exchange:
        """Add a question and return the place of its answer."""
        exchange = Exchange(question, self._words)
        await self._add(exchange)
        return exchange

    async def notice(self, sentence: str, kind: str = "notice") -> None:
        """Add a sentence that answers no question."""
        await self._add(Line(sentence, classes=kind))

    def answered(self) -> list[tuple[str, Answer]]:
        """Return the questions on the screen that have an answer, oldest first."""
        exchanges = self.query(Exchange)
        return [(exchange.question, exchange.answer) for exchange in exchanges if exchange.answer is not None]

    async def _add(self, widget: Exchange | Line) -> None:
        for old in list(self.children)[: 1 - _KEPT]:
            await old.remove()
        await self.mount(widget)
        self.anchor()
