"""What the documents say: the answer quoted with its source, or the passages handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic
from typing import Final, Literal

import anyio

from edge_assistant.errors import EdgeAssistantError, TierError
from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.judging import judged, shown, undecided
from edge_assistant.knowledge.library import Library
from edge_assistant.types import Declined, Judge, Passage, Query, Reply, Words

HOPELESS: Final = 0.15
"""Below this probability the documents have nothing to say, and a model gets none of them to be misled by."""

_JUDGING: Final = 6.0
"""Seconds that a judge may take; the policy gives the whole tier ten."""
_HURRY: Final = 2.0
"""Seconds that must be left for the answer itself."""


class KnowledgeTier:
    """Quote what answers; else pass on what bears on the question, with the quotation as a draft."""

    name: Literal["knowledge"] = "knowledge"
    leaves_device = False

    def __init__(
        self,
        library: Callable[[], Library],
        threshold: float = 0.6,
        passages: int = 3,
        judge: Callable[[], Judge | None] = lambda: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Open nothing yet: the library is loaded at the first question, on the tier's own thread.

        `judge` is called when a finding is undecided, and may return that there is none.
        """
        self._load = library
        self._judge = judge
        self._clock = clock
        self._library: Library | None = None
        self._threshold = threshold
        self._passages = passages
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="knowledge")

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def consider(self, query: Query) -> Reply | Declined:
        """Answer from the documents where that is probably right. Raises `TierError` if they cannot be opened."""
        look = asyncio.get_running_loop().run_in_executor(self._thread, self._look, query.text, query.language)
        finding, found, trouble = await look
        note = f"; by words only: {trouble}" if trouble else ""
        if finding is None:
            return Declined(f"no passage matches{note}")
        finding, said = await self._judged(query, finding)
        note = f"{note}{said}"
        why = f"{finding.way} {finding.found.stored.chunk.place} (probability {finding.confidence:.2f}){note}"
        if finding.confidence < HOPELESS:
            return Declined(f"the documents do not say: the best passage {why}")
        passages = _handed_on(finding, found)[: self._passages]
        reply = Reply(
            _words(finding.text), why, finding.confidence, sources=tuple(one.passage for one in finding.sources)
        )
        if finding.confidence >= self._threshold:
            return reply
        return Declined(f"not sure enough: {why}", passages, reply)

    async def _judged(self, query: Query, finding: Finding) -> tuple[Finding, str]:
        """Put an undecided finding to the judge, where there is one and the time for it; say what it said."""
        judge = self._judge() if undecided(finding) else None
        if judge is None or query.language not in judge.languages:
            return finding, ""
        left = _JUDGING if query.deadline is None else min(_JUDGING, query.deadline - self._clock() - _HURRY)
        if judge.expected > left:
            return finding, "; no time for a judge"
        try:
            with anyio.fail_after(left):
                verdict = await judge.probability(query.text, shown(finding), query.language)
        except TimeoutError:
            return finding, f"; no verdict of the judge within {left:.2g} s"
        except TierError as error:
            return finding, f"; no verdict: {error}"
        return judged(finding, verdict, query.language), f"; judged {verdict:.2f} from {finding.confidence:.2f}"

    def _look(self, text: str, language: str) -> tuple[Finding | None, Sequence[Found], str]:
        try:
            self._library = self._library or self._load()
            found = self._library.find(text, 10, language)
            return self._library.answer(text, language, found), found, self._library.trouble
        except TierError:
            raise
        except EdgeAssistantError as error:
            raise TierError(str(error)) from error


def _handed_on(finding: Finding, found: Sequence[Found]) -> tuple[Passage, ...]:
    """Return every passage once, the quoted ones first, and the first with what would be quoted from it."""
    first, *others = {one.stored.id: one.passage for one in (*finding.sources, *found)}.values()
    return (replace(first, quotation=finding.text, right=finding.confidence), *others)


async def _words(text: str) -> Words:
    yield text
