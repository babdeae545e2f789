"""How an answer came about, over the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from edge_assistant import explain
from edge_assistant.interfaces.tui.line import Line
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.types import Answer


class ReceiptScreen(ModalScreen[None]):
    """Shows one receipt at a time, the newest first; left and right go through the others."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f2,ctrl+r,enter,q", "dismiss"),
        Binding("left", "turn(-1)", priority=True),
        Binding("right", "turn(1)", priority=True),
    ]

    def __init__(self, answered: Sequence[tuple[str, Answer]], words: Wording) -> None:
        super().__init__()
        self._answered = tuple(answered)
        self._place = len(self._answered) - 1
        self._words = words
        self._receipt = Line()

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self._receipt

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).border_subtitle = self._words.receipt_keys
        self.action_turn(0)

    def action_turn(self, step: int) -> None:
        """Show the receipt so many answers later."""
        self._place = max(0, min(self._place + step, len(self._answered) - 1))
        question, answer = self._answered[self._place]
        self._receipt.say(_told(question, answer))
        self.query_one(VerticalScroll).border_title = f"{self._place + 1}/{len(self._answered)}"
        self.query_one(VerticalScroll).scroll_home(animate=False)


def _told(question: str, answer: Answer) -> str:
    quotes = [f"{passage.source}\n{passage.text}" for passage in answer.sources]
    return "\n\n".join([question, explain.in_words(explain.receipt(answer)), *quotes])
