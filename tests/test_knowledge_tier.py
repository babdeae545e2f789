"""The knowledge tier quotes what answers, and hands on what bears on the question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.config import shipped
from edge_assistant.errors import StorageError, TierError
from edge_assistant.knowledge.documents import Block, Card, Document
from edge_assistant.knowledge.library import Library
from edge_assistant.storage.database import Database
from edge_assistant.tiers.knowledge import KnowledgeTier
from edge_assistant.types import Declined, Query, Reply
from tests.bag_of_words import heating, library

MODEL = shipped("models") / "all-MiniLM-L6-v2"


def filled(folder: Path) -> Library:
    kept = Library(
        Database(folder / "assistant.db"), embedder=lambda: OnnxEmbedder(MODEL), index=FaissIndex, folder=folder
    )
    kept.add(heating())
    kept.add(
        Document(
            "暖气.md",
            "暖气",
            "zh",
            (
                Block("重置暖气时按住红色按钮五秒。", ("怎么重置暖气？",)),
                Block("水泵于1987年在格拉茨制造。水泵重40公斤。", ("水泵",)),
            ),
        )
    )
    kept.add(Document("cards.csv", "Cards", "en", cards=(Card("Who maintains the boiler?", "Miller and Sons."),)))
    return kept


@pytest.fixture(scope="module")
def tier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeTier]:
    folder = tmp_path_factory.mktemp("library")
    tier = KnowledgeTier(lambda: filled(folder), threshold=0.6, passages=2)
    yield tier
    tier.close()


async def said(reply: Reply) -> str:
    return "".join([str(word) async for word in reply.words])


@pytest.mark.parametrize(
    ("question", "language", "words", "source"),
    [
        ("how do I reset the heating?", "en", "Hold the red button for five seconds", "heating.md#reset-the-heating"),
        ("how often should I bleed the radiators?", "en", "once a year", "heating.md#how-often-do-i-bleed-radiators"),
        ("Who looks after the boiler?", "en", "Miller and Sons.", "cards.csv#who-maintains-the-boiler"),
        ("如何重置暖气", "zh", "按住红色按钮五秒", "暖气.md#怎么重置暖气"),
    ],
)
async def test_what_a_document_plainly_answers_is_quoted(
    tier: KnowledgeTier, question: str, language: str, words: str, source: str
) -> None:
    reply = await tier.consider(Query(question, language))

    assert isinstance(reply, Reply)
    assert words in await said(reply)
    assert [passage.source for passage in reply.sources] == [source]
    assert reply.confidence >= 0.6
    assert source in reply.reason


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("write two lines about rain", "en"),
        ("tell me a joke", "en"),
        ("who won the chess championship?", "en"),
        ("写两句关于雨的诗", "zh"),
        ("给我讲个笑话", "zh"),
    ],
)
async def test_what_no_document_answers_is_left_to_the_others(
    tier: KnowledgeTier, question: str, language: str
) -> None:
    verdict = await tier.consider(Query(question, language))

    assert isinstance(verdict, Declined)
    assert verdict.draft is None or verdict.draft.confidence < 0.25
    assert verdict.reason
    if verdict.draft:
        await verdict.draft.words.aclose()


async def test_a_doubtful_quotation_is_left_as_a_draft_with_its_passages(tmp_path: Path) -> None:
    strict = KnowledgeTier(lambda: filled(tmp_path), threshold=1.0, passages=2)

    verdict = await strict.consider(Query("how do I reset the heating?"))
    strict.close()

    assert isinstance(verdict, Declined)
    assert verdict.draft is not None
    assert len(verdict.passages) == 2
    assert verdict.passages[0].source == verdict.draft.sources[0].source
    assert (verdict.passages[0].right, verdict.passages[1].right) == (verdict.draft.confidence, None)
    assert verdict.passages[0].quotation == await said(verdict.draft)
    assert "not sure enough" in verdict.reason
    await verdict.draft.words.aclose()


async def test_words_alone_answer_without_an_embedder_and_say_so(tmp_path: Path) -> None:
    kept = library(tmp_path, words_only=True)
    kept.add(heating())
    tier = KnowledgeTier(lambda: kept)

    reply = await tier.consider(Query("how do I reset the heating?"))
    tier.close()

    assert isinstance(reply, Reply)
    assert "by words only: no embedder is set up" in reply.reason
    await reply.words.aclose()


async def test_an_empty_library_declines(tmp_path: Path) -> None:
    tier = KnowledgeTier(lambda: library(tmp_path))

    verdict = await tier.consider(Query("anything at all"))
    tier.close()

    assert verdict == Declined("no passage matches")


async def test_a_library_that_cannot_be_opened_costs_the_tier_its_turn(tmp_path: Path) -> None:
    def broken() -> Library:
        raise StorageError("assistant.db: disk full")

    tier = KnowledgeTier(broken)

    with pytest.raises(TierError, match="disk full"):
        await tier.consider(Query("anything"))
    tier.close()
