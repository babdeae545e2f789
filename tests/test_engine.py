from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from edge_assistant.engine import Engine
from edge_assistant.errors import StorageError, TierError, Unanswered
from edge_assistant.policy import Policy
from edge_assistant.types import (
    Action,
    Answer,
    Attempt,
    Declined,
    Event,
    Limits,
    Message,
    Passage,
    Piece,
    Query,
    Reply,
    Restart,
    Tier,
    Token,
    Weighed,
)
from tests.conftest import FakeModel, FakeTier, reply, replying


async def told(engine: Engine, query: Query, *, restartable: bool = False) -> list[Event]:
    return [event async for event in engine.stream(query, restartable=restartable)]


async def test_the_first_tier_to_reply_answers() -> None:
    rules, device = replying("rules", "It is ", "noon."), replying("device", "Never asked.")

    answer = await Engine([rules, device]).ask(Query("what time is it"))

    assert (answer.tier, answer.text, answer.complete) == ("rules", "It is noon.", True)
    assert device.seen == []


async def test_events_arrive_in_the_order_they_happen() -> None:
    engine = Engine([FakeTier("rules", Declined("no match")), replying("device", "Yes", ".")], clock=lambda: 0.0)

    events = await told(engine, Query("really?"))

    assert events[:4] == [
        Attempt("rules", "declined", "no match"),
        Attempt("device", "answered", "it can", 1.0),
        Token("Yes"),
        Token("."),
    ]
    assert isinstance(events[4], Answer)


async def test_passages_found_by_one_tier_reach_the_next(passage: Passage) -> None:
    device = replying("device", "Hold it.")

    await Engine([FakeTier("knowledge", Declined("not sure", (passage,))), device]).ask(Query("reset?"))

    assert device.seen[0].passages == (passage,)


async def test_a_draft_speaks_when_everyone_after_it_declines() -> None:
    knowledge = FakeTier("knowledge", Declined("only .41", draft=reply("Perhaps so.", confidence=0.41)))

    answer = await Engine([knowledge, FakeTier("cloud", TierError("no network"), True)]).ask(Query("is it?"))

    assert (answer.tier, answer.text, answer.confidence) == ("knowledge", "Perhaps so.", 0.41)
    assert [attempt.outcome for attempt in answer.trace] == ["declined", "failed", "answered"]


async def test_the_surest_draft_speaks() -> None:
    knowledge = FakeTier("knowledge", Declined("unsure", draft=reply("A guess.", confidence=0.2)))
    device = FakeTier("device", Declined("unsure", draft=reply("A better one.", confidence=0.4)))

    answer = await Engine([knowledge, device]).ask(Query("?"))

    assert answer.text == "A better one."


async def test_a_reply_that_is_less_sure_than_a_draft_waits_behind_it() -> None:
    knowledge = FakeTier("knowledge", Declined("only .55", draft=reply("From the manual.", confidence=0.55)))
    device = replying("device", "Made up.", confidence=0.5)

    answer = await Engine([knowledge, device]).ask(Query("?"))

    assert answer.text == "From the manual."
    assert answer.trace[1].reason == "the draft of knowledge is surer (0.55 > 0.50)"


async def test_a_surer_reply_passes_a_draft_by() -> None:
    knowledge = FakeTier("knowledge", Declined("only .55", draft=reply("From the manual.", confidence=0.55)))

    answer = await Engine([knowledge, replying("cloud", "Right.", confidence=0.9)]).ask(Query("?"))

    assert answer.text == "Right."


async def test_a_tier_that_breaks_before_its_first_word_is_passed_over() -> None:
    answer = await Engine([replying("cloud", breaks=True), replying("device", "Here.")]).ask(Query("hi"))

    assert answer.text == "Here."
    assert [(a.tier, a.outcome) for a in answer.trace] == [("cloud", "failed"), ("device", "answered")]


async def test_a_break_midway_ends_incomplete_where_words_cannot_be_taken_back() -> None:
    engine = Engine([replying("cloud", "Well, ", breaks=True), replying("device", "Here.")])

    *_, answer = await told(engine, Query("hi"))

    assert isinstance(answer, Answer)
    assert (answer.text, answer.complete) == ("Well, ", False)
    assert answer.trace[0].reason == "broke off: the line went dead"


