from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_assistant.storage.answers import Answers, key
from edge_assistant.storage.database import Database
from edge_assistant.tiers.answers import AnswersTier
from edge_assistant.types import Answer, Declined, Message, Query, Reply


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    database = Database(tmp_path / "assistant.db")
    yield Answers(database)
    database.close()


def tier(answers: Answers, stamp: str = "1") -> AnswersTier:
    return AnswersTier(lambda: answers, lambda: stamp, {"device": 0.5})


async def test_the_same_question_gets_the_same_answer(answers: Answers) -> None:
    answers.put(key("What is DNS?", "en", "1"), Answer("A directory of names.", "knowledge", 0.8))

    verdict = await tier(answers).consider(Query("what is dns"))

    assert isinstance(verdict, Reply)
    assert [word async for word in verdict.words] == ["A directory of names."]
    assert (verdict.reason, verdict.confidence) == ("said before by knowledge", 0.8)


async def test_an_unsure_answer_stays_a_draft(answers: Answers) -> None:
    answers.put(key("?", "en", "1"), Answer("Perhaps.", "device", 0.3))

    verdict = await tier(answers).consider(Query("?"))

    assert isinstance(verdict, Declined)
    assert verdict.draft is not None


async def test_new_knowledge_makes_old_answers_unfindable(answers: Answers) -> None:
    answers.put(key("?", "en", "1"), Answer("Old.", "knowledge", 0.8))

    assert await tier(answers, stamp="2").consider(Query("?")) == Declined("not asked before")


@pytest.mark.parametrize("query", [Query("?", private=True), Query("?", history=(Message("user", "a"),))])
async def test_private_and_dependent_questions_are_not_looked_up(answers: Answers, query: Query) -> None:
    answers.put(key("?", "en", "1"), Answer("Said.", "knowledge", 0.8))

    assert isinstance(await tier(answers).consider(query), Declined)
