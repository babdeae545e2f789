"""Tier 2: what was answered before."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge_assistant.storage.answers import Answers, Remembered, key
from edge_assistant.types import Declined, Query, Reply, TierName, Words


class AnswersTier:
    """Give an earlier answer to the very same question.

    `stamp` names everything an answer depends on (the state of the knowledge base, the models), so that
    a change of any of them makes old answers unfindable. An answer below its tier's own threshold stays
    a draft, so that a better tier that was away then is asked now.
    """

    name: TierName = "answers"
    leaves_device = False

    def __init__(
        self, answers: Callable[[], Answers], stamp: Callable[[], str], thresholds: Mapping[str, float]
    ) -> None:
        self._answers = answers
        self._stamp = stamp
        self._thresholds = thresholds

    async def consider(self, query: Query) -> Reply | Declined:
        if query.private:
            return Declined("private questions are not looked up")
        if query.history:
            return Declined("the question stands in a conversation")
        found = self._answers().get(key(query.text, query.language, self._stamp()))
        if found is None:
            return Declined("not asked before")
        reply = Reply(_words(found), f"said before by {found.tier}", found.confidence, found.sources)
        threshold = self._thresholds.get(found.tier, 0.0)
        if found.confidence < threshold:
            return Declined(f"said before by {found.tier}, but not surely ({found.confidence:.2f})", draft=reply)
        return reply


async def _words(found: Remembered) -> Words:
    yield found.text
