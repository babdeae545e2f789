"""Generated words, told sentence by sentence, each only once it stands in a passage."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from edge_assistant.knowledge.grounding import MARK, Grounds, Verdict
from edge_assistant.knowledge.sentences import sentences
from edge_assistant.types import Passage

_ASTRAY: Final = 3
"""Sentences in a row that no passage states, after which a model is stopped."""
_MARK_BEHIND: Final = re.compile(r"([.!?。！？])(\s*[\[【][^\]】\n]{1,12}[\]】])")
_MARK_BEGUN: Final = re.compile(r"\s*[\[【][^\]】\n]{0,12}\Z")
_EMPTY: Final = re.compile(
    r"(\d+[.)、]|[-*•]|(yes|no|sure|certainly|of course|是的?|不是|不|对|好的?|可以|不可以|能|不能)[.,!。，！]*)",
    re.IGNORECASE,
)


class Telling:
    """What may be shown of a model's words. Sentences that no passage states are left out."""

    def __init__(self, grounds: Grounds, *, cite: bool) -> None:
        """`cite` puts the number of its source behind each sentence, counted in the order in which they are told."""
        self._grounds = grounds
        self._cite = cite
        self._sources: list[Passage] = []
        self._left_out = 0
        self._in_a_row = 0
        self._silent = False
        self._opening = ""

    @property
    def reason(self) -> str:
        """Say why nothing was told."""
        if self._silent:
            return "it finds no answer in the passages"
        return f"none of its {self._left_out} sentences stands in the passages" if self._left_out else "it said nothing"

    async def pieces(self, words: AsyncGenerator[str]) -> AsyncGenerator[str | Passage]:
        """Yield each sentence behind its check, then its passage; "" is a sign of life once something was told."""
        async with aclosing(_spoken(words)) as spoken:
            async for sentence in spoken:
                for piece in self._told(sentence) if sentence else ("",):
                    if piece or self._sources:
                        yield piece
                if self._silent or self._in_a_row >= _ASTRAY:
                    return
        for piece in self._told(self._opening, last=True) if self._opening else ():
            yield piece

    def _told(self, sentence: str, *, last: bool = False) -> tuple[str | Passage, ...]:
        """Return what is shown of one sentence: nothing yet where it only leads in to the next one."""
        if not last and _leads_in(sentence):
            self._opening += sentence
            return ()
        verdict = self._grounds.check(sentence)
        opening, self._opening = ("" if last else self._opening), ""
        if verdict.passage is None:
            self._silent = verdict.silent
            self._left_out += 1
            self._in_a_row += 1
            return ()
        self._in_a_row = 0
        return self._shown(opening + verdict.text, verdict)

    def _shown(self, text: str, verdict: Verdict) -> tuple[str | Passage, ...]:
        passage = self._grounds.passages[verdict.passage or 0]
        text = text if self._sources else text.lstrip()
        new = passage not in self._sources
        if new:
            self._sources.append(passage)
        if self._cite:
            text = f"{text.rstrip()} [{self._sources.index(passage) + 1}]"
        return (text, passage) if new else (text,)


async def _spoken(words: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """Yield a stream of words sentence by sentence, with the space before each; "" while one is not finished."""
    held = ""
    async with aclosing(words):
        async for word in words:
            held += word
            whole, held = _cut(held)
            for sentence in whole:
                yield sentence
            if not whole:
                yield ""
    whole, rest = _cut(held)
    for sentence in (*whole, rest):
        if sentence.strip():
            yield sentence


def _leads_in(sentence: str) -> bool:
    """Return whether a sentence claims nothing by itself: "Yes.", "Follow these steps:", the number of a step."""
    said = MARK.sub("", sentence).strip()
    return not said or said.endswith((":", "：")) or bool(_EMPTY.fullmatch(said))


def _cut(text: str) -> tuple[list[str], str]:
    """Return the finished sentences of a text with the space before each, and what has only begun."""
    text = _MARK_BEHIND.sub(r"\2\1", text)
    found: list[str] = []
    start = 0
    for line in text.splitlines(keepends=True):
        parts = sentences(line)
        for part in parts if line.endswith("\n") else parts[:-1]:
            end = text.index(part, start) + len(part)
            if _MARK_BEGUN.match(text, end):
                return found, text[start:]
            found.append(text[start:end])
            start = end
    return found, text[start:]
