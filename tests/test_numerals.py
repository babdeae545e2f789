from __future__ import annotations

import pytest

from edge_assistant.numerals import digits


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("set a timer for twenty five minutes", "set a timer for 25 minutes"),
        ("one hundred and five plus a thousand", "105 plus 1000"),
        ("forty-two", "42"),
        ("three point one four", "3.14"),
        ("five six", "5 6"),
        ("one and two", "1 and 2"),
        ("two thousand and sixteen", "2016"),
        ("someone is alone on the second floor", "someone is alone on the second floor"),
    ],
)
def test_english_number_words_become_digits(said: str, written: str) -> None:
    assert digits(said, "en") == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("三乘以五是多少", "3乘以5是多少"),
        ("把灯调到百分之五十", "把灯调到50%"),
        ("一百零五加三千二", "105加3200"),
        ("三千零二", "3002"),
        ("两小时三十分钟", "2小时30分钟"),
        ("一万二千三百", "12300"),
        ("三点五公里", "3.5公里"),
        ("打开一楼的灯", "打开一楼的灯"),
        ("调亮一点", "调亮一点"),
        ("关一下灯", "关一下灯"),
        ("星期一", "星期一"),
        ("添加五金到清单", "添加五金到清单"),
        ("加三明治", "加三明治"),
        ("加三个三明治", "加3个三明治"),
        ("七夕定十五分钟", "七夕定15分钟"),
        ("万一下雨呢", "万一下雨呢"),
        ("千万别开灯", "千万别开灯"),
        ("三千万", "30000000"),
        ("一万一", "11000"),
        ("三十五金币", "35金币"),
        ("十分钟后", "10分钟后"),
        ("十分好听", "十分好听"),
    ],
)
def test_chinese_number_words_become_digits_and_other_words_stay(said: str, written: str) -> None:
    assert digits(said, "zh") == written
