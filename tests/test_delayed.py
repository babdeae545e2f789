"""Orders for another time: they are known by their time, whatever it is called."""

from __future__ import annotations

import pytest

from edge_assistant.numerals import digits
from edge_assistant.skills.arithmetic import is_arithmetic
from edge_assistant.skills.delayed import is_delayed
from edge_assistant.skills.holidays import _holidays
from edge_assistant.skills.moment_words import is_moment


@pytest.mark.parametrize("name", [name for name in _holidays() if is_moment(name, "en") or is_moment(name, "zh")])
def test_an_order_waits_for_every_holiday_that_has_a_name(name: str) -> None:
    assert is_delayed(f"turn off the light on {name}", "en") or is_delayed(f"{name}关灯", "zh")


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("switch the fan off at noon", "en"),
        ("turn on the lamp at half past six", "en"),
        ("tonight turn off the tv", "en"),
        ("turn off the heater on the first of may", "en"),
        ("open the blinds on weekends", "en"),
        ("turn off the lights on fri", "en"),
        ("turn on the fan for half an hour", "en"),
        ("turn on the fan for a while", "en"),
        ("晚上关灯", "zh"),
        ("八点打开空调", "zh"),
        ("打开风扇一刻钟", "zh"),
        ("把暖气关掉，下周一", "zh"),
    ],
)
def test_an_order_waits_for_a_time_without_digits(said: str, language: str) -> None:
    assert is_delayed(said, language)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("half of 8", "en"),
        ("three quarters of 60", "en"),
        ("2 thirds of 9", "en"),
        ("double 4", "en"),
        ("5x3", "en"),
        ("80 with 15% off", "en"),
        ("what percentage of 80 is 20", "en"),
        ("the remainder when 17 is divided by 5", "en"),
        ("八十打八折", "zh"),
        ("负五加二", "zh"),
        ("16的算术平方根", "zh"),
        ("20占80的百分之几", "zh"),
    ],
)
def test_sums_are_known_by_their_words(said: str, language: str) -> None:
    assert is_arithmetic(said, language) or is_arithmetic(digits(said, language), language)


@pytest.mark.parametrize("said", ["turn on the light and the fan", "5 minutes", "what is it", "room 5 times ok", "½"])
def test_other_words_are_no_sum(said: str) -> None:
    assert not is_arithmetic(said, "en")
