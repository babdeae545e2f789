from __future__ import annotations

from decimal import Decimal, DecimalException

import pytest

from edge_assistant.skills.arithmetic import NotArithmetic, is_arithmetic, neat, work_out, written
from edge_assistant.skills.things import is_device
from edge_assistant.skills.units import BelowZero, convert, is_quantity, is_unit, quantity, shown, unit


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("12 times 7", "84"),
        ("15% of 80", "12"),
        ("80的15%", "12"),
        ("3乘以5", "15"),
        ("10除以4", "2.5"),
        ("4除10", "2.5"),
        ("100的3分之1", "33.3333333333"),
        ("(3+4)*5 - 2^3", "27"),
        ("2 to the power of 10", "1024"),
        ("the square root of 144", "12"),
        ("16的平方根", "4"),
        ("5 squared", "25"),
        ("half of 50", "25"),
        ("80 + 15%", "92"),
        ("0.1 + 0.2", "0.3"),
        ("1,000 * 3", "3000"),
        ("17 mod 5", "2"),
        ("-3 + 5", "2"),
        ("2 x 3", "6"),
    ],
)
def test_sums_are_worked_out_exactly(said: str, result: str) -> None:
    assert is_arithmetic(said, "en")
    assert written(work_out(said)) == result


@pytest.mark.parametrize(
    "said", ["7", "-7", "2024-05-01", "1/2/2024", "seven", "3 apples + 2", "((((1+1", "1+", "+", "", "1 2", "a" * 300]
)
def test_other_words_are_no_sum(said: str) -> None:
    assert not is_arithmetic(said, "en")


@pytest.mark.parametrize("said", ["9^9^9", "9^999999", "(" * 30 + "1+1" + ")" * 30, "1+" * 150 + "1", "√(0-4)"])
def test_sums_that_would_take_forever_end_at_once(said: str) -> None:
    with pytest.raises((NotArithmetic, DecimalException)):
        work_out(said)


def test_a_sum_is_repeated_in_signs() -> None:
    assert neat("12 times 7") == "12 × 7"
    assert neat("100除以8") == "100 ÷ 8"


@pytest.mark.parametrize(
    ("said", "target", "result"),
    [
        ("5 miles", "km", "8.04672 km"),
        ("100 degrees fahrenheit", "celsius", "37.7778 °C"),
        ("华氏100度", "摄氏度", "37.7778 °C"),
        ("a mile", "meters", "1609.34 m"),
        ("half an hour", "minutes", "30 min"),
        ("3斤", "公斤", "1.5 kg"),
        ("60 mph", "km/h", "96.5606 km/h"),
        ("1 GB", "MB", "1000 MB"),
        ("500 square feet", "square meters", "46.4515 m²"),
        ("2 cups", "ml", "473.176 ml"),
        ("-40 c", "fahrenheit", "-40 °F"),
        ("1 hectare", "acres", "2.47105 ac"),
    ],
)
def test_quantities_are_converted(said: str, target: str, result: str) -> None:
    measured, wanted = quantity(said), unit(target)

    assert measured is not None
    assert wanted is not None
    converted = convert(*measured, wanted)
    assert converted is not None
    assert shown(converted, wanted, "en") == result


def test_units_are_named_in_the_language_of_the_question() -> None:
    miles = unit("英里")

    assert miles is not None
    assert shown(Decimal("3.1"), miles, "zh") == "3.1英里"
    assert shown(Decimal(25_000_000), miles, "en") == "25000000 mi"


def test_nothing_is_colder_than_absolute_zero_and_length_is_no_weight() -> None:
    celsius, kelvin, mile, kilo = unit("celsius"), unit("kelvin"), unit("mile"), unit("kg")
    assert celsius is not None
    assert kelvin is not None
    assert mile is not None
    assert kilo is not None

    with pytest.raises(BelowZero):
        convert(Decimal(-300), celsius, kelvin)

    assert convert(Decimal(1), mile, kilo) is None


@pytest.mark.parametrize("said", ["miles", "5", "5 apples", "many miles", "", "5 5 km"])
def test_other_words_are_no_quantity(said: str) -> None:
    assert not is_quantity(said, "en")


def test_other_words_are_no_unit() -> None:
    assert not is_unit("christianity", "en")
    assert is_unit("Kilometers", "en")


@pytest.mark.parametrize(
    ("said", "language", "known"),
    [
        ("sauna heater", "en", True),
        ("porch light", "en", True),
        ("light of my life", "en", False),
        ("sauna", "en", False),
        ("every light", "en", False),
        ("阳台灯", "zh", True),
        ("厨房的灯", "zh", False),
        ("心扉", "zh", False),
    ],
)
def test_only_what_sounds_like_a_device_is_missed_as_one(said: str, language: str, known: bool) -> None:
    assert is_device(said, language) is known
