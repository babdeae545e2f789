"""Tier 4: a language model on this device, told what the documents say, and believed as far as it is right."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from edge_assistant import prompts
from edge_assistant.errors import ModelDied, PromptTooLong, TierError
from edge_assistant.knowledge.answered import fit, promise
from edge_assistant.knowledge.closed_book import finished, is_fact, is_own, knows_nothing, remembered
from edge_assistant.knowledge.excerpts import shown
from edge_assistant.knowledge.grounding import MARK, Grounds
from edge_assistant.knowledge.telling import Telling
from edge_assistant.knowledge.wishes import is_about_documents, is_wish
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.confidence import Belief, Confidence
from edge_assistant.models.rung import Rung, Rungs
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Declined, Limits, Message, Passage, Query, Reply, TierName, Weighed, Words

Kind: TypeAlias = Literal["grounded", "fact", "wish"]
SMALL: Final = 1.5
"""Below this many billion parameters a model reads two passages well, and more of them worse; and it cannot cite."""
NOTHING_FOUND: Final = 0.1
"""How sure a model may be that the documents do not say: less than any quotation, since it often overlooks."""
HARDLY: Final = 0.15
"""Below this probability of a right answer a model is not asked to read: nothing that it said would be believed."""
HOPELESS: Final = 0.05
"""Below this probability what a model remembers is kept from the user: it would be wrong nineteen times of twenty."""
FACT_TOKENS: Final = 60
"""As many has a name, a year or a number with the sentence around it."""
AHEAD: Final = 0.1
"""By how much its words must be likelier right than the quotation: this was fitted on fewer questions than that."""
_LANGUAGE_NAMES: Final = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model made of the passages, all of it."""

    text: str
    """Its sentences that a passage states."""
    pieces: tuple[str | Passage, ...]
    """The same with the passages that state them, as they are said."""
    spoken: Spoken | None
    """How it went; None where the model was stopped, or does not tell."""
    why_nothing: str