async def test_a_break_midway_restarts_on_the_next_tier_where_words_can_be_taken_back() -> None:
    engine = Engine([replying("cloud", "Well, ", breaks=True), replying("device", "Here.")])

    events = await told(engine, Query("hi"), restartable=True)

    words = [event for event in events if isinstance(event, Token | Restart)]
    assert words == [Token("Well, "), Restart(), Token("Here.")]
    assert isinstance(events[-1], Answer)
    assert (events[-1].text, events[-1].tier, events[-1].complete) == ("Here.", "device", True)


async def test_a_break_midway_falls_back_on_a_draft() -> None:
    knowledge = FakeTier("knowledge", Declined("unsure", draft=reply("From the manual.", confidence=0.2)))

    answer = await Engine([knowledge, replying("device", "Well, ", confidence=0.5, breaks=True)]).ask(Query("hi"))

    assert (answer.tier, answer.text) == ("knowledge", "From the manual.")


async def test_a_break_midway_that_nobody_can_mend_is_shown() -> None:
    answer = await Engine([replying("device", "Well, ", breaks=True)]).ask(Query("hi"))

    assert (answer.text, answer.complete) == ("Well, ", False)


async def test_a_matched_rule_owns_its_query_even_if_it_breaks() -> None:
    device = replying("device", "I turned it on!")

    answer = await Engine([FakeTier("rules", reply(breaks=True, owns=True)), device]).ask(Query("lamp on"))

    assert (answer.tier, answer.text, answer.complete) == ("rules", "", False)
    assert device.seen == []


async def test_actions_are_collected_from_the_words() -> None:
    done = Action("turn_on", "light.kitchen")

    async def words() -> AsyncGenerator[str | Action]:
        yield done
        yield "It is on."

    answer = await Engine([FakeTier("rules", Reply(words(), "intent HassTurnOn", owns=True))]).ask(Query("lamp on"))

    assert (answer.text, answer.actions) == ("It is on.", (done,))


async def test_a_private_query_never_leaves_the_device() -> None:
    cloud = replying("cloud", "Secret!", leaves_device=True)

    with pytest.raises(Unanswered, match="the question is private"):
        await Engine([cloud]).ask(Query("my diagnosis", private=True))
    assert cloud.seen == []


async def test_only_local_answers_skip_what_leaves_the_device() -> None:
    cloud = replying("cloud", "Hello.", leaves_device=True)

    with pytest.raises(Unanswered, match="only local answers are wanted"):
        await Engine([cloud]).ask(Query("hi", local_only=True))
    assert cloud.seen == []


async def test_documents_stay_at_home_unless_sharing_is_on(passage: Passage) -> None:
    passage = replace(passage, share="cloud")
    query = Query("reset?", passages=(passage,))
    home, shared = (replying("cloud", "Hello.", leaves_device=True) for _ in range(2))

    await Engine([home]).ask(query)
    await Engine([shared], Policy(share_passages=True)).ask(query)

    assert home.seen[0].passages == ()
    assert shared.seen[0].passages == (passage,)


async def test_earlier_private_turns_stay_at_home() -> None:
    cloud = replying("cloud", "Hello.", leaves_device=True)
    public = Message("user", "What is a router?")

    await Engine([cloud]).ask(Query("and?", history=(Message("user", "My diagnosis is …", private=True), public)))

    assert cloud.seen[0].history == (public,)


class Slow(FakeTier):
    """A tier that never decides."""

    async def consider(self, query: Query) -> Reply | Declined:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_slow_tier_loses_its_turn() -> None:
    tiers: list[Tier] = [Slow("device", Declined("")), replying("cloud", "Quick.")]

    answer = await Engine(tiers, Policy(patience={"device": 0.01, "cloud": 1.0})).ask(Query("hi"))

    assert answer.text == "Quick."
    assert answer.trace[0].reason == "no decision within 0.01 s"


async def never(*words: str) -> AsyncGenerator[str]:
    for word in words:
        yield word
    await asyncio.Event().wait()


