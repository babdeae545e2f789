"""Turns the bytes that a model utters into text that can be shown."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence


class Speech:
    """Characters come out whole, a stop sequence and what follows it never do, and neither do the thoughts that
    a reasoning model puts between ``<think>`` and ``</think>``.
    """

    def __init__(self, stops: Sequence[str], *, thinking: bool = False) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = [stop for stop in stops if stop]
        self._held = "<think>" if thinking else ""
        self._spoken = False
        self.stopped = False

    def add(self, piece: bytes) -> str:
        """Return what may be shown now."""
        return self._released(self._decoder.decode(piece))

    def rest(self) -> str:
        """Return what was held back, once no more comes."""
        text = self._released(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return text if self.stopped or held.startswith("<think>") else text + held

    def _released(self, text: str) -> str:
        self._held += text
        if not self._spoken and not self._past_thoughts():
            return ""
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        text = self._held[: len(self._held) - keep]
        self._held = self._held[len(text) :]
        return text

    def _past_thoughts(self) -> bool:
        """Drop thoughts and the space before the first word; false while more has to be seen."""
        self._held = re.sub(r"\A\s*(<think>.*?</think>\s*)?", "", self._held, flags=re.DOTALL)
        opening = self._held[: len("<think>")]
        self._spoken = bool(opening) and not "<think>".startswith(opening)
        return self._spoken


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop sequence."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)
