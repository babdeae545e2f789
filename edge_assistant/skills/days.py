"""Days as people name them: tomorrow, next Friday, the first of May, in three weeks, Christmas."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from edge_assistant.numerals import digits
from edge_assistant.skills.holidays import holiday

WEEKDAYS: Final = {
    name: index
    for index, names in enumerate(
        (
            "monday mon",
            "tuesday tue tues",
            "wednesday wed",
            "thursday thu thurs",
            "friday fri",
            "saturday sat",
            "sunday sun",
        )
    )
    for name in names.split()
}
WEEKDAY: Final = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
CHINESE_WEEKDAYS: Final = "一二三四五六日"
_MONTHS: Final = {
    name: index
    for index, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        1,
    )
    for name in names.split()
}
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_FIRSTS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS: Final = {word: number for number, word in enumerate(_FIRSTS.split(), 1)} | {"thirtieth": 30}
_ORDINAL: Final = re.compile(rf"\b(?:(20|30|twenty|thirty)[ -])?(?<![13-9] )(?<!\ba )({'|'.join(_ORDINALS)})\b")
_NAMED: Final = {
    "today": 0,
    "tomorrow": 1,
    "yesterday": -1,
    "the day after tomorrow": 2,
    "day after tomorrow": 2,
    "the day before yesterday": -2,
    "今天": 0,
    "今日": 0,
    "明天": 1,
    "明日": 1,
    "后天": 2,
    "大后天": 3,
    "昨天": -1,
    "昨日": -1,
    "前天": -2,
    "大前天": -3,
}
_SHIFTED: Final = re.compile(
    r"(?:in )?(?P<count>\d{1,5}|an?) (?P<unit>day|week|fortnight|month|year)s?"
    r"(?: (?P<side>from|after|before|ago)(?: (?P<base>.+))?| time)?"
)
_DATED: Final = re.compile(
    rf"(?:on )?(?:the )?(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})"
    rf"|(?P<month2>{_MONTH}) (?:the )?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)(?:,? (?P<year>\d{{4}}))?"
)
_OF_MONTH: Final = re.compile(r"(?:on )?the (?P<day>\d{1,2})(?:st|nd|rd|th)(?: of (?P<which>this|next|the) month)?")
_ON_WEEKDAY: Final = re.compile(
    rf"(?:on )?(?:(?P<which>this|next|last|the coming|coming|this coming) )?(?P<day>{WEEKDAY})"
)
_CHINESE_SHIFTED: Final = re.compile(
    r"(?:再?过)?(?P<count>\d{1,5}|半)(?:个)?(?P<unit>天|日|周|星期|礼拜|月|年)(?P<side>[之以]?后|[之以]?前)?"
)
_CHINESE_DATED: Final = re.compile(
    r"(?:(?P<year>\d{4}|今|明|后|去)年(?:的)?)?(?:(?P<month>\d{1,2}|这个|本|下个)月(?:的)?)?(?P<day>\d{1,2})[日号]"
)
_CHINESE_WEEKDAY: Final = re.compile(
    r"(?P<which>这个?|本|下下个?|下个?|上个?)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])"
)
_CHINESE_NUMBER: Final = re.compile(r"[零〇一二两三四五六七八九十百]+(?=[年月日号天]|个|周|星期|礼拜)")
_CHINESE_WHOLES: Final = {
    **dict.fromkeys(("下周", "下星期", "下个星期"), "next week"),
    **dict.fromkeys(("下月", "下个月"), "next month"),
    **dict.fromkeys(("周末", "这周末", "这个周末"), "weekend"),
}
_LIMIT: Final = 36_600
"""Days, about a century: nobody asks for more, and no calendar ends before it."""


def named_day(said: str, language: str, today: date) -> date | None:
    """Return the day that the words name, as seen from today; without a year, the next one. None for other words."""
    text = plain(said, language)
    if text in _NAMED:
        return today + timedelta(days=_NAMED[text])
    try:
        found = _chinese(text, today) if language == "zh" else _english(text, today)
    except (ValueError, OverflowError):  # no such day: the 31st of April
        return None
    return found or _feast(text, language, today)


def is_day(said: str, language: str) -> bool:
    """Return whether the words name a day."""
    return named_day(said, language, date(2024, 1, 1)) is not None


def is_feast(said: str, language: str) -> bool:
    """Return whether the words name a day that does not depend on today: a holiday, a date."""
    first, later = (named_day(said, language, date(2024, 1, day)) for day in (3, 4))
    return first is not None and first == later


def plain(said: str, language: str) -> str:
    """Return words in small letters, with the numbers of a date in digits."""
    text = said.casefold().replace("’", "'").strip(" ,，。.?？!！")
    if language == "zh":
        return _CHINESE_NUMBER.sub(lambda found: digits(found[0], "zh"), re.sub(r"\s+", "", text))
    text = digits(re.sub(r"\s+", " ", text), "en")
    return _ORDINAL.sub(_ordinal, text)


def _ordinal(found: re.Match[str]) -> str:
    tens = {None: 0, "20": 20, "twenty": 20, "30": 30, "thirty": 30}[found[1]]
    return f"{tens + _ORDINALS[found[2]]}th"


def _english(text: str, today: date) -> date | None:
    if found := _DATED.fullmatch(text):
        return _dated(
            found["year"], _MONTHS[found["month"] or found["month2"]], int(found["day"] or found["day2"]), today
        )
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _ON_WEEKDAY.fullmatch(text):
        return on_weekday(today, WEEKDAYS[found["day"]], (found["which"] or "").split(" ")[-1])
    if found := _OF_MONTH.fullmatch(text):
        return _of_month(int(found["day"]), today, found["which"] == "next")
    if text in ("next week", "next month", "the weekend", "this weekend"):
        return _beginning(text, today)
    if text in ("the end of the month", "the end of this month"):
        return today.replace(day=monthrange(today.year, today.month)[1])
    if (found := _SHIFTED.fullmatch(text)) and (found["side"] or text.startswith("in ") or text.endswith(" time")):
        base = named_day(found["base"], "en", today) if found["base"] not in (None, "now") else today
        count = int(found["count"]) if found["count"].isdigit() else 1
        if base is None or (found["base"] is None and found["side"] in ("from", "after", "before")):
            return None
        return shifted(base, -count if found["side"] in ("ago", "before") else count, found["unit"])
    return None


def _chinese(text: str, today: date) -> date | None:
    if found := _CHINESE_DATED.fullmatch(text):
        years = {"今": 0, "明": 1, "后": 2, "去": -1}
        said, month = found["year"], found["month"]
        year = said and str(today.year + years[said] if said in years else int(said))
        if month and month.isdigit():
            return _dated(year, int(month), int(found["day"]), today)
        return None if year else _of_month(int(found["day"]), today, month == "下个")
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if text in _CHINESE_WHOLES:
        return _beginning(_CHINESE_WHOLES[text], today)
    if found := _CHINESE_WEEKDAY.fullmatch(text):
        which = (found["which"] or "").removesuffix("个")
        english = {"": "", "这": "week", "本": "week", "下": "next", "下下": "after next", "上": "last"}[which]
        return on_weekday(today, "一二三四五六日".index(found["day"].replace("天", "日")), english)
    if (found := _CHINESE_SHIFTED.fullmatch(text)) and found["side"] and found["count"] != "半":
        units = {"天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "年": "year"}
        count = int(found["count"])
        return shifted(today, -count if found["side"].endswith("前") else count, units[found["unit"]])
    return None


def _dated(year: str | None, month: int, day: int, today: date) -> date:
    """Return a date; without a year the next one that is not over, on the 29th of February perhaps years away."""
    if year is not None:
        return date(int(year), month, day)
    for later in range(today.year, today.year + 9):
        if day <= monthrange(later, month)[1] and date(later, month, day) >= today:
            return date(later, month, day)
    return date(today.year, month, day)


def _beginning(said: str, today: date) -> date:
    """Return the first day of a time that is named as a whole."""
    if said.endswith("week"):
        return on_weekday(today, 0, "next")
    if said.endswith("month"):
        return shifted(today.replace(day=1), 1, "month")
    return today if today.weekday() > 4 else on_weekday(today, 5)


def _of_month(day: int, today: date, following: bool) -> date:
    if not following and day >= today.day and day <= monthrange(today.year, today.month)[1]:
        return today.replace(day=day)
    return shifted(today.replace(day=1), 1, "month").replace(day=day)


def on_weekday(today: date, weekday: int, which: str = "") -> date:
    """Return the coming day of this name; "next", "last" and "week" count in weeks that begin on Monday."""
    monday = today - timedelta(days=today.weekday())
    weeks = {"next": 7, "after next": 14, "last": -7, "week": 0}
    if which in weeks:
        return monday + timedelta(days=weekday + weeks[which])
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def shifted(day: date, count: int, unit: str) -> date:
    """Return the day so many days, weeks, months or years later; the 31st becomes the last of a shorter month."""
    if unit in ("day", "week", "fortnight"):
        days = count * {"day": 1, "week": 7, "fortnight": 14}[unit]
        if abs(days) > _LIMIT:
            raise ValueError
        return day + timedelta(days=days)
    year, month = divmod(day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1), 12)
    if not 1 <= year <= 9999:
        raise ValueError
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _feast(text: str, language: str, today: date) -> date | None:
    pattern = (
        r"(?:(?P<year>\d{4}|今|明)年(?:的)?)?(?P<name>.+)"
        if language == "zh"
        else r"(?P<name>.+?)(?: (?:in )?(?P<year>\d{4}|this year|next year))?"
    )
    found = re.fullmatch(pattern, text)
    if found is None:
        return None
    years = {"今": 0, "明": 1, "this year": 0, "next year": 1}
    if found["year"]:
        said = found["year"]
        return holiday(found["name"], today.year + years[said] if said in years else int(said))
    this = holiday(found["name"], today.year)
    return this if this is None or this >= today else holiday(found["name"], today.year + 1)
