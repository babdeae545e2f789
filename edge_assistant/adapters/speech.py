"""Turns the bytes that a model utters into text that can be shown."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from edge_assistant.adapters.circles import Circles

Ended: TypeAlias = Literal["stop", "loop"]
_THOUGHTS: Final = re.compile(r"\A\s*(<think>.*?</think>\s*)?", re.DOTALL)
_OPEN: Final = "<think>"
_CLOSE: Final = "\n</think>\n\n"


class Speech:
    """Characters come out whole; a stop sequence and what follows it never do, nor do the thoughts that a reasoning
    model puts between ``<think>`` and ``</think>``, nor what it says over and over.
    """

    def __init__(self, stops: Sequence[str], *, thinking: bool = False, thoughts: int = 1 << 30) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = [stop for stop in stops if stop]
        self._held = _OPEN if thinking else ""
        self._spoken = False
        self._most_thoughts = thoughts
        self._circles = Circles()
        self._doubtful = ""
        self.thought = 0
        """Tokens that were thoughts."""
        self.ended: Ended | None = None

    @property
    def stopped(self) -> bool:
        return self.ended is not None

    def add(self, piece: bytes) -> str:
        """Return what may be shown now that one more token is there."""
        self._circles.add(piece)
        if self._circles.closed:
            self.ended, self._doubtful = "loop", ""
            return ""
        shown = self._released(self._decoder.decode(piece))
        self.thought += not self._spoken and self._held.startswith(_OPEN)
        return self._believed(shown)

    def hurried(self) -> str:
        """Return what to put into the model's mouth, once its thoughts are longer than they may be; else nothing."""
        if self._spoken or self.thought < self._most_thoughts or not self._held.startswith(_OPEN):
            return ""
        self._released(_CLOSE)
        return _CLOSE

    def rest(self) -> str:
        """Return what was held back, once no more comes."""
        if self.ended == "loop":
            return ""
        text = self._doubtful + self._released(self._decoder.decode(b"", final=True))
        held, self._held, self._doubtful = self._held, "", ""
        return text if self.stopped or held.startswith(_OPEN) else text + held

    def _believed(self, text: str) -> str:
        """Hold back what has been said before, until it is clear that it is not said for ever."""
        text = self._doubtful + text
        self._doubtful = text if self._circles.begun and not self.stopped else ""
        return "" if self._doubtful else text

    def _released(self, text: str) -> str:
        self._held += text
        if not self._spoken and not self._past_thoughts():
            return ""
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.ended = "stop"
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        text = self._held[: len(self._held) - keep]
        self._held = self._held[len(text) :]
        return text

    def _past_thoughts(self) -> bool:
        """Drop thoughts and the space before the first word; false while more has to be seen."""
        self._held = _THOUGHTS.sub("", self._held)
        opening = self._held[: len(_OPEN)]
        self._spoken = bool(opening) and not _OPEN.startswith(opening)
        return self._spoken


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop sequence."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
