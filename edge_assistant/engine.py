"""The decision engine: ask each tier in turn; the first that is sure speaks, else the best draft does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

import anyio

from edge_assistant.errors import StorageError, TierError, Unanswered
from edge_assistant.policy import Policy
from edge_assistant.types import (
    Action,
    Answer,
    Attempt,
    Declined,
    Event,
    Passage,
    Piece,
    Query,
    Reply,
    Restart,
    Tier,
    TierName,
    Token,
    Weighed,
    Words,
)

_BROKEN: Final = (TierError, StorageError)
"""What makes a tier lose its turn; a mistake in the settings is the owner's to mend, and ends the question."""


@dataclass(frozen=True, slots=True)
class _Speaker:
    """A tier that may speak now."""

    tier: TierName
    reply: Reply
    first: Piece | None = None
    """The word that was waited for; none where nobody else may step in anyway."""


@dataclass(slots=True)
class _Turn:
    """What one query has gathered so far."""

    started: float
    deadline: float
    trace: list[Attempt] = field(default_factory=list)
    drafts: list[_Speaker] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    cited: list[Passage] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    last: _Speaker | None = None
    """Who spoke last, even if the words broke off."""
    opened: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closes the words of everyone who had some, said or unsaid."""

    def note(self, attempt: Attempt) -> Attempt:
        self.trace.append(attempt)
        return attempt


class Engine:
    """An ordered list of tiers, and the policy that stands before them."""

    def __init__(
        self,
        tiers: Sequence[Tier],
        policy: Policy | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._tiers = tuple(tiers)
        self._policy = policy or Policy()
        self._clock = clock

    async def stream(self, query: Query, *, restartable: bool = False) -> AsyncGenerator[Event]:
        """Yield every attempt as it is made, then the words, then the answer.

        A door that can take words back says `restartable`; it is then sent a `Restart` when a tier
        breaks off and another one can speak. Raises `Unanswered` when nobody has anything to say.
        """
        now = self._clock()
        turn = _Turn(now, query.deadline if query.deadline is not None else now + self._policy.total)
        async with aclosing(self._speakers(query, turn)) as speakers:
            async for item in speakers:
                if isinstance(item, Attempt):
                    yield turn.note(item)
                    continue
                if turn.last is not None:
                    turn.spoken.clear()
                    turn.cited.clear()
                    yield Restart()
                turn.last = item
                async with aclosing(self._speak(item, turn)) as words:
                    async for word in words:
                        yield word
                broken = turn.trace[-1].outcome == "failed"
                if not broken or item.reply.owns or (turn.spoken and not restartable):
                    yield self._answer(query, turn, complete=not broken)
                    return
        if turn.last is None:
            raise Unanswered(turn.trace)
        yield self._answer(query, turn, complete=False)

    async def ask(self, query: Query) -> Answer:
        """Return only the finished answer."""
        async with aclosing(self.stream(query, restartable=True)) as events:
            *_, answer = [event async for event in events]
        assert isinstance(answer, Answer), "a stream ends with an Answer or raises Unanswered"
        return answer

    async def _speakers(self, query: Query, turn: _Turn) -> AsyncGenerator[Attempt | _Speaker]:
        """Everyone who could answer, in order: the tiers that are sure, then the drafts, best first."""
        try:
            for tier in self._tiers:
                asked = self._clock()
                attempt, verdict = await self._put_to(tier, query, turn)
                yield replace(attempt, seconds=self._clock() - asked)
                if isinstance(verdict, _Speaker):
                    yield verdict
                    continue
                query = query.with_passages(verdict.passages)
                if verdict.draft is not None:
                    turn.drafts.append(_Speaker(tier.name, verdict.draft))
            while turn.drafts:
                draft = max(turn.drafts, key=lambda speaker: speaker.reply.confidence)
                turn.drafts.remove(draft)
                asked = self._clock()
                attempt, primed = await self._prime(draft.tier, draft.reply, turn)
                reason = f"the best draft: {attempt.reason}" if attempt.outcome == "answered" else attempt.reason
                yield replace(attempt, reason=reason, seconds=self._clock() - asked)
                if isinstance(primed, _Speaker):
                    yield primed
                elif primed.draft is not None:
                    turn.drafts.append(_Speaker(draft.tier, primed.draft))
        finally:
            await turn.opened.aclose()

    async def _put_to(self, tier: Tier, query: Query, turn: _Turn) -> tuple[Attempt, _Speaker | Declined]:
        """Show the query to one tier; whatever goes wrong becomes a `Declined`."""
        view = self._policy.view(tier, query)
        if isinstance(view, Declined):
            return Attempt(tier.name, "skipped", view.reason), view
        patience = self._patience(tier.name, turn)
        try:
            with anyio.fail_after(patience):
                verdict = await tier.consider(view)
        except TimeoutError:
            return _failed(tier.name, f"no decision within {patience:.2g} s")
        except _BROKEN as error:
            return _failed(tier.name, str(error))
        if isinstance(verdict, Declined):
            return self._declined(tier.name, verdict, turn)
        turn.opened.push_async_callback(verdict.words.aclose)
        if (outdone := _outdone(tier.name, verdict, turn.drafts)) is not None:
            return outdone
        return await self._prime(tier.name, verdict, turn)

    async def _prime(self, tier: TierName, reply: Reply, turn: _Turn) -> tuple[Attempt, _Speaker | Declined]:
        """Wait for the first word: until it is spoken, the next tier can still step in."""
        if reply.owns:
            return Attempt(tier, "answered", reply.reason, reply.confidence), _Speaker(tier, reply)
        patience = self._patience(tier, turn)
        try:
            with anyio.fail_after(patience):
                first = await anext(reply.words, "")
                if isinstance(first, Weighed):
                    reply = replace(reply, confidence=first.confidence, reason=first.reason)
                    if (outdone := _outdone(tier, reply, turn.drafts)) is not None:
                        return outdone
                    first = await anext(reply.words, "")
        except TimeoutError:
            return _failed(tier, f"no word within {patience:.2g} s")
        except _BROKEN as error:
            return _failed(tier, str(error))
        if isinstance(first, Declined):
            await reply.words.aclose()
            return self._declined(tier, first, turn)
        if not first or isinstance(first, Weighed):
            await reply.words.aclose()
            return _failed(tier, "it had nothing to say")
        return Attempt(tier, "answered", reply.reason, reply.confidence), _Speaker(tier, reply, first)

    def _declined(self, tier: TierName, verdict: Declined, turn: _Turn) -> tuple[Attempt, Declined]:
        """Note that a tier leaves the query, and remember to close the words of its draft."""
        if verdict.draft is not None:
            turn.opened.push_async_callback(verdict.draft.words.aclose)
        confidence = verdict.draft.confidence if verdict.draft else None
        return Attempt(tier, "declined", verdict.reason, confidence), verdict

    async def _speak(self, speaker: _Speaker, turn: _Turn) -> AsyncGenerator[Event]:
        """Say a reply's words; one that breaks off turns its line of the trace into a failure."""
        async with aclosing(speaker.reply.words) as words:
            try:
                word = speaker.first or await self._next(words, turn)
                while word is not None:
                    if isinstance(word, Action):
                        turn.actions.append(word)
                    elif isinstance(word, Passage):
                        turn.cited.append(word)
                    elif word:
                        turn.spoken.append(word)
                        yield Token(word)
                    word = await self._next(words, turn)
            except _BROKEN as error:
                turn.trace[-1] = replace(turn.trace[-1], outcome="failed", reason=f"broke off: {error}")
                yield turn.trace[-1]

    async def _next(self, words: Words, turn: _Turn) -> Piece | None:
        """Wait for the next word, but not for ever; None is the end."""
        left = turn.deadline - self._clock()
        if left <= 0:
            raise TierError("the deadline passed")
        try:
            with anyio.fail_after(min(self._policy.stall, left)):
                word = await anext(words, None)
        except TimeoutError:
            late = left < self._policy.stall
            why = "the deadline passed" if late else f"no further word within {self._policy.stall:g} s"
            raise TierError(why) from None
        if isinstance(word, Declined | Weighed):
            raise TierError(word.reason)
        return word

    def _patience(self, tier: TierName, turn: _Turn) -> float:
        return max(0.0, min(self._policy.patience.get(tier, 8.0), turn.deadline - self._clock()))

    def _answer(self, query: Query, turn: _Turn, *, complete: bool) -> Answer:
        assert turn.last is not None, "somebody spoke"
        return Answer(
            text="".join(turn.spoken),
            tier=turn.last.tier,
            confidence=turn.last.reply.confidence,
            sources=tuple(dict.fromkeys((*turn.last.reply.sources, *turn.cited))),
            actions=tuple(turn.actions),
            trace=tuple(turn.trace),
            complete=complete,
            language=query.language,
            seconds=self._clock() - turn.started,
        )


def _failed(tier: TierName, reason: str) -> tuple[Attempt, Declined]:
    return Attempt(tier, "failed", reason), Declined(reason)


def _outdone(tier: TierName, reply: Reply, drafts: Sequence[_Speaker]) -> tuple[Attempt, Declined] | None:
    """Return a reply as one more draft where another draft is surer."""
    best = max(drafts, key=lambda speaker: speaker.reply.confidence, default=None)
    if best is None or reply.owns or best.reply.confidence <= reply.confidence:
        return None
    reason = f"the draft of {best.tier} is surer ({best.reply.confidence:.2f} > {reply.confidence:.2f})"
    return Attempt(tier, "declined", reason, reply.confidence), Declined(reason, draft=reply)