async def test_a_tier_that_takes_a_query_and_is_silent_loses_its_turn() -> None:
    silent = FakeTier("device", Reply(never(), "it can"))

    answer = await Engine([silent, replying("cloud", "Quick.")], Policy(patience={"device": 0.01, "cloud": 1.0})).ask(
        Query("hi")
    )

    assert answer.trace[0].reason == "no word within 0.01 s"


async def test_an_answer_that_stalls_is_broken_off() -> None:
    stalling = FakeTier("device", Reply(never("Well, "), "it can"))

    answer = await Engine([stalling], Policy(stall=0.01)).ask(Query("hi"))

    assert (answer.text, answer.complete) == ("Well, ", False)
    assert answer.trace[0].reason == "broke off: no further word within 0.01 s"


async def test_the_deadline_ends_an_answer_that_would_go_on() -> None:
    now = iter(range(100))
    engine = Engine([replying("device", *["word "] * 60)], clock=lambda: float(next(now)))

    answer = await engine.ask(Query("count", deadline=20.0))

    assert not answer.complete
    assert answer.trace[-1].reason == "broke off: the deadline passed"


async def test_walking_away_silences_the_model() -> None:
    model = FakeModel("one ", "two ", "three ")
    tier = FakeTier("device", Reply(model.stream((), Limits()), "it can"))

    async with aclosing(Engine([tier]).stream(Query("count"))) as events:
        async for event in events:
            if isinstance(event, Token):
                break

    assert model.closed


async def test_walking_away_before_the_first_word_is_shown_silences_the_model() -> None:
    model = FakeModel("one ", "two ", "three ")
    tier = FakeTier("device", Reply(model.stream((), Limits()), "it can"))

    async with aclosing(Engine([tier]).stream(Query("count"))) as events:
        await anext(events)

    assert model.heard
    assert model.closed


async def test_a_deadline_that_passes_before_the_first_word_is_shown_silences_the_model() -> None:
    model, now = FakeModel("one ", "two "), [0.0]
    tier = FakeTier("device", Reply(model.stream((), Limits()), "it can"))
    engine = Engine([tier], clock=lambda: now[0])

    async for event in engine.stream(replace(Query("count"), deadline=10.0)):
        now[0] = 11.0 if isinstance(event, Attempt) else now[0]

    assert model.closed


async def test_a_tier_whose_first_word_is_empty_has_nothing_to_say() -> None:
    model = FakeModel("", "late")
    tier = FakeTier("device", Reply(model.stream((), Limits()), "it can"))

    answer = await Engine([tier, replying("cloud", "Yes.")]).ask(Query("?"))

    assert (answer.text, answer.trace[0].reason) == ("Yes.", "it had nothing to say")
    assert model.closed


async def test_drafts_that_nobody_needed_are_closed() -> None:
    draft = reply("Perhaps.", confidence=0.1)

    await Engine([FakeTier("knowledge", Declined("unsure", draft=draft)), replying("device", "Yes.")]).ask(Query("?"))

    assert await anext(draft.words, "closed") == "closed"


@pytest.mark.parametrize("error", [TierError("model file is missing"), StorageError("storage is full")])
async def test_a_broken_tier_is_noted_in_the_trace(error: TierError | StorageError) -> None:
    class Broken(FakeTier):
        async def consider(self, query: Query) -> Reply | Declined:
            raise error

    with pytest.raises(Unanswered) as caught:
        await Engine([Broken("device", Declined(""))]).ask(Query("hi"))

    assert caught.value.trace == (replace(caught.value.trace[0], outcome="failed", reason=str(error)),)


async def pieces(*said: Piece | Declined) -> AsyncGenerator[Piece | Declined]:
    for piece in said:
        yield piece


async def test_the_passages_among_the_words_become_the_sources_and_empty_pieces_are_only_signs_of_life() -> None:
    one, other = Passage("One.", "a.md", 0.9), Passage("Two.", "b.md", 0.8)
    tier = FakeTier("device", Reply(pieces("One.", one, "", " Two.", other, " One.", one), "it can"))

    events = [event async for event in Engine([tier]).stream(Query("?"))]

    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.sources == (one, other)
    assert [event.text for event in events if isinstance(event, Token)] == ["One.", " Two.", " One."]


