from __future__ import annotations

from datetime import date, datetime

import pytest

from edge_assistant.skills.days import is_feast, named_day
from edge_assistant.skills.holidays import holiday
from edge_assistant.skills.moment_words import is_moment, moment
from edge_assistant.skills.reminders import reminder

NOW = datetime(2026, 3, 5, 12, 5)  # a Thursday


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("tomorrow", (2026, 3, 6)),
        ("the day after tomorrow", (2026, 3, 7)),
        ("friday", (2026, 3, 6)),
        ("thursday", (2026, 3, 12)),
        ("next tuesday", (2026, 3, 10)),
        ("last monday", (2026, 2, 23)),
        ("1 May 2027", (2027, 5, 1)),
        ("the first of may", (2026, 5, 1)),
        ("December 24th", (2026, 12, 24)),
        ("March 1", (2027, 3, 1)),
        ("29 february", (2028, 2, 29)),
        ("the twenty fifth", (2026, 3, 25)),
        ("the 3rd", (2026, 4, 3)),
        ("in three weeks", (2026, 3, 26)),
        ("2 months from now", (2026, 5, 5)),
        ("ten days ago", (2026, 2, 23)),
        ("a week after christmas", (2027, 1, 1)),
        ("2026-07-04", (2026, 7, 4)),
        ("thanksgiving", (2026, 11, 26)),
        ("easter 2027", (2027, 3, 28)),
        ("后天", (2026, 3, 7)),
        ("下周二", (2026, 3, 10)),
        ("周五", (2026, 3, 6)),
        ("三周后", (2026, 3, 26)),
        ("二十天前", (2026, 2, 13)),
        ("十二月二十四日", (2026, 12, 24)),
        ("2027年5月1日", (2027, 5, 1)),
        ("明年5月1号", (2027, 5, 1)),
        ("15号", (2026, 3, 15)),
        ("国庆节", (2026, 10, 1)),
        ("明年元旦", (2027, 1, 1)),
    ],
)
def test_days_are_found_by_their_names(said: str, day: tuple[int, int, int]) -> None:
    assert named_day(said, "en" if said.isascii() else "zh", NOW.date()) == date(*day)


@pytest.mark.parametrize(
    "said",
    ["31 april", "may", "7", "the meeting", "in 99999 years", "99999 days ago", "0000-01-01", "一", "2月30日", "春节"],
)
def test_other_words_name_no_day(said: str) -> None:
    assert named_day(said, "en" if said.isascii() else "zh", NOW.date()) is None


def test_easter_falls_where_the_tables_say() -> None:
    assert [holiday("easter", year) for year in (2000, 2024, 2025, 2038)] == [
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2038, 4, 25),
    ]
    assert is_feast("christmas", "en")
    assert not is_feast("tomorrow", "en")


@pytest.mark.parametrize(
    ("said", "comes"),
    [
        ("at 7", (5, 19, 0)),
        ("at 6 pm", (5, 18, 0)),
        ("at 6:30 p.m. tomorrow", (6, 18, 30)),
        ("for half past six tomorrow", (6, 18, 30)),
        ("at quarter to seven", (5, 18, 45)),
        ("at seven thirty", (5, 19, 30)),
        ("in an hour and a half", (5, 13, 35)),
        ("in 60 seconds", (5, 12, 6)),
        ("in 2 hours and 15 minutes", (5, 14, 20)),
        ("tomorrow morning", (6, 8, 0)),
        ("tonight at 8", (5, 20, 0)),
        ("tonight at 12", (6, 0, 0)),
        ("on saturday at 9 in the evening", (7, 21, 0)),
        ("thursday at 3 pm", (5, 15, 0)),
        ("thursday at 9 am", (12, 9, 0)),
        ("every weekday at 7:30 am", (6, 7, 30)),
        ("at noon", (6, 12, 0)),
        ("明天下午三点", (6, 15, 0)),
        ("今晚八点半", (5, 20, 30)),
        ("明早七点", (6, 7, 0)),
        ("六点三十分", (5, 18, 30)),
        ("一个半小时以后", (5, 13, 35)),
        ("周五下午3点一刻", (6, 15, 15)),
        ("差一刻八点", (5, 19, 45)),
        ("凌晨两点", (6, 2, 0)),
        ("晚上十二点", (6, 0, 0)),
    ],
)
def test_times_are_found_by_their_words(said: str, comes: tuple[int, int, int]) -> None:
    found = moment(said, "en" if said.isascii() else "zh")

    assert found is not None
    assert found.next(NOW) == datetime(2026, 3, *comes)


@pytest.mark.parametrize(
    "said",
    [
        "7",
        "at 5 people",
        "at 25",
        "at 7:75",
        "at 7 and turn on the light",
        "tomorrow tomorrow",
        "at 7 at 8",
        "the time",
        "",
        "一",
        "三点六十分",
    ],
)
def test_other_words_are_no_time(said: str) -> None:
    assert not is_moment(said, "en" if said.isascii() else "zh")


@pytest.mark.parametrize(
    ("said", "task"),
    [
        ("to take out the trash at 6 pm", "take out the trash"),
        ("at quarter to 7 to call Anna", "call Anna"),
        ("tomorrow to call Anna at 6", "call Anna"),
        ("to go to the shop", "go to the shop"),
        ("about the meeting on friday", "the meeting"),
        ("明天下午三点开会", "开会"),
        ("买牛奶，明天早上八点", "买牛奶"),
    ],
)
def test_a_reminder_is_a_thing_to_do_and_a_time(said: str, task: str) -> None:
    found = reminder(said, "en" if said.isascii() else "zh")

    assert found is not None
    assert found.task == task


@pytest.mark.parametrize("said", ["how to bake bread", "why the sky is blue", "of what he said" * 20, "me", "为什么"])
def test_questions_are_no_reminders(said: str) -> None:
    assert reminder(said, "en" if said.isascii() else "zh") is None
