"""Tier 4: a language model on this device, told what the documents say."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Final, Literal, TypeAlias

from edge_assistant import prompts
from edge_assistant.errors import PromptTooLong, TierError
from edge_assistant.knowledge.grounding import Grounds
from edge_assistant.knowledge.telling import Telling
from edge_assistant.languages import IDEOGRAPH
from edge_assistant.models.rung import Rung, Rungs
from edge_assistant.types import Declined, Limits, Message, Query, Reply, TierName, Words

Kind: TypeAlias = Literal["grounded", "fact", "wish"]
SMALL: Final = 1.5
"""Below this many billion parameters a model reads two passages well, and more of them worse; and it cannot cite."""
NOTHING_FOUND: Final = 0.1
"""How sure a model may be that the documents do not say: less than any quotation, since it often overlooks."""
_LANGUAGE_NAMES: Final = {"en": "English", "zh": "Chinese"}
_WISH: Final = re.compile(
    r"\b(write|compose|draft|rewrite|rephrase|translate|summari[sz]e|invent|imagine|pretend|brainstorm|suggest"
    r"|tell (me|us) (a|an|another|some) |make up|poem|story|joke|haiku|slogan|how are you|chat with me)\b"
    r"|写|编一?个|讲一?个|说一?个笑话|来一?[首个段]|翻译|总结|概括|改写|润色|起.{0,3}名|笑话|故事|作诗|一首|聊聊|你好吗",
    re.IGNORECASE,
)
_ABOUT_DOCUMENTS: Final = re.compile(
    r"\b(summari[sz]e|documents?|manuals?|notes?)\b|总结|概括|文档|手册|资料|笔记", re.IGNORECASE
)


class DeviceTier:
    """Answer with a local model where it is likely to be right; leave a draft where it is not.

    A small model that is shown passages stays below a good quotation of them, so that the engine, which
    lets the surest speak, never has it contradict a document.
    """

    name: TierName = "device"
    leaves_device = False

    def __init__(
        self,
        rungs: Rungs,
        *,
        limits: Limits | None = None,
        threshold: float = 0.5,
        passages: int = 3,
    ) -> None:
        self._rungs = rungs
        self._limits = limits or Limits()
        self._threshold = threshold
        self._passages = passages

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query, or leave a draft. Raises `TierError` when no model can run."""
        rung = await self._rungs.current(query.language)
        name, languages = rung.described.name, rung.described.languages
        if query.language not in languages:
            return Declined(f"{name} does not speak {_LANGUAGE_NAMES.get(query.language, query.language)}")
        query, left_out = self._fitted(rung, self._useful(rung, query))
        right = _right(rung, query)
        why = f"; {rung.why}" if rung.why else ""
        reason = f"{name} is right about {right:.0%} of such questions{left_out}{why}"
        reply = Reply(self._grounded(rung, query) if query.passages else self._words(rung, query), reason, right)
        return reply if right >= self._threshold else Declined(reason, draft=reply)

    def _useful(self, rung: Rung, query: Query) -> Query:
        """Keep the passages that help: the best few, and none for a poem."""
        if _kind(query) == "wish" and not _ABOUT_DOCUMENTS.search(query.text):
            return replace(query, passages=())
        return replace(query, passages=query.passages[: self._passages if _careful(rung) else min(self._passages, 2)])

    def _fitted(self, rung: Rung, query: Query) -> tuple[Query, str]:
        """Leave out what the context cannot hold: passages first, then the oldest turns, never the question."""
        room = rung.context - min(self._limits.max_tokens, rung.context // 2)
        fitted = query
        while _tokens(_messages(rung, fitted)) > room and (shorter := _shorter(fitted)) is not None:
            fitted = shorter
        passages, turns = len(query.passages) - len(fitted.passages), len(query.history) - len(fitted.history)
        if not passages and not turns:
            return query, ""
        return fitted, f"; {passages} passages and {turns} earlier messages do not fit its context"

    async def _grounded(self, rung: Rung, query: Query) -> Words:
        """Say what stands in the passages, and which of them; think again where nothing does."""
        telling, told = Telling(Grounds(query.text, query.passages), cite=_careful(rung)), False
        async with aclosing(telling.pieces(self._words(rung, query))) as pieces:
            async for piece in pieces:
                told = True
                yield piece
        if not told:
            reason = f"{rung.described.name} was asked, and {telling.reason}"
            draft = Reply(_saying(prompts.NOT_SAID[query.language]), reason, NOTHING_FOUND)
            yield Declined(reason, draft=draft)

    async def _words(self, rung: Rung, query: Query) -> AsyncGenerator[str]:
        """Say the answer; a prompt that the model counts as too long after all is made shorter again."""
        limits = replace(self._limits, temperature=_temperature(query))
        told = partial(self._rungs.told, rung)
        while True:
            try:
                async with aclosing(rung.model.stream(_messages(rung, query), limits, told)) as words:
                    async for word in words:
                        yield word
                return
            except PromptTooLong:
                shorter = _shorter(query)
                if shorter is None:
                    raise
                query = shorter
            except TierError as error:
                told(error)
                raise


async def _saying(text: str) -> Words:
    yield text


def _right(rung: Rung, query: Query) -> float:
    kind: Kind = "grounded" if query.passages else _kind(query)
    right = rung.described.right
    return {"grounded": right.grounded, "fact": right.fact, "wish": right.wish}[kind]


def _careful(rung: Rung) -> bool:
    """Return whether a model can read several passages and cite them."""
    return rung.described.billions >= SMALL


def _messages(rung: Rung, query: Query) -> tuple[Message, ...]:
    return prompts.messages(query, careful=_careful(rung))


def _temperature(query: Query) -> float:
    """Return how freely to speak: word for word from passages, and lively enough that a poem does not go in circles."""
    if query.passages:
        return 0.0
    return 0.7 if _kind(query) == "wish" else 0.3


def _kind(query: Query) -> Kind:
    return "wish" if _WISH.search(query.text) else "fact"


def _shorter(query: Query) -> Query | None:
    if query.passages:
        return replace(query, passages=query.passages[:-1])
    if query.history:
        return replace(query, history=query.history[2:])
    return None


def _tokens(messages: Sequence[Message]) -> float:
    """Return about how many tokens a conversation has, rather too many: one an ideograph, one for three letters."""
    texts = [message.text for message in messages]
    ideographs = sum(len(IDEOGRAPH.findall(text)) for text in texts)
    return ideographs + (sum(map(len, texts)) - ideographs) / 3 + 8 * len(texts)
