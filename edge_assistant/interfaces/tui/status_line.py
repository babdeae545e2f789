"""The line above the input: who is being asked, or what the user should know before the next question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from edge_assistant.interfaces.tui.line import Line
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.types import Attempt, TierName


class StatusLine(Line):
    """Tells the tier that is being asked now and what the last one said, with the seconds so far."""

    def __init__(
        self, words: Wording, tiers: Sequence[TierName], idle: str = "", clock: Callable[[], float] = monotonic
    ) -> None:
        super().__init__(idle)
        self._words = words
        self._tiers = tuple(tiers)
        self._idle = idle
        self._clock = clock
        self._since = 0.0
        self._attempts: list[Attempt] = []

    def on_mount(self) -> None:
        self._ticking = self.set_interval(0.2, self._tick, pause=True)

    def wait(self) -> None:
        """Start counting: a question was put."""
        self._since = self._clock()
        self._attempts.clear()
        self.remove_class("error")
        self.add_class("waiting")
        self._tick()
        self._ticking.resume()

    def passed(self, attempt: Attempt) -> None:
        """Note what one tier made of the question."""
        self._attempts.append(attempt)
        self._tick()

    def rest(self) -> None:
        """Stop counting; there is nothing to tell."""
        self._ticking.pause()
        self.remove_class("error", "waiting")
        self.say(self._idle)

    def warn(self, sentence: str) -> None:
        """Tell what is wrong, until the next question."""
        self._ticking.pause()
        self.remove_class("waiting")
        self.add_class("error")
        self.say(sentence)

    def _tick(self) -> None:
        seconds = f"{self._clock() - self._since:.1f}"
        last = self._attempts[-1] if self._attempts else None
        if last is not None and last.outcome == "answered":
            self.say(self._words.speaking.format(tier=self._words.tiers[last.tier], seconds=seconds))
            return
        told = [self._words.asking.format(tier=self._asked(), seconds=seconds)]
        if last is not None:
            told.append(self._words.passed_over.format(tier=self._words.tiers[last.tier], reason=last.reason))
        self.say(" · ".join(told))

    def _asked(self) -> str:
        """Return the first tier that has not been heard; after all of them a draft is made to speak."""
        heard = {attempt.tier for attempt in self._attempts}
        tier = next((tier for tier in self._tiers if tier not in heard), None)
        return self._words.last_resort if tier is None else self._words.tiers[tier]
