"""A judge is asked where the features are undecided, while there is time; and what it says is weighed, not obeyed."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from edge_assistant.calibration import shipped
from edge_assistant.errors import TierError
from edge_assistant.knowledge.judging import features
from edge_assistant.models.catalog import Catalog, Judging, ModelFile
from edge_assistant.models.judge import ModelJudge
from edge_assistant.tiers.knowledge import KnowledgeTier
from edge_assistant.types import Judge, Message, Query, Reply
from tests.bag_of_words import heating, library

JUDGING = {"en": Judging(scale=1.0, offset=-1.0), "zh": Judging(scale=2.0, offset=0.0)}
UNDECIDED = Query("How many seconds do I hold the button?")


class FakeJudge:
    """Says what it was told to say."""

    languages = ("en",)

    def __init__(self, verdict: float | TierError = 0.9, expected: float = 1.0, slow: bool = False) -> None:
        self.verdict = verdict
        self.expected = expected
        self.slow = slow
        self.heard: list[tuple[str, str, str]] = []

    async def probability(self, question: str, passage: str, language: str) -> float:
        self.heard.append((question, passage, language))
        if self.slow:
            await anyio.sleep_forever()
        if isinstance(self.verdict, TierError):
            raise self.verdict
        return self.verdict


class FakeLeaning:
    """A model that leans as told, and takes a second for it."""

    def __init__(self, leaning: float = 2.0) -> None:
        self.loaded = self.busy = False
        self.now = 0.0
        self.asked: list[tuple[Sequence[Message], tuple[str, str]]] = []
        self._leaning = leaning

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
        self.asked.append((messages, choices))
        self.now += 1.0
        return self._leaning


def rung() -> ModelFile:
    return ModelFile(name="m", file="m.gguf", size=800_000_000, sha256="0" * 64, billions=1.5, judging=JUDGING)


@asynccontextmanager
async def tier_with(
    folder: Path, judge: Judge | None, clock: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[KnowledgeTier]:
    kept = library(folder)
    kept.add(heating())
    tier = KnowledgeTier(lambda: kept, judge=lambda: judge, clock=clock)
    yield tier
    tier.close()


async def confidence(tier: KnowledgeTier, query: Query) -> tuple[float, str]:
    verdict = await tier.consider(query)
    reply = verdict if isinstance(verdict, Reply) else verdict.draft
    if reply is None:
        return 0.0, verdict.reason
    await reply.words.aclose()
    return reply.confidence, verdict.reason


async def test_a_verdict_moves_what_was_undecided(tmp_path: Path) -> None:
    yes, no = FakeJudge(0.95), FakeJudge(0.02)

    async with tier_with(tmp_path, None) as tier:
        alone, _ = await confidence(tier, UNDECIDED)
    async with tier_with(tmp_path, yes) as tier:
        surer, why = await confidence(tier, UNDECIDED)
    async with tier_with(tmp_path, no) as tier:
        doubted, _ = await confidence(tier, UNDECIDED)

    assert 0.2 < alone < 0.9, "the question of this test must be undecided"
    assert doubted < alone < surer
    assert f"judged 0.95 from {alone:.2f}" in why
    assert yes.heard[0][0] == UNDECIDED.text
    assert "red button" in yes.heard[0][1]


@pytest.mark.parametrize("question", ["how do I reset the heating?", "who won the chess championship?"])
async def test_what_is_decided_needs_no_judge(tmp_path: Path, question: str) -> None:
    judge = FakeJudge()

    async with tier_with(tmp_path, judge) as tier:
        await confidence(tier, Query(question))

    assert judge.heard == []


@pytest.mark.parametrize(("expected", "deadline"), [(math.inf, None), (7.0, None), (2.0, 3.0)])
async def test_a_judge_that_takes_too_long_is_not_asked(
    tmp_path: Path, expected: float, deadline: float | None
) -> None:
    judge = FakeJudge(expected=expected)

    async with tier_with(tmp_path, judge) as tier:
        _, why = await confidence(tier, Query(UNDECIDED.text, deadline=deadline))

    assert judge.heard == []
    assert "no time for a judge" in why


async def test_a_judge_is_not_asked_in_a_language_that_it_was_not_measured_in(tmp_path: Path) -> None:
    judge = FakeJudge()

    async with tier_with(tmp_path, judge) as tier:
        await confidence(tier, Query(UNDECIDED.text, "zh"))

    assert judge.heard == []


async def test_a_judge_that_hangs_is_left_at_the_deadline(tmp_path: Path) -> None:
    judge = FakeJudge(expected=0.0, slow=True)

    async with tier_with(tmp_path, judge) as tier:
        _, why = await confidence(tier, Query(UNDECIDED.text, deadline=2.05))

    assert "no verdict of the judge within 0.05 s" in why


async def test_a_broken_judge_costs_nobody_the_quotation(tmp_path: Path) -> None:
    async with tier_with(tmp_path, FakeJudge(TierError("the local model died"))) as tier:
        sure, why = await confidence(tier, UNDECIDED)

    assert sure > 0.1
    assert "no verdict: the local model died" in why


async def test_a_model_leans_between_yes_and_no_in_the_language_of_the_question() -> None:
    model = FakeLeaning(leaning=1.0)
    judge = ModelJudge(model, rung(), lambda: model.now)

    assert await judge.probability("Why?", "Because.", "en") == 0.5
    await judge.probability("为什么？", "因为。", "zh")

    assert [choices for _, choices in model.asked] == [("Yes", "No"), ("是", "否")]
    assert "Because." in model.asked[0][0][-1].text


async def test_the_time_of_a_verdict_is_guessed_then_measured_and_loading_counts() -> None:
    model = FakeLeaning()
    judge = ModelJudge(model, rung(), lambda: model.now)

    assert judge.expected == 5.0
    await judge.probability("Why?", "Because.", "en")
    model.loaded = True
    assert judge.expected == 3.0
    await judge.probability("Why?", "Because.", "en")
    assert judge.expected == 1.0
    model.busy = True
    assert judge.expected == math.inf


async def test_a_verdict_that_did_not_come_in_time_is_followed_by_a_rest() -> None:
    class Stuck(FakeLeaning):
        async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
            await anyio.sleep_forever()
            return 0.0

    model = Stuck()
    model.loaded = True
    judge = ModelJudge(model, rung(), lambda: model.now)

    with anyio.move_on_after(0):
        await judge.probability("Why?", "Because.", "en")

    assert judge.expected == math.inf
    model.now = 60.0
    assert judge.expected == 3.0


def test_only_models_that_were_measured_judge(tmp_path: Path) -> None:
    judges = {model.name for model in Catalog.usual(tmp_path) if model.judging}

    assert "qwen2.5-coder-1.5b" in judges
    assert not judges & {"smollm2-135m", "qwen2.5-coder-0.5b"}


def test_the_shipped_table_weighs_both_and_says_where_it_is_from() -> None:
    table = shipped("knowledge", "judged.en")

    assert table.origin["questions"]
    assert table.probability(features(0.5, 0.9)) > table.probability(features(0.5, 0.1))
    assert table.probability(features(0.8, 0.5)) > table.probability(features(0.2, 0.5))