class DeviceTier:
    """Answer with a local model where it is likely to be right; leave a draft where it is not.

    What it reads out of passages is weighed before a word of it is said, and it is only asked where its words are
    likelier right than what would be quoted: a small model must not replace a good quotation.
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
        belief: Callable[[ModelFile], Belief] = Confidence,
    ) -> None:
        self._rungs = rungs
        self._limits = limits or Limits()
        self._threshold = threshold
        self._passages = passages
        self._belief = belief

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query, or leave a draft. Raises `TierError` when no model can run."""
        rung = await self._rungs.current(query.language)
        verdict = self._considered(rung, query)
        spoken = verdict if isinstance(verdict, Reply) else verdict.draft
        if spoken is None:
            return verdict
        surviving = replace(spoken, words=self._or_another(rung, query, spoken.words))
        return surviving if isinstance(verdict, Reply) else replace(verdict, draft=surviving)

    async def _or_another(self, rung: Rung, query: Query, words: Words) -> Words:
        """Say the words; where their model dies before the first one, leave what another model would say."""
        begun = False
        try:
            async with aclosing(words) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
        except ModelDied as death:
            other = await self._rungs.current(query.language)
            if begun or other.described == rung.described:
                raise
            verdict = await self.consider(query)
            draft = verdict if isinstance(verdict, Reply) else verdict.draft
            yield Declined(f"{death}; {verdict.reason}", draft=draft)

    def _considered(self, rung: Rung, query: Query) -> Reply | Declined:
        name, languages = rung.described.name, rung.described.languages
        if query.language not in languages:
            return Declined(f"{name} does not speak {_LANGUAGE_NAMES.get(query.language, query.language)}")
        query, why = self.useful(rung, query), f"; {rung.why}" if rung.why else ""
        if query.passages and _kind(query) == "fact":
            return self._reading(rung, query, why)
        right = _right(rung, query)
        reason = f"{name} is right about {right:.0%} of such questions{why}"
        if _own(query):
            return _not_known(query, f"{name} cannot know what is the user's own, so it is not asked{why}")
        if _out_of_the_blue(query) and (right >= HOPELESS or not query.history):
            return self._remembering(rung, query, right, reason)
        reply = Reply(self._fluent(rung, query, right, reason), reason, right)
        return reply if right >= self._threshold else Declined(reason, draft=reply)

    def useful(self, rung: Rung, query: Query) -> Query:
        """Keep the passages that help: the best few, and none for a poem."""
        if _kind(query) == "wish" and not is_about_documents(query.text):
            return replace(query, passages=())
        return replace(query, passages=query.passages[: self._passages if _careful(rung) else min(self._passages, 2)])

    def _reading(self, rung: Rung, query: Query, why: str) -> Reply | Declined:
        """Have the passages read, unless they promise too little, or what would be quoted is likelier right."""
        name, passages = rung.described.name, shown(query).passages
        before = self._belief(rung.described).before(query.language, promise(query.text, passages))
        known = max((passage.right for passage in passages if passage.right is not None), default=None)
        reason = f"{name} would be right with probability {before:.2f}"
        if known is not None and not worth_asking(rung, before, known):
            return Declined(f"{reason}, the quotation with {known:.2f}, so it is not asked{why}")
        reply = Reply(self._weighed(rung, query, before, why), f"{reason}{why}", before)
        return reply if before >= self._threshold else Declined(reply.reason, draft=reply)

    def _remembering(self, rung: Rung, query: Query, right: float, reason: str) -> Reply | Declined:
        """Have a fact remembered, unless the model hardly knows any."""
        if right < HOPELESS:
            return _not_known(query, f"{reason}, so it is not asked")
        return Reply(self._recalled(rung, query, right, reason), reason, right)

    async def _recalled(self, rung: Rung, query: Query, right: float, reason: str) -> Words:
        """Say what the model remembers once all of it was heard and weighed."""
        name, (text, spoken) = rung.described.name, await self.recalled(rung, query)
        if knows_nothing(text):
            yield _not_known(query, f"{name} was asked, and does not know")
            return
        features = remembered(query.text, text)
        short = spoken is not None and spoken.ended == "stop"
        after = self._belief(rung.described).remembered(query.language, features, spoken if short else None)
        if after is not None:
            reason = f"{name} is right with probability {after:.2f}, {right:.2f} before it was heard"
        sure = right if after is None else after
        if sure < HOPELESS:
            yield _not_known(query, reason)
        elif sure < self._threshold:
            yield Declined(reason, draft=Reply(_saying(text), reason, sure))
        else:
            yield Weighed(sure, reason)
            yield text

    async def recalled(self, rung: Rung, query: Query) -> tuple[str, Spoken | None]:
        """Return all that a model remembers of a fact, and how it went. Raises `TierError`."""
        told: list[Spoken] = []
        async with aclosing(self._words(rung, (await self._fitted(rung, query))[0], told.append)) as words:
            text = "".join([word async for word in words])
        whole = not told or told[-1].ended == "stop"
        return (text.strip() if whole else finished(text)), (told[-1] if told else None)

    async def _weighed(self, rung: Rung, query: Query, before: float, why: str) -> Words:
        """Say what stands in the passages once all of it was heard and weighed; think again where it is too little."""
        fits, left_out = await self._fitted(rung, shown(query))
        fitted = replace(query, passages=query.passages[: len(fits.passages)], history=fits.history)
        if not fitted.passages:
            right = _right(rung, fitted)
            yield Weighed(right, f"{rung.described.name} is right about {right:.0%} of such questions{left_out}{why}")
            async with aclosing(self._words(rung, fitted)) as words:
                async for word in words:
                    yield word
            return
        heard = await self.heard(rung, fitted)
        if not heard.text:
            reason = f"{rung.described.name} was asked, and {heard.why_nothing}"
            yield Declined(reason, draft=Reply(_saying(prompts.NOT_SAID[query.language]), reason, NOTHING_FOUND))
            return
        after = self._belief(rung.described).after(query.language, weighable(fitted, heard), heard.spoken)
        reason = f"{rung.described.name} is right with probability {after:.2f}, {before:.2f} before it read"
        reason = f"{reason} {len(fitted.passages)} passages{left_out}{why}"
        if after < self._threshold <= before:
            yield Declined(reason, draft=Reply(_saying(*heard.pieces), reason, after))
            return
        yield Weighed(after, reason)
        for piece in heard.pieces:
            yield piece

    async def heard(self, rung: Rung, query: Query) -> Heard:
        """Return all that a model says from passages, without what none of them states. Raises `TierError`."""
        told: list[Spoken] = []
        telling = Telling(Grounds(query.text, query.passages), cite=_careful(rung))
        words = self._words(rung, shown(query), told.append)
        async with aclosing(telling.pieces(words)) as pieces:
            said = [piece async for piece in pieces if piece]
        text = MARK.sub("", "".join(piece for piece in said if isinstance(piece, str)))
        return Heard(text, tuple(said), told[-1] if told else None, telling.reason)

    async def _fluent(self, rung: Rung, query: Query, right: float, reason: str) -> Words:
        """Say an answer as it comes; where something did not fit, that first."""
        fitted, left_out = await self._fitted(rung, query)
        if left_out:
            yield Weighed(right, f"{reason}{left_out}")
        if not fitted.passages:
            async with aclosing(self._words(rung, fitted)) as words:
                async for word in words:
                    yield word
            return
        telling, told = Telling(Grounds(fitted.text, fitted.passages), cite=_careful(rung)), False
        async with aclosing(telling.pieces(self._words(rung, fitted))) as pieces:
            async for piece in pieces:
                told = True
                yield piece
        if not told:
            reason = f"{rung.described.name} was asked, and {telling.reason}"
            yield Declined(reason, draft=Reply(_saying(prompts.NOT_SAID[query.language]), reason, NOTHING_FOUND))

    async def _fitted(self, rung: Rung, query: Query) -> tuple[Query, str]:
        """Leave out what the context cannot hold: passages first, then the oldest turns, never the question.

        Only where an estimate on the safe side is too long does the model count; a passage is then left out or not by
        the true number of tokens.
        """
        room = rung.context - min(self._limits.max_tokens, rung.context // 2)
        fitted = query
        while prompts.tokens(_messages(rung, fitted)) > room and await rung.model.count(_messages(rung, fitted)) > room:
            shorter = _shorter(fitted)
            if shorter is None:
                break
            fitted = shorter
        passages, turns = len(query.passages) - len(fitted.passages), len(query.history) - len(fitted.history)
        if not passages and not turns:
            return query, ""
        return fitted, f"; {passages} passages and {turns} earlier messages do not fit its context"

    async def _words(self, rung: Rung, query: Query, told: Callable[[Spoken], object] = bool) -> AsyncGenerator[str]:
        """Say the answer; a prompt that the model counts as too long after all is made shorter again."""
        most = min(self._limits.max_tokens, FACT_TOKENS if _out_of_the_blue(query) else self._limits.max_tokens)
        limits = replace(self._limits, max_tokens=most, temperature=_temperature(query), asker=_asker(query))

        def went(outcome: Spoken) -> None:
            told(outcome)
            self._rungs.told(rung, outcome)

        while True:
            try:
                async with aclosing(rung.model.stream(_messages(rung, query), limits, went)) as words:
                    async for word in words:
                        yield word
                return
            except PromptTooLong:
                shorter = _shorter(query)
                if shorter is None:
                    raise
                query = shorter
            except TierError as error:
                self._rungs.told(rung, error)
                raise


def weighable(query: Query, heard: Heard) -> dict[str, float]:
    """Return every feature of an answer from passages but its likelihood."""
    passages = shown(query).passages
    return {**promise(query.text, passages), **fit(query.text, heard.text, passages)}


def worth_asking(rung: Rung, before: float, known: float) -> bool:
    """Return whether a model is to read passages of which a quotation is right with a known probability.

    Of 131 answerable questions of kb_en a model of 0.5B alone was right on 6, and the quotation alone on 42.
    """
    return _careful(rung) and before > max(known + AHEAD, HARDLY)


async def _saying(*pieces: str | Passage) -> Words:
    for piece in pieces:
        yield piece


def _right(rung: Rung, query: Query) -> float:
    kind: Kind = "grounded" if query.passages else _kind(query)
    right = rung.described.right
    return {"grounded": right.grounded, "fact": right.fact, "wish": right.wish}[kind]


def _careful(rung: Rung) -> bool:
    """Return whether a model can read several passages and cite them."""
    return rung.described.billions >= SMALL


def _messages(rung: Rung, query: Query) -> tuple[Message, ...]:
    manner: prompts.Manner = "cited" if _careful(rung) else "brief" if _kind(query) == "fact" else "plain"
    return prompts.messages(query, manner)


def _asker(query: Query) -> str:
    """Return in whose line a question waits: its conversation's, else its device's or its speaker's."""
    return query.context.conversation or query.context.device or query.context.speaker or ""


def _temperature(query: Query) -> float:
    """Return how freely to speak: word for word from passages, and lively enough that a poem does not go in circles."""
    if query.passages or _out_of_the_blue(query):
        return 0.0
    return 0.7 if _kind(query) == "wish" else 0.3


def _kind(query: Query) -> Kind:
    return "wish" if is_wish(query.text) else "fact"


def _out_of_the_blue(query: Query) -> bool:
    """Return whether a fact with a short answer is asked for, and nothing was found about it."""
    return not query.passages and _kind(query) == "fact" and is_fact(query.text)


def _own(query: Query) -> bool:
    """Return whether only the user can know the answer, and has not told it."""
    return not query.passages and not query.history and _kind(query) == "fact" and is_own(query.text)


def _not_known(query: Query, reason: str) -> Declined:
    return Declined(reason, draft=Reply(_saying(prompts.NOT_KNOWN[query.language]), reason, NOTHING_FOUND))


def _shorter(query: Query) -> Query | None:
    if query.passages:
        return replace(query, passages=query.passages[:-1])
    if query.history:
        return replace(query, history=query.history[2:])
    return None
