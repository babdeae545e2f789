"""The starter knowledge keeps its promises: twins in both languages, headings, sizes, quotable first sentences."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from edge_assistant.config import Config, shipped
from edge_assistant.devices.home import Home
from edge_assistant.knowledge.chunks import chunks
from edge_assistant.knowledge.documents import Block
from edge_assistant.knowledge.readers import read
from edge_assistant.knowledge.sentences import sentences
from edge_assistant.knowledge.words import length
from edge_assistant.languages import LANGUAGES, detect
from edge_assistant.operations.twins import complaint, read_twins
from edge_assistant.rules.files import read_rules
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.rules.slot_checks import CHECKS as SLOT_CHECKS
from edge_assistant.skills import CHECKS as SKILL_CHECKS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = shipped("knowledge_base")
PAGES = sorted(path for language in LANGUAGES for path in (ROOT / language).rglob("*.md"))
FILES = sorted(path for path in ROOT.rglob("*") if path.is_file())
CARDS = {
    language: [json.loads(line) for line in (ROOT / language / "cards.jsonl").read_text(encoding="utf-8").splitlines()]
    for language in LANGUAGES
}
LIMIT = 1_000_000
LENGTH = {"en": (100, 350), "zh": (150, 900)}
"""Words of an English page, characters of a Chinese one."""
LONGEST = {"en": 37, "zh": 74}
"""The same, for the first sentence of a section: a longer one is not quoted whole."""
_MACHINE = re.compile(r"(?<![\w.~])/(?:work|tmp|root|home|mnt|Users)/")
_REGISTRY = re.compile(r"pypi|huggingface|hf-mirror|githubusercontent|modelscope", re.IGNORECASE)
_SAID = re.compile(r"“([^”]+)”|\"([^\"]+)\"")
_CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_STATEMENT = re.compile(r"[.!?:。！？：”]$")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def language_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def sections(path: Path) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {}
    for block in read(path, path.name, limit=LIMIT).blocks:
        found.setdefault(block.headings[-1], []).append(block)
    return found


@cache
def rulebook(language: str) -> Rulebook:
    return Rulebook(read_rules(language, [shipped("rules")], {**SLOT_CHECKS, **SKILL_CHECKS}), SKILL_CHECKS)


def test_every_file_has_its_twin_in_the_other_language() -> None:
    names = {
        language: {file.relative_to(ROOT / language).as_posix() for file in FILES if language_of(file) == language}
        for language in LANGUAGES
    }

    assert names["en"] == names["zh"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_enough_to_help_with(language: str) -> None:
    pages = [path for path in PAGES if language_of(path) == language]

    assert len(pages) >= 60
    assert len(CARDS[language]) >= 60


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_clean_utf8_and_names_no_place_outside_the_device(path: Path) -> None:
    text = path.read_bytes().decode("utf-8")

    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\ufffd\ufeff\u2028\u2029]", text)
    assert not _MACHINE.search(text)
    assert not _REGISTRY.search(text)
    assert text.endswith("\n")
    assert not re.search(r"[ \t]$", text, re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_has_one_title_several_sections_and_a_fitting_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    language = language_of(path)

    shortest, longest = LENGTH[language]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = [len(mark) for mark in re.findall(r"^(#+) \S", prose, re.MULTILINE)]
    assert headings[0] == 1
    assert headings[1:] == [2] * max(3, len(headings) - 1)
    assert shortest <= length(text) <= longest
    assert detect(text) == language


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_section_opens_with_a_sentence_that_can_be_quoted_alone(path: Path) -> None:
    language = language_of(path)

    for heading, blocks in sections(path).items():
        opening = blocks[0]
        first = next(iter(sentences(opening.text)))
        assert opening.kind == "paragraph", heading
        assert _STATEMENT.search(first), heading
        assert length(first) <= LONGEST[language], f"{heading}: {first}"


@pytest.mark.parametrize("path", [path for path in PAGES if language_of(path) == "en"], ids=name)
def test_twins_tell_the_same_story(path: Path) -> None:
    twin = ROOT / "zh" / path.relative_to(ROOT / "en")

    here, there = sections(path), sections(twin)

    assert [[block.kind for block in blocks] for blocks in here.values()] == [
        [block.kind for block in blocks] for blocks in there.values()
    ]
    for mine, yours in zip(here.values(), there.values(), strict=True):
        assert [block.text.count("\n") for block in mine] == [block.text.count("\n") for block in yours]


@pytest.mark.parametrize("path", [*PAGES, *(ROOT / language / "cards.jsonl" for language in LANGUAGES)], ids=name)
def test_the_knowledge_base_reads_a_file_in_its_own_language(path: Path) -> None:
    document = read(path, name(path), limit=LIMIT)

    cut = chunks(document)

    assert document.title
    assert document.language == language_of(path)
    assert all(chunk.text.strip() for chunk in cut)


@pytest.mark.parametrize("language", LANGUAGES)
def test_cards_are_well_formed_and_ask_each_question_once(language: str) -> None:
    cards = CARDS[language]

    questions = [re.sub(r"\W+", " ", card["question"]).strip().lower() for card in cards]
    assert all(set(card) - {"source"} == {"question", "answer", "language"} for card in cards)
    assert all(card["language"] == language == detect(card["question"]) for card in cards)
    assert len(set(questions)) == len(questions)
    assert all(1 <= len(list(sentences(card["answer"]))) <= 2 for card in cards)
    assert all(_STATEMENT.search(card["answer"]) for card in cards)
    assert all(length(card["answer"]) <= LONGEST[language] for card in cards)


def test_cards_of_both_languages_stand_side_by_side() -> None:
    english, chinese = CARDS["en"], CARDS["zh"]

    assert len(english) == len(chinese)
    assert not {card["question"] for card in english} & {card["question"] for card in chinese}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_sections_ask_the_same_thing(language: str) -> None:
    pages = [path for path in PAGES if language_of(path) == language]

    headings = [heading for path in pages for heading in sections(path)]

    assert len(set(headings)) == len(headings), sorted({one for one in headings if headings.count(one) > 1})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "page", ["rules.md", "timers.md", "alarms-and-reminders.md", "lists-and-dates.md", "device-actions.md"]
)
def test_what_the_manual_says_to_the_rules_is_understood(page: str, language: str) -> None:
    home = Home.read(shipped("rules") / "home.yaml")
    book = rulebook(language)
    text = _CODE.sub("", (ROOT / language / "manual" / page).read_text(encoding="utf-8"))

    said = [chinese or english for chinese, english in _SAID.findall(text)]

    assert said
    assert [sentence for sentence in said if book.match(sentence, home, "kitchen") is None] == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.parent.name == "manual"], ids=name)
def test_settings_shown_in_the_manual_are_settings(path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    for example in examples:
        Config(**tomllib.loads(example))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_the_rule_and_its_test_shown_in_the_manual_can_be_used(language: str, tmp_path: Path) -> None:
    shown = {
        page: re.findall(
            r"```yaml\n(.*?)```", (ROOT / language / "manual" / page).read_text(encoding="utf-8"), re.DOTALL
        )
        for page in ("home-file.md", "write-a-rule.md")
    }
    (tmp_path / "home.yaml").write_text(shown["home-file.md"][0], encoding="utf-8")
    (tmp_path / language).mkdir()
    (tmp_path / language / "own.yaml").write_text(shown["write-a-rule.md"][0], encoding="utf-8")
    (tmp_path / "twins").mkdir()
    (tmp_path / "twins" / "own.yaml").write_text(shown["write-a-rule.md"][1], encoding="utf-8")

    home = Home.read(tmp_path / "home.yaml")
    rules = read_rules(language, [shipped("rules"), tmp_path], {**SLOT_CHECKS, **SKILL_CHECKS})
    book, twins = Rulebook(rules, SKILL_CHECKS), read_twins(tmp_path / "twins")

    assert [entity.domain for entity in home.entities] == ["light", "lock"]
    assert rules.skipped == ()
    assert [twin.intent for twin in twins] == ["SpareKey", None]
    assert [complaint(twin, book, home) for twin in twins] == [None, None]
