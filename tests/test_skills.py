from __future__ import annotations

from decimal import Decimal, DecimalException

import pytest

from edge_assistant.numerals import digits
from edge_assistant.skills.arithmetic import NotArithmetic, is_arithmetic, neat, work_out, written
from edge_assistant.skills.device_words import is_device
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
        ("3/4 of 60", "45"),
        ("2 thirds times 9", "6"),
        ("3 quarters of 60", "45"),
        ("1 half plus 1 quarter", "0.75"),
        ("20% off 80", "64"),
        ("80 with 25 percent off", "60"),
        ("the cube root of 27", "3"),
        ("the cube root of -8", "-2"),
        ("the average of 3, 5 and 10", "6"),
        ("the average of 3 5 and 10", "6"),
        ("the remainder of 17 divided by 5", "2"),
        ("60的四分之三", "45"),
        ("三分之二乘以9", "6"),
        ("80打八折", "64"),
        ("100块打75折", "75"),
        ("90打对折", "45"),
        ("15%的80", "12"),
        ("27的立方根", "3"),
        ("7除以3余几", "1"),
        ("三、五和10的平均数", "6"),
        ("负3加5", "2"),
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


@pytest.mark.parametrize("said", ["9^9^9", "9^999999", "(" * 30 + "1+1" + ")" * 30, "1+" * 150 + "1", "√(0-4)", "0^0"])
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


@pytest.mark.parametrize(
    ("said", "shown_as", "result"),
    [
        ("divide 144 by 12", "144 ÷ 12", "12"),
        ("multiply 6 by 7", "6 × 7", "42"),
        ("multiply 6 and 7", "6 × 7", "42"),
        ("add 5 and 9", "5 + 9", "14"),
        ("add 5 to 9", "5 + 9", "14"),
        ("subtract 3 from 10", "10 - 3", "7"),
        ("a third of 60", "(1 ÷ 3) × 60", "20"),
        ("a quarter of 8", "(1 ÷ 4) × 8", "2"),
        ("two thirds of 9", "(2 ÷ 3) × 9", "6"),
        ("3 quarters of 8", "(3 ÷ 4) × 8", "6"),
        ("5 factorial", "(1 × 2 × 3 × 4 × 5)", "120"),
        ("12 / 3!", "12 ÷ (1 × 2 × 3)", "2"),
        ("5!", "(1 × 2 × 3 × 4 × 5)", "120"),
        ("minus 5 plus 3", "-5 + 3", "-2"),
        ("-4 * -6", "-4 × -6", "24"),
        ("10 - -3", "10 - -3", "13"),
        ("5的阶乘", "(1 × 2 × 3 × 4 × 5)", "120"),
    ],
)
def test_sums_are_said_in_many_ways(said: str, shown_as: str, result: str) -> None:
    said = digits(said, "en")

    assert is_arithmetic(said, "en")
    assert (neat(said), written(work_out(said))) == (shown_as, result)


@pytest.mark.parametrize(
    ("said", "amount", "sign"),
    [
        ("2 feet 3 inches", "2.25", "ft"),
        ("5 foot 11", "5.916666666666666666666666667", "ft"),
        ("1 hour and 30 minutes", "1.5", "h"),
        ("1小时30分钟", "1.5", "h"),
        ("minus 10 celsius", "-10", "°C"),
        ("negative 10 degrees celsius", "-10", "°C"),
        ("零下10度", "-10", "°C"),
        ("1.5 kilos", "1.5", "kg"),
    ],
)
def test_quantities_are_said_in_many_ways(said: str, amount: str, sign: str) -> None:
    found = quantity(said)

    assert found is not None
    assert (str(found[0]), found[1].sign) == (amount, sign)


@pytest.mark.parametrize("said", ["2 feet 3 kilos", "3 inches 2 feet", "10 celsius 3 fahrenheit", "5 meters 11"])
def test_two_measures_that_do_not_add_up_are_no_quantity(said: str) -> None:
    assert quantity(said) is None
