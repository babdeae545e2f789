"""Two editions of a manual: the newer one is quoted, and the other one is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.collections import STARTER
from edge_assistant.knowledge.contradictions import contradict
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.editions import newer, same_work
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.store import Stored
from tests.bag_of_words import library

YEAR = 365 * 86_400.0
ASKED = "What is the pressure of the cold boiler?"


def stored(name: str, dated: float | None = None) -> Stored:
    from edge_assistant.knowledge.chunks import Chunk

    return Stored(1, name, "main", Chunk("", "", name, "en"), dated=dated)


def add(kept: Library, name: str, text: str, language: str = "en", collection: str = "main") -> None:
    kept.add(plain(name, text, language, collection=collection))


def told(kept: Library, asked: str = ASKED, language: str = "en") -> Finding:
    answer = kept.answer(asked, language)
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("boiler.md", "boiler-old.md"),
        ("boiler_new.md", "boiler.md"),
        ("boiler-2024.md", "boiler-2019.md"),
        ("boiler 2024-03-02.pdf", "boiler 2024-03-01.pdf"),
        ("boiler-v10.md", "boiler-v9.md"),
        ("Boiler, 3rd edition.pdf", "Boiler, 2nd edition.pdf"),
        ("boiler/current.md", "boiler/archive.md"),
        ("锅炉手册（新版）.md", "锅炉手册.md"),
        ("锅炉手册第3版.md", "锅炉手册第2版.md"),
        ("锅炉手册2024年.md", "锅炉手册2019年.md"),
    ],
)
def test_a_name_tells_the_newer_edition(new: str, old: str) -> None:
    assert same_work(stored(new), stored(old))
    assert newer(stored(new), stored(old))
    assert not newer(stored(old), stored(new))


@pytest.mark.parametrize(
    ("one", "other"), [("router-a200.md", "router-b300.md"), ("system-10.md", "system-11.md"), ("pump.md", "boiler.md")]
)
def test_other_things_are_no_editions(one: str, other: str) -> None:
    assert not same_work(stored(one), stored(other))
    assert not newer(stored(one), stored(other))


def test_where_names_say_nothing_the_day_of_the_files_does() -> None:
    assert newer(stored("a/boiler.md", 2 * YEAR), stored("b/boiler.md", YEAR))
    assert not newer(stored("a/boiler.md", YEAR + 60), stored("b/boiler.md", YEAR))
    assert not newer(stored("a/boiler.md"), stored("b/boiler.md", YEAR))
    assert newer(stored("boiler-2024.md", YEAR), stored("boiler-2019.md", 2 * YEAR))


@pytest.mark.parametrize(
    ("here", "there", "language", "against"),
    [
        ("The cold boiler has 1.5 bar.", "The cold boiler has 1.2 bar.", "en", True),
        ("The cold boiler has 1.5 bar.", "The cold boiler has 1.50 bar.", "en", False),
        ("The tank of the boat holds 1,000 litres.", "The tank of the boat holds 1000 litres.", "en", False),
        ("The tank of the boat holds five litres.", "The tank of the boat holds 6 litres.", "en", True),
        ("The bins are emptied on Monday.", "The bins are emptied on Tuesday.", "en", True),
        ("3. Wait until the pump stands still.", "4. Wait until the pump stands still.", "en", False),
        ("The cold boiler has 1.5 bar.", "The garden hose in summer has 3 bar.", "en", False),
        ("锅炉冷态压力为1.5巴。", "锅炉冷态压力为1.2巴。", "zh", True),
        ("垃圾每周三上门收取一次。", "垃圾每周五上门收取一次。", "zh", True),
        ("锅炉冷态压力为1.5巴。", "锅炉冷态压力为1.5巴。", "zh", False),
    ],
)
def test_only_other_values_in_the_same_words_contradict(here: str, there: str, language: str, against: bool) -> None:
    assert contradict(here, there, language) is against
    assert contradict(there, here, language) is against


@pytest.mark.parametrize("first", ["boiler-old.md", "boiler.md"])
def test_the_newer_edition_is_quoted_and_the_older_one_named(tmp_path: Path, first: str) -> None:
    kept = library(tmp_path)
    values = {"boiler-old.md": "1.2", "boiler.md": "1.5"}
    for name in (first, *(name for name in values if name != first)):
        add(kept, name, f"The pressure of the cold boiler is {values[name]} bar.")

    answer = told(kept)

    assert answer.text == (
        "The pressure of the cold boiler is 1.5 bar.\n\n"
        "(An older edition, boiler-old.md, says: The pressure of the cold boiler is 1.2 bar.)"
    )
    assert [one.stored.document for one in answer.sources] == ["boiler.md", "boiler-old.md"]


def test_it_is_said_in_chinese_to_a_chinese_question(tmp_path: Path) -> None:
    kept = library(tmp_path, words_only=True)
    add(kept, "锅炉2019年.md", "锅炉冷态时的压力应为1.2巴。", "zh")
    add(kept, "锅炉2024年.md", "锅炉冷态时的压力应为1.5巴。", "zh")

    answer = told(kept, "锅炉冷态时的压力是多少？", "zh")

    assert (
        answer.text == "锅炉冷态时的压力应为1.5巴。\n\n（旧版文件 锅炉2019年.md 写的是：锅炉冷态时的压力应为1.2巴。）"
    )


def test_where_nothing_tells_the_age_both_are_told(tmp_path: Path) -> None:
    kept = library(tmp_path)
    add(kept, "cellar/boiler.md", "The pressure of the cold boiler is 1.2 bar.")
    add(kept, "attic/boiler.md", "The pressure of the cold boiler is 1.5 bar.")

    answer = told(kept)

    assert "(Another document, " in answer.text
    assert "1.2 bar" in answer.text
    assert "1.5 bar" in answer.text


def test_a_question_that_names_the_edition_gets_that_one_alone(tmp_path: Path) -> None:
    kept = library(tmp_path)
    for year, bar in (("2019", "1.2"), ("2024", "1.5")):
        add(kept, f"boiler-{year}.md", f"# Boiler of {year}\n\nThe pressure of the cold boiler is {bar} bar.")

    assert "edition" not in told(kept, "What was the pressure of the cold boiler in 2019?").text


def test_a_sentence_beside_it_still_comes_from_where_it_stands(tmp_path: Path) -> None:
    kept = library(tmp_path)
    steps = "To fill the boiler:\n\n1. Open the left valve.\n2. Close it at {0} bar of pressure in the cold boiler."
    add(kept, "boiler-old.md", steps.format("1.2") + "\n3. Call Ilse.")
    add(kept, "boiler.md", steps.format("1.5"))

    answer = told(kept, "How do I fill the boiler?")

    assert "Close it at 1.5 bar" in answer.text.partition("(An older")[0]


def test_documents_that_agree_or_are_about_other_things_are_not_named(tmp_path: Path) -> None:
    kept = library(tmp_path)
    add(kept, "boiler.md", "The pressure of the cold boiler is 1.5 bar. It was built in 1999.")
    add(kept, "boiler-old.md", "The pressure of the cold boiler is 1.5 bar. It was built in 1998.")
    add(kept, "pump.md", "The pressure of the pump is 3 bar.")

    assert told(kept).text == "The pressure of the cold boiler is 1.5 bar."


def test_the_owner_is_believed_before_what_came_with_the_package(tmp_path: Path) -> None:
    kept = library(tmp_path)
    add(kept, "boiler-new.md", "The pressure of the cold boiler is 1.2 bar.", collection=STARTER)
    add(kept, "boiler.md", "The pressure of the cold boiler is 1.5 bar.")

    assert told(kept).text.startswith("The pressure of the cold boiler is 1.5 bar.")


@pytest.mark.parametrize(
    "head", ["---\ndate: 2024-05-01\n---\n", "---\nauthor: Ilse\nlast-modified: '2024-05-01'\n---\n"]
)
def test_front_matter_tells_the_age_of_a_document_before_its_file_does(tmp_path: Path, head: str) -> None:
    files = {
        "cellar.md": f"{head}The pressure of the cold boiler is 1.5 bar.",
        "attic.md": "# A\n\nThe pressure of the cold boiler is 1.2 bar.",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (3 * YEAR, 3 * YEAR))
    kept = library(tmp_path)

    ingest.add(kept, [tmp_path / name for name in files], limit=1_000_000)

    assert told(kept).text.startswith(
        "The pressure of the cold boiler is 1.5 bar.\n\n(An older edition, attic.md, says"
    )
