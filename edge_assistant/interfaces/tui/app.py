"""The chat on a full screen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import ClassVar, Final

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.worker import Worker, WorkerState

from edge_assistant.errors import EdgeAssistantError
from edge_assistant.interfaces.tui.answering import Answering, Ringing
from edge_assistant.interfaces.tui.conversation import Conversation
from edge_assistant.interfaces.tui.exchange import Exchange
from edge_assistant.interfaces.tui.logged import Logged
from edge_assistant.interfaces.tui.question_input import QuestionInput
from edge_assistant.interfaces.tui.receipt_screen import ReceiptScreen
from edge_assistant.interfaces.tui.status_line import StatusLine
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.types import Answer, Attempt, Event, Manner, Restart, TierName, Token

TIERS: Final[tuple[TierName, ...]] = ("rules", "answers", "knowledge", "device", "cloud")

_log = logging.getLogger(__name__)


class ChatApp(App[None]):
    """Asks an assistant, one question at a time, and shows what it answers and why."""

    CSS_PATH = "tui.tcss"
    AUTO_FOCUS = "QuestionInput"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop"),
        Binding("f2,ctrl+r", "receipt"),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
    ]

    def __init__(
        self,
        answering: Answering,
        words: Wording,
        manner: Manner | None = None,
        tiers: Sequence[TierName] = TIERS,
        longest: int = 8_000,
    ) -> None:
        super().__init__()
        self._answering = answering
        self._words = words
        self._manner = manner or Manner()
        self._conversation = Conversation(words)
        self._status = StatusLine(words, tiers, _told(self._manner, words))
        self._input = QuestionInput(longest, words.placeholder)
        self._longest = longest
        self._logged = Logged(lambda sentence: self.call_later(self._conversation.notice, sentence))
        self._current: Exchange | None = None
        self._work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield self._conversation
        yield self._input
        yield self._status

    def on_mount(self) -> None:
        logging.getLogger("edge_assistant").addHandler(self._logged)
        if isinstance(self._answering, Ringing):
            self._listen(self._answering)

    def on_unmount(self) -> None:
        logging.getLogger("edge_assistant").removeHandler(self._logged)

    async def on_question_input_sent(self, message: QuestionInput.Sent) -> None:
        """Put the question; one that is still being answered is stopped."""
        await self.action_stop()
        self._current = await self._conversation.ask(message.text)
        self._work = self._answer(self._current)

    def on_question_input_refused(self, message: QuestionInput.Refused) -> None:
        self._status.warn(self._words.oversized(message.length, self._longest))

    async def action_stop(self) -> None:
        """Stop the answer that is being given, down to the model."""
        if self._work is not None and self._work.is_running:
            self._work.cancel()
        if self._current is not None:
            await self._current.stop()
        self._status.rest()

    def action_receipt(self) -> None:
        """Show how the last answer came about."""
        answered = self._conversation.answered()
        if answered:
            self.push_screen(ReceiptScreen(answered, self._words))
        else:
            self._status.warn(self._words.no_receipt)

    def action_page(self, step: int) -> None:
        """Scroll what is in front by a page."""
        pane = self.screen.query_one(VerticalScroll)
        scroll = pane.scroll_page_up if step < 0 else pane.scroll_page_down
        scroll(animate=False)

    def action_help_quit(self) -> None:
        """Answer Ctrl+C, which copies in a terminal program like this one."""
        self._status.warn(self._words.how_to_quit)

    async def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Outlive a fault of our own: tell it where the answer would stand, and log the rest."""
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        fault = event.worker.error
        _log.error("the chat met a fault of its own", exc_info=fault)
        if event.worker is self._work and self._current is not None:
            await self._fail(self._current, self._words.fault.format(fault=f"{type(fault).__name__}: {fault}"))

    @work(group="answer", exclusive=True, exit_on_error=False)
    async def _answer(self, exchange: Exchange) -> None:
        self._status.wait()
        try:
            async with aclosing(self._answering.stream(exchange.question, restartable=True, **self._manner)) as events:
                async for event in events:
                    await self._show(event, exchange)
        except EdgeAssistantError as error:
            await self._fail(exchange, self._words.failed(error))
        else:
            self._status.rest()

    async def _fail(self, exchange: Exchange, sentence: str) -> None:
        await exchange.fail(sentence)
        self._input.restore(exchange.question)
        self._status.rest()

    async def _show(self, event: Event, exchange: Exchange) -> None:
        if isinstance(event, Attempt):
            self._status.passed(event)
        elif isinstance(event, Token):
            exchange.say(event.text)
        elif isinstance(event, Restart):
            await exchange.withdraw()
        elif isinstance(event, Answer):
            await exchange.finish(event)

    @work(group="rings", exit_on_error=False)
    async def _listen(self, ringing: Ringing) -> None:
        async with aclosing(ringing.rings()) as rings:
            async for ring in rings:
                self.bell()
                await self._conversation.notice(ring.sentence, "ring")


def _told(manner: Manner, words: Wording) -> str:
    """Return how questions are asked here, where that is not as usual, and the keys."""
    private = words.private if manner.get("private") else None
    local_only = words.local_only if manner.get("local_only") else None
    return " · ".join(filter(None, (private, local_only, manner.get("area"), words.keys)))