def thinking_again() -> FakeTier:
    again = Declined("it found nothing", draft=reply("Nothing there.", confidence=0.1))
    return FakeTier("device", Reply(pieces(again), "it can", 0.9))


async def test_a_tier_may_think_again_before_it_speaks_and_its_new_draft_waits_its_turn() -> None:
    answered = await Engine([thinking_again(), replying("cloud", "Here.")]).ask(Query("?"))
    left = await Engine([thinking_again(), FakeTier("cloud", Declined("no"))]).ask(Query("?"))

    assert (answered.text, answered.tier) == ("Here.", "cloud")
    assert answered.trace[0].outcome == "declined"
    assert answered.trace[0].reason == "it found nothing"
    assert (left.text, left.tier, left.confidence) == ("Nothing there.", "device", 0.1)


async def test_a_draft_that_thinks_again_gives_way_to_the_next_best() -> None:
    again = Declined("it found nothing", draft=reply("Nothing there.", confidence=0.1))
    device = FakeTier("device", Declined("hardly", draft=Reply(pieces(again), "it can", 0.4)))
    knowledge = FakeTier("knowledge", Declined("not sure", draft=reply("Perhaps this.", confidence=0.3)))

    answer = await Engine([knowledge, device]).ask(Query("?"))

    assert (answer.text, answer.tier) == ("Perhaps this.", "knowledge")


async def weighed(confidence: float, *words: str) -> AsyncGenerator[Piece | Declined | Weighed]:
    yield Weighed(confidence, f"it heard itself: {confidence}")
    for word in words:
        yield word


async def test_a_tier_that_hears_itself_first_answers_as_sure_as_it_is_then() -> None:
    device = FakeTier("device", Reply(weighed(0.8, "The", " answer."), "it may", 0.4))

    answer = await Engine([device]).ask(Query("?"))

    assert (answer.text, answer.tier, answer.confidence) == ("The answer.", "device", 0.8)
    assert (answer.trace[-1].reason, answer.trace[-1].confidence) == ("it heard itself: 0.8", 0.8)


async def test_a_tier_that_doubts_itself_waits_behind_a_surer_draft() -> None:
    knowledge = FakeTier("knowledge", Declined("unsure", draft=reply("A quotation.", confidence=0.5)))
    device = FakeTier("device", Reply(weighed(0.3, "Doubtful."), "it may", 0.9))

    answer = await Engine([knowledge, device]).ask(Query("?"))

    assert (answer.text, answer.tier, answer.confidence) == ("A quotation.", "knowledge", 0.5)
    assert answer.trace[1].reason == "the draft of knowledge is surer (0.50 > 0.30)"


async def test_a_draft_that_hears_itself_gives_way_where_another_is_surer() -> None:
    knowledge = FakeTier("knowledge", Declined("unsure", draft=reply("A quotation.", confidence=0.3)))
    device = FakeTier("device", Declined("unsure", draft=Reply(weighed(0.2, "Doubtful."), "it may", 0.4)))

    answer = await Engine([knowledge, device]).ask(Query("?"))

    assert (answer.text, answer.trace[-1].reason) == ("A quotation.", "the best draft: it can")


async def test_words_that_were_weighed_and_waited_are_still_said_where_the_surer_draft_breaks() -> None:
    broken = FakeTier("knowledge", Declined("unsure", draft=reply(breaks=True, confidence=0.5)))
    device = FakeTier("device", Reply(weighed(0.3, "Doubtful."), "it may", 0.9))

    answer = await Engine([broken, device]).ask(Query("?"))

    assert (answer.text, answer.confidence) == ("Doubtful.", 0.3)


async def test_a_tier_that_weighs_nothing_has_nothing_to_say() -> None:
    device = FakeTier("device", Reply(weighed(0.9), "it may", 0.9))

    with pytest.raises(Unanswered) as caught:
        await Engine([device]).ask(Query("?"))

    assert caught.value.trace[0].reason == "it had nothing to say"
