"""One question and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from edge_assistant.interfaces.tui.line import Line
from edge_assistant.interfaces.tui.prose import Prose
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Answer

REDRAWS: Final = 20
"""A second, at most, while words arrive."""
_ENOUGH: Final = 8
"""Pieces from which their rate means something."""


class Exchange(Vertical):
    """Shows a question, its answer word by word, and how the answer came about."""

    def __init__(self, question: str, words: Wording, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self.question = question
        self.answer: Answer | None = None
        self._words = words
        self._clock = clock
        self._prose = Prose()
        self._pending: list[str] = []
        self._spoken: list[str] = []
        self._first_word: float | None = None
        self._over = False

    def compose(self) -> ComposeResult:
        yield Line(self.question, classes="question")
        yield self._prose

    def on_mount(self) -> None:
        self._pace = self.set_interval(1 / REDRAWS, self._draw, pause=True)

    def say(self, piece: str) -> None:
        """Take the next piece of the answer; it is drawn with the next redraw."""
        if self._first_word is None:
            self._first_word = self._clock()
            self._pace.resume()
        self._pending.append(piece)
        self._spoken.append(piece)

    async def withdraw(self) -> None:
        """Take the words so far back and say so: another tier speaks next."""
        self._fall_silent()
        self._spoken.clear()
        self._first_word = None
        await self._prose.show("")
        await self.mount(Line(self._words.restarted, classes="notice"), before=self._prose)

    async def finish(self, answer: Answer) -> None:
        """Show the whole answer, and what there is to know about it in one line."""
        rate = self._rate()
        self._fall_silent()
        await self._prose.show(safe_text(answer.text))
        self.answer = answer
        self._over = True
        badge = Line(f" {self._words.tiers[answer.tier]} ", classes=f"badge {answer.tier}")
        await self.mount(Horizontal(badge, Line(self._words.facts(answer, rate), classes="facts"), classes="told"))

    async def stop(self) -> None:
        """Say that the user stopped the answer; what was said stays."""
        await self._end(self._words.stopped, "notice")

    async def fail(self, sentence: str) -> None:
        """Say what went wrong; what was said stays."""
        await self._end(sentence, "error")

    async def _end(self, sentence: str, kind: str) -> None:
        if self._over:
            return
        self._over = True
        self._fall_silent()
        await self._prose.show(safe_text("".join(self._spoken)))
        await self.mount(Line(sentence, classes=kind))

    async def _draw(self) -> None:
        if self._pending and not self._over:
            piece = safe_text("".join(self._pending))
            self._pending.clear()
            await self._prose.write(piece)

    def _fall_silent(self) -> None:
        self._pace.pause()
        self._pending.clear()

    def _rate(self) -> float | None:
        """Return pieces per second since the first, where there were enough of them to tell."""
        if self._first_word is None or len(self._spoken) < _ENOUGH:
            return None
        seconds = self._clock() - self._first_word
        return (len(self._spoken) - 1) / seconds if seconds > 0.5 else None
