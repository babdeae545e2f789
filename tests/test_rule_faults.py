"""Rule files that mean harm, or that grew too large: refused with file and line, or matched in bounded time."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.languages import LANGUAGES
from edge_assistant.rules.files import read_rules
from edge_assistant.rules.packs import PACKS, read_pack
from edge_assistant.rules.rulebook import MAX_TEXT, Rulebook
from edge_assistant.rules.slot_checks import CHECKS
from edge_assistant.skills import CHECKS as SKILL_CHECKS
from tests.homes import sample_home


def book(place: Path, text: str) -> Rulebook:
    """Return the rules of a user whose file says this, beside one shipped rule."""
    for folder, said in (("ours", "intents: {Greet: {data: [{sentences: [hello]}]}}"), ("mine", text)):
        (place / folder / "en").mkdir(parents=True)
        (place / folder / "en" / f"{folder}.yaml").write_text(said, encoding="utf-8")
    return Rulebook(read_rules("en", (place / "ours", place / "mine"), CHECKS), {})


def template(text: str) -> str:
    return (
        "lists: {w: {wildcard: true, check: message}, x: {wildcard: true, check: message}}\n"
        f"intents: {{Odd: {{data: [{{sentences: ['{text}']}}]}}}}"
    )


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (BOMB, "mine.yaml:1: anchors and aliases are not allowed"),
        ("intents: " + "[" * 3_000 + "]" * 3_000, "mine.yaml"),
        ("x: " + "{y: " * 50 + "z" + "}" * 50, "nested more than 20 deep"),
        ("# " + "x" * 1_000_001, "mine.yaml"),
        (template("(a;b;c;d;e) f"), "mine.yaml:2: at most 4 parts may stand in any order"),
        (template("(a|b|c|d|e|f|g|h|i|j) " * 10), "stands for more than"),
        ("expansion_rules: {a: '<b> <b>', b: '<c> <c>', c: '<a>'}", "contains itself"),
    ],
)
def test_a_file_that_would_grow_without_bound_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    rules = book(tmp_path, text)

    assert complaint in rules.rules.skipped[0]
    assert "\n" not in rules.rules.skipped[0]
    assert rules.match("hello", Home()) is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]" * 25 + " b", "a" * 12 + " b"),
        ("[a|aa] " * 14 + "b", "a " * 14 + "b"),
        ("(a|a|a|a) " * 9 + "b", "a " * 9 + "b"),
        ("{w} a {x} a b", "a " * 400 + "b"),
    ],
)
def test_a_template_that_fits_in_very_many_ways_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, said: str
) -> None:
    rules = book(tmp_path, template(text))

    with caplog.at_level(logging.WARNING):
        match = rules.match(said[-MAX_TEXT:], Home())

    assert rules.rules.skipped == ()
    assert match is None
    assert "fits in too many ways" in caplog.text


MOST_CALLS: Final = 40_000
"""Calls of functions in which a text is understood, whatever it is: some 10 ms of a slow processor."""


@pytest.fixture(scope="module")
def shipped_books() -> dict[str, Rulebook]:
    """Return all rules and packs of both languages."""
    return {language: shipped_book(language) for language in LANGUAGES}


def shipped_book(language: str) -> Rulebook:
    packs = [found for pack in PACKS.values() if (found := read_pack(pack, language))]
    return Rulebook(read_rules(language, [shipped("rules")], {**CHECKS, **SKILL_CHECKS}), SKILL_CHECKS, packs)


def calls(work: Callable[[], object]) -> int:
    """Return how many functions some work calls: unlike its time, it is the same on a busy machine."""
    counted = Counter[str]()
    sys.setprofile(lambda frame, event, argument: counted.update((event,)))
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted["call"] + counted["c_call"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "remind me to " * 60),
        ("en", "in in to to in in to to the the of" * 8),
        ("en", "add milk to list to list to list to my shopping list " * 8),
        ("en", "set a timer for 5 minutes for 6 minutes and 7 seconds " * 10),
        ("en", "turn on the kitchen light on the kitchen light " * 8),
        ("en", "could you please what is the in the to the in the " * 12),
        ("en", "would you mind adding 38 hours to my 43 minute timer " * 18),
        ("en", "5 " * 200),
        ("zh", "把灯把灯打开打开" * 20),
        ("zh", "一点一分一秒后" * 20),
        ("zh", "提醒我提醒我明天明天" * 15),
        ("zh", "从清单里删除从清单里删除牛奶" * 10),
        ("zh", "请帮我把披萨从任务列表上面划掉了" * 25),
        ("zh", "让39个小时的计时延长49个小时" * 25),
    ],
)
def test_a_text_built_to_be_ambiguous_is_little_work(
    shipped_books: dict[str, Rulebook], language: str, said: str
) -> None:
    book, home, text = shipped_books[language], sample_home(), said[:MAX_TEXT].strip()
    book.match(text, home)  # what is made once is made now

    assert calls(lambda: book.match(text, home)) < MOST_CALLS


@pytest.mark.parametrize(
    ("text", "said"), [("[a]" * 25 + " b", "a b"), ("{w} a {x}", "hi a you"), ("[a|aa] " * 4 + "b", "a aa a b")]
)
def test_the_same_templates_match_what_fits_in_a_few_ways(tmp_path: Path, text: str, said: str) -> None:
    rules = book(tmp_path, template(text))

    considered = [match.intent for reading in rules.considered(said, Home()) for match, _ in reading]

    assert "Odd" in considered


def test_a_pack_of_ten_thousand_rules_is_read_and_still_finds_the_one(tmp_path: Path) -> None:
    rules = book(
        tmp_path,
        "intents:\n"
        + "".join(
            f"  I{n}: {{data: [{{sentences: ['wind up clock {n} [now] in {{area}}']}}]}}\n" for n in range(10_000)
        ),
    )

    match = rules.match("wind up clock 7352 now in the kitchen".replace("the ", ""), sample_home())

    assert match is not None
    assert (match.intent, dict(match.slots)) == ("I7352", {"area": "Kitchen"})
    assert rules.match("wind up clock 10001 in kitchen", sample_home()) is None
