"""Holidays whose dates can be worked out without a lunar calendar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

_TABLE: Final = """
fixed 1 1 | new_year's_day new_year new_years new_year's the_new_year new_years_day | 元旦 元旦节 新年
fixed 2 14 | valentine's_day valentines_day valentine's | 情人节
fixed 3 8 | women's_day international_women's_day | 妇女节 三八妇女节
fixed 3 12 | arbor_day | 植树节
fixed 3 17 | st_patrick's_day saint_patrick's_day | 圣帕特里克节
fixed 4 1 | april_fools'_day april_fools_day april_fools april_fool's_day | 愚人节
fixed 4 22 | earth_day | 地球日
fixed 5 1 | labour_day may_day international_workers'_day | 劳动节 五一 五一劳动节 五一节
fixed 5 4 | youth_day | 青年节 五四青年节
fixed 6 1 | children's_day | 儿童节 六一 六一儿童节
fixed 7 1 | canada_day | 建党节
fixed 7 4 | independence_day the_fourth_of_july fourth_of_july | 美国独立日
fixed 8 1 | army_day | 建军节
fixed 9 10 | teachers'_day teacher's_day | 教师节
fixed 10 1 | chinese_national_day | 国庆节 国庆 十一国庆
fixed 10 31 | halloween | 万圣夜 万圣节前夜
fixed 11 1 | all_saints'_day all_saints_day | 万圣节
fixed 11 11 | veterans_day singles'_day singles_day | 光棍节 双十一 双11
fixed 12 24 | christmas_eve | 平安夜 圣诞前夜
fixed 12 25 | christmas christmas_day xmas | 圣诞节 圣诞
fixed 12 26 | boxing_day | 节礼日
fixed 12 31 | new_year's_eve the_end_of_the_year the_end_of_this_year | 跨年夜 年底 今年年底
nth 1 3 0 | martin_luther_king_day mlk_day | 马丁路德金日
nth 5 2 6 | mother's_day mothers_day | 母亲节
nth 6 3 6 | father's_day fathers_day | 父亲节
nth 9 1 0 | labor_day | 美国劳动节
nth 11 4 3 | thanksgiving thanksgiving_day | 感恩节
nth 11 4 4 | black_friday | 黑色星期五
easter -2 | good_friday | 耶稣受难日
easter 0 | easter easter_sunday | 复活节
easter 1 | easter_monday | 复活节星期一
easter 39 | ascension_day | 耶稣升天节
easter 49 | pentecost whitsun | 五旬节
"""


def holiday(name: str, year: int) -> date | None:
    """Return the day of a holiday in a year; None where the name is not known."""
    rule = _holidays().get(" ".join(name.casefold().replace("’", "'").split()).removeprefix("the day of "))
    return _day(rule, year) if rule is not None else None


def _day(rule: tuple[str, ...], year: int) -> date:
    kind, numbers = rule[0], [int(number) for number in rule[1:]]
    if kind == "fixed":
        return date(year, *numbers)
    if kind == "easter":
        return _easter(year) + timedelta(days=numbers[0])
    month, count, weekday = numbers
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar: Meeus, Astronomical Algorithms, chapter 8."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    shift = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * shift) // 451
    month, day = divmod(h + shift - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def _holidays() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _TABLE.strip().splitlines():
        rule, english, chinese = line.split("|")
        for name in (*(word.replace("_", " ") for word in english.split()), *chinese.split()):
            found.setdefault(name, tuple(rule.split()))
            found.setdefault(name.replace("'", ""), tuple(rule.split()))
    return found
