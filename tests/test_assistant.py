from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from edge_assistant.assistant import LONGEST_QUESTION, Assistant
from edge_assistant.config import Cloud, Config, Endpoint
from edge_assistant.engine import Engine
from edge_assistant.errors import InputError, Unanswered
from edge_assistant.types import Answer, Attempt, TierName, Token
from tests.conftest import replying
from tests.loopback import Loopback


@pytest.fixture
async def assistant(home: Path) -> AsyncIterator[Assistant]:
    """An assistant without language models."""
    async with Assistant.open(config=Config(home=home, tiers=("rules", "answers", "knowledge"))) as opened:
        yield opened


def clouded(home: Path, server: Loopback) -> Assistant:
    endpoint = Endpoint(base_url=server.url, model="words")
    tiers: tuple[TierName, ...] = ("rules", "answers", "cloud")
    return Assistant.open(config=Config(home=home, tiers=tiers, cloud=Cloud(endpoints=(endpoint,))))


async def test_nothing_is_made_before_a_question(tmp_path: Path) -> None:
    async with Assistant.open(home=tmp_path / "home"):
        pass

    assert not (tmp_path / "home").exists()


async def test_the_events_of_a_rule_arrive_in_order(assistant: Assistant) -> None:
    async with aclosing(assistant.stream("what is 12 times 7")) as events:
        attempt, token, answer = [event async for event in events]

    assert isinstance(attempt, Attempt)
    assert isinstance(token, Token)
    assert isinstance(answer, Answer)
    assert (answer.text, answer.tier) == (token.text, "rules")


async def test_each_answer_is_kept_under_its_own_id(assistant: Assistant) -> None:
    first, second = [await assistant.ask("what is 12 times 7") for _ in range(2)]

    assert first.id != second.id
    assert assistant.why(second.id).receipt["text"] == second.text


async def test_rules_are_never_answered_from_memory(assistant: Assistant) -> None:
    tiers = [(await assistant.ask("turn on the kitchen light")).tier for _ in range(2)]

    assert tiers == ["rules", "rules"]


async def test_a_document_is_quoted_once_and_remembered_after(assistant: Assistant) -> None:
    first = await assistant.ask("how do I reset the router?")
    again = await assistant.ask("How do I reset the router")

    assert (first.tier, again.tier) == ("knowledge", "answers")
    assert (again.text, again.sources) == (first.text, first.sources)


async def test_new_documents_make_remembered_answers_stale(assistant: Assistant, tmp_path: Path) -> None:
    from edge_assistant.knowledge import ingest
    from edge_assistant.rooms import open_library

    await assistant.ask("how do I reset the router?")
    page = tmp_path / "page.md"
    page.write_text("# Lamps\n\nA lamp gives light.\n", encoding="utf-8")
    ingest.add(open_library(assistant.config, assistant.rooms.database), [page], limit=10_000, collection="main")

    assert (await assistant.ask("how do I reset the router?")).tier == "knowledge"


async def test_private_questions_are_neither_remembered_nor_looked_up(assistant: Assistant) -> None:
    tiers = [(await assistant.ask("how do I reset the router?", private=True)).tier for _ in range(2)]

    assert tiers == ["knowledge", "knowledge"]
    assert assistant.rooms.history.latest(1)[0].private


async def test_the_language_follows_the_question_unless_one_is_named(assistant: Assistant) -> None:
    answers = [await assistant.ask("你好"), await assistant.ask("hello"), await assistant.ask("hello", language="en")]

    assert [answer.language for answer in answers] == ["zh", "en", "en"]


@pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST_QUESTION + 1)])
async def test_what_is_no_question_is_refused_and_not_kept(assistant: Assistant, text: str) -> None:
    with pytest.raises(InputError, match="the question"):
        await assistant.ask(text)

    assert assistant.rooms.history.latest(1) == []


async def test_a_keyword_that_does_not_exist_is_not_passed_over(assistant: Assistant) -> None:
    with pytest.raises(TypeError, match="privat"):
        await assistant.ask("what is 12 times 7", privat=True)  # type: ignore[call-arg]


async def test_a_conversation_goes_on_where_nothing_can_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "assistant.db").mkdir()

    async with Assistant.open(home=tmp_path) as assistant:
        answer = await assistant.ask("what is 12 times 7", conversation="one")

    assert "84" in answer.text
    assert "the earlier turns are not known" in caplog.text


async def test_rules_run_on_every_turn_of_a_conversation(tmp_path: Path, server: Loopback) -> None:
    async with clouded(tmp_path, server) as assistant:
        turns = ["what is a gateway", "turn on the kitchen light", "and a router", "打开厨房的灯"]
        tiers = [(await assistant.ask(turn, conversation="one")).tier for turn in turns]

    assert tiers == ["cloud", "rules", "cloud", "rules"]


async def test_the_longest_question_is_read(assistant: Assistant) -> None:
    with pytest.raises(Unanswered):
        await assistant.ask("qxz " * (LONGEST_QUESTION // 4))


@pytest.mark.parametrize("question", ["write two lines about rain", "写两句关于雨的话"])
async def test_the_cloud_answers_what_nobody_at_home_can(tmp_path: Path, server: Loopback, question: str) -> None:
    async with clouded(tmp_path, server) as assistant:
        answer = await assistant.ask(question)

    assert (answer.tier, answer.complete) == ("cloud", True)
    assert len(server.requests) == 1


@pytest.mark.parametrize("how", [{"private": True}, {"local_only": True}])
async def test_the_cloud_is_not_asked_against_the_users_will(
    tmp_path: Path, server: Loopback, how: dict[str, bool]
) -> None:
    async with clouded(tmp_path, server) as assistant:
        with pytest.raises(Unanswered):
            await assistant.ask("why is the sky blue", **how)  # type: ignore[arg-type]

    assert server.requests == []


async def test_a_conversation_sees_its_earlier_turns_and_private_ones_stay_at_home(
    tmp_path: Path, server: Loopback
) -> None:
    async with clouded(tmp_path, server) as assistant:
        await assistant.ask("what is a gateway", conversation="one")
        await assistant.ask("what is 12 times 7", conversation="one", private=True)
        await assistant.ask("and a router", conversation="one")

    sent = str(server.requests[-1])
    assert "what is a gateway" in sent
    assert "12 times 7" not in sent


async def test_what_a_model_at_home_made_of_a_private_turn_stays_at_home_as_well(
    tmp_path: Path, server: Loopback
) -> None:
    async with clouded(tmp_path, server) as assistant:
        usual, local = assistant.rooms.engine, Engine([replying("device", "As I said, eighty-four.")])
        await assistant.ask("what is 12 times 7", conversation="one", private=True)
        assistant.rooms.engine = local
        await assistant.ask("say that again", conversation="one")
        assistant.rooms.engine = usual
        await assistant.ask("and a router", conversation="one")

    assert "and a router" in str(server.requests[-1])
    assert "eighty-four" not in str(server.requests[-1])


async def test_what_a_model_at_home_said_of_open_turns_may_travel(tmp_path: Path, server: Loopback) -> None:
    async with clouded(tmp_path, server) as assistant:
        usual, local = assistant.rooms.engine, Engine([replying("device", "As I said, eighty-four.")])
        await assistant.ask("what is 12 times 7", conversation="one")
        assistant.rooms.engine = local
        await assistant.ask("say that again", conversation="one")
        assistant.rooms.engine = usual
        await assistant.ask("and a router", conversation="one")

    assert "As I said, eighty-four." in str(server.requests[-1])
