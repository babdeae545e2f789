"""What an embedder cannot read is found by words, and what it can is found across languages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import numpy
import pytest

from edge_assistant.errors import TierError
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.fuse import fused_across
from tests.bag_of_words import BagOfWords, library

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

MEANT = {"水泵": "pump", "颜色": "colour", "阀门": "valve"}


class Interpreter(BagOfWords):
    """Knows a few words of Chinese by their English meaning."""

    languages: Sequence[str] = ("en", "zh")

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> FloatArray:
        def understood(text: str) -> str:
            for word, meaning in MEANT.items():
                text = text.replace(word, f" {meaning} ")
            return text

        return super().embed([understood(text) for text in texts], kind)


class Unsure(Sequence[str]):
    """Languages that cannot be told, since the tokenizer is broken."""

    def __getitem__(self, place: object) -> NoReturn:
        raise TierError("the tokenizer is damaged")

    def __len__(self) -> int:
        raise TierError("the tokenizer is damaged")


def test_a_chinese_question_finds_the_english_document_that_answers_it(tmp_path: Path) -> None:
    kept = library(tmp_path, Interpreter())
    kept.add(plain("pump.txt", "The pump has the colour red.", "en", ""))
    kept.add(plain("valve.txt", "Open the valve by hand.", "en", ""))
    kept.add(plain("菜单.txt", "什么是菜单？菜单是一张写着汤、鱼、米饭和价钱的纸，每天早上挂在厨房的门口。", "zh", ""))

    found = kept.search("水泵是什么颜色的？", 3, "zh")

    assert found[0].text == "The pump has the colour red."


def test_a_document_in_the_language_of_the_question_is_still_first_where_it_answers(tmp_path: Path) -> None:
    kept = library(tmp_path, Interpreter())
    kept.add(plain("pump.txt", "The pump has the colour red.", "en", ""))
    kept.add(plain("水泵.txt", "水泵的颜色是红的。", "zh", ""))

    assert kept.search("水泵是什么颜色的？", 2, "zh")[0].text == "水泵的颜色是红的。"


def test_an_embedder_is_not_asked_about_a_language_that_it_does_not_read(tmp_path: Path) -> None:
    embedder = BagOfWords()
    kept = library(tmp_path, embedder)
    kept.add(plain("水泵.txt", "水泵的颜色是红的。", "zh", ""))
    embedder.embedded.clear()

    found = kept.search("水泵是什么颜色的？", 2, "zh")

    assert (len(found), embedder.embedded, kept.languages) == (1, [], ("en",))


def test_without_an_embedder_no_language_is_read(tmp_path: Path) -> None:
    assert library(tmp_path, words_only=True).languages == ()


def test_an_embedder_that_cannot_be_asked_is_given_up(tmp_path: Path) -> None:
    embedder = BagOfWords()
    embedder.languages = Unsure()
    kept = library(tmp_path, embedder)

    assert (kept.languages, kept.trouble) == ((), "the tokenizer is damaged")


@pytest.mark.parametrize(("nearness", "first"), [(0.95, 2), (0.85, 1)])
def test_a_foreign_passage_must_be_clearly_nearer_than_one_whose_words_match(nearness: float, first: int) -> None:
    scores = fused_across({1: 4.0}, {1: 0.84, 2: nearness, 3: 0.7}, dense=0.3, foreign={2, 3})

    assert next(iter(scores)) == first
    assert numpy.all(numpy.diff(list(scores.values())) <= 0)


def test_words_alone_decide_while_nothing_has_a_vector() -> None:
    assert list(fused_across({1: 2.0, 2: 4.0}, {}, dense=0.3, foreign=set())) == [2, 1]
