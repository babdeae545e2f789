"""The words of a time: read from the beginning of a text, as far as they go."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from edge_assistant.numerals import digits
from edge_assistant.skills.days import CHINESE_WEEKDAYS, WEEKDAY, WEEKDAYS, is_day, plain
from edge_assistant.skills.moments import Moment, Part

_Read: TypeAlias = "Callable[[re.Match[str]], Moment | None]"
_ALL: Final = frozenset(range(7))
_WORKDAYS: Final = frozenset(range(5))
_WEEKEND: Final = frozenset((5, 6))
_LONGEST_DAY: Final = {"en": 6, "zh": 12}
"""Words of an English day, characters of a Chinese one."""
_AT: Final = "(?:(?:at|for|by|around|about|from) )"
_CHINESE_HOUR: Final = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_PARTS: Final[dict[str, Part]] = {
    **dict.fromkeys(("凌晨", "清晨"), "early"),
    **dict.fromkeys(("早上", "早晨", "清早", "一早", "上午", "早"), "morning"),
    **dict.fromkeys(("中午", "正午"), "noon"),
    **dict.fromkeys(("下午", "午后"), "afternoon"),
    **dict.fromkeys(("傍晚", "晚上", "晚"), "evening"),
    **dict.fromkeys(("夜里", "半夜", "深夜", "夜晚"), "night"),
}
_PART: Final = "|".join(sorted(_PARTS, key=len, reverse=True))


@lru_cache(maxsize=256)
def moment(said: str, language: str) -> Moment | None:
    """Return the time that the words are, if they are nothing else."""
    text = _plain(said, language)
    found = Moment(language)
    while text:
        step = _first(text, language)
        joined = found.joined(step[0]) if step else None
        if step is None or joined is None:
            return None
        found, text = joined, text[step[1] :].lstrip(" ,，、的")
    return found if found != Moment(language) else None


def bare_moment(said: str, language: str) -> Moment | None:
    """Return the time that the words are where only a time can be meant: "8" is eight o'clock."""
    return moment(said, language) or moment(f"{said}点" if language == "zh" else f"at {said}", language)


def is_bare_moment(said: str, language: str) -> bool:
    """Return whether the words are a time where only a time can be meant."""
    return len(said) <= 80 and bare_moment(said, language) is not None


def is_moment(said: str, language: str) -> bool:
    """Return whether the words are a time at which something can ring."""
    return len(said) <= 80 and moment(said, language) is not None


def _plain(said: str, language: str) -> str:
    text = re.sub(r"\b([ap])\.? ?m\b\.?", r"\1m", said.casefold().replace("：", ":"))
    return plain(text, language)


def _first(text: str, language: str) -> tuple[Moment, int] | None:
    """Return what the text begins with, and how long that is."""
    for pattern, read in _PATTERNS[language]:
        found = pattern.match(text)
        if found and (meant := read(found)) is not None:
            return meant, found.end()
    return _day(text, language)


def _day(text: str, language: str) -> tuple[Moment, int] | None:
    if language == "zh":
        ends = list(range(min(len(text), _LONGEST_DAY["zh"]), 0, -1))
    else:
        ends = [space.start() for space in re.finditer(r"(?= )|$", text)][: _LONGEST_DAY["en"]][::-1]
    for end in ends:
        day = re.sub("^(?:on|for) (?=.)", "", text[:end])
        if is_day(day, language):
            return Moment(language, day=day), end
    return None


def _clock(hour: str, minute: str | int | None = None, half: str | None = None, language: str = "en") -> Moment | None:
    """Return a time of day: with am or pm, or of 24 hours where that is plain."""
    number, minutes = _number(hour), _number(str(minute or 0))
    if number > 24 or minutes > 59 or (half and not 1 <= number <= 12):
        return None
    if half:
        return Moment(language, number % 12 + (12 if half == "pm" else 0), minutes, exact=True)
    return Moment(language, number % 24, minutes, exact=number > 12 or hour.startswith("0"))


def _beside(found: re.Match[str]) -> Moment | None:
    """Return "quarter to seven": so many minutes beside an hour."""
    minutes = {"half": 30, "quarter": 15}.get(found["by"].removeprefix("a ")) or int(found["by"].split()[0])
    hour = int(found["h"])
    before = found["side"] in ("to", "before", "till", "of")
    if minutes > 59 or not 1 <= hour <= 12 or (before and minutes == 30 and found["by"] == "half"):
        return None
    if before:
        hour, minutes = hour - 1 or 12, 60 - minutes
    return _clock(str(hour), minutes, found["half"])


def _repeated(found: re.Match[str]) -> Moment:
    return Moment(days=frozenset(WEEKDAYS[name] for name in re.findall(WEEKDAY, found[0])))


def _in(found: re.Match[str]) -> Moment | None:
    """Return a time so many hours and minutes from now."""
    hours, minutes, seconds = (found[name] for name in ("hours", "minutes", "seconds"))
    half = 0.5 if " and a half" in found[0] else 0.0
    total = _amount(hours) * 3600 + _amount(minutes) * 60 + _amount(seconds)
    total += half * (3600 if hours else 60)
    total += {"half": 1800, "a quarter": 900, "quarter": 900, "three quarters": 2700, "3 quarters": 2700}.get(
        found["part"] or "", 0
    )
    return Moment(seconds=total) if total > 0 else None


def _amount(said: str | None) -> float:
    return 0.0 if said is None else 1.0 if said in ("a", "an") else float(said)


def _number(said: str) -> int:
    return int(said) if said.isdigit() else int(digits(said, "zh")) if digits(said, "zh").isdigit() else 99


def _chinese_clock(found: re.Match[str]) -> Moment | None:
    quarter = {"一": 15, "1": 15, "三": 45, "3": 45}.get(found["quarter"] or "", 0)
    return _clock(found["h"], 30 if found["half"] else quarter or found["m"], language="zh")


def _chinese_before(found: re.Match[str]) -> Moment | None:
    minutes = 15 if found["quarter"] else _number(found["m"])
    hour = _number(found["h"])
    return _clock(str(hour - 1 or 12), 60 - minutes, language="zh") if 0 < minutes < 60 and 1 <= hour <= 24 else None


def _chinese_repeated(found: re.Match[str]) -> Moment:
    return Moment(
        "zh",
        days=frozenset(
            CHINESE_WEEKDAYS.index(name) for name in found["days"].replace("天", "日") if name in CHINESE_WEEKDAYS
        ),
    )


def _chinese_in(found: re.Match[str]) -> Moment | None:
    hours, minutes, seconds = (_number(found[name]) if found[name] else 0 for name in ("h", "m", "s"))
    total = hours * 3600.0 + minutes * 60 + seconds + (1800 if found["hh"] or found["hh2"] else 0)
    return Moment("zh", seconds=total) if total else None


def _always(meant: Moment) -> _Read:
    return lambda found: meant


def _english_part(found: re.Match[str]) -> Moment:
    parts: dict[str, Part] = {"morning": "morning", "afternoon": "afternoon", "evening": "evening", "night": "night"}
    return Moment(part=parts[found["part"]], days=_ALL if found["every"] else frozenset())


def _chinese_part(found: re.Match[str]) -> Moment:
    days = {"今": "今天", "明": "明天"}
    return Moment(
        "zh",
        part=_PARTS[found["part"]],
        day=days.get(found["day"] or ""),
        days=_ALL if found["day"] == "每" else frozenset(),
    )


def _compiled(*patterns: tuple[str, _Read]) -> Sequence[tuple[re.Pattern[str], _Read]]:
    return [(re.compile(pattern), read) for pattern, read in patterns]


_N: Final = r"\d+|[零一二两三四五六七八九十百]+"
_PATTERNS: Final = {
    "en": _compiled(
        (
            r"(?:in|after) (?:(?:(?P<hours>\d+(?:\.\d)?|an?)(?: and a half)? (?:hours?|hrs?)(?: and a half)?)?"
            r"(?:,? ?(?:and )?"
            r"(?P<minutes>\d+(?:\.\d)?|an?)(?: and a half)? (?:minutes?|mins?)(?: and a half)?)?"
            r"(?: ?(?:and )?(?P<seconds>\d+) (?:seconds?|secs?))?"
            r"|(?P<part>half|a quarter|quarter|three quarters|3 quarters)(?: of)? an? hour)(?: from now)?(?![\w'])",
            _in,
        ),
        (
            rf"{_AT}?(?P<by>half|(?:a )?quarter|\d{{1,2}}(?: minutes)?) (?P<side>past|after|to|before|till|of) "
            rf"(?P<h>\d{{1,2}})(?: o'?clock)? ?(?P<half>am|pm)?\b(?! \d)",
            _beside,
        ),
        (
            rf"{_AT}?(?P<h>\d{{1,2}})(?:[:. ](?P<m>\d{{2}}))? ?(?P<half>am|pm)\b",
            lambda f: _clock(f["h"], f["m"], f["half"]),
        ),
        (rf"{_AT}?(?P<h>\d{{1,2}})[:.](?P<m>\d{{2}})\b(?: hours| o'?clock)?", lambda f: _clock(f["h"], f["m"])),
        (rf"{_AT}?(?P<h>\d{{1,2}}) o'?clock\b", lambda f: _clock(f["h"])),
        (
            rf"{_AT}(?P<h>\d{{1,2}})(?P<m>\d{{2}})(?: hours)? ?(?P<half>am|pm)?\b",
            lambda f: _clock(f["h"], f["m"], f["half"]),
        ),
        (rf"{_AT}(?P<h>\d{{1,2}}) (?P<m>\d{{2}})\b", lambda f: _clock(f["h"], f["m"])),
        (
            rf"{_AT}(?P<h>\d{{1,2}})(?![\w'.:]| (?:minutes?|hours?|seconds?|days?|weeks?|months?|of)\b)",
            lambda f: _clock(f["h"]),
        ),
        (rf"{_AT}?(?:12 )?(?:noon|midday)\b", _always(Moment(hour=12, exact=True))),
        (rf"{_AT}?(?:12 )?midnight\b", _always(Moment(hour=0, exact=True))),
        (r"(?:every single day|every day|each day|everyday|daily)\b", _always(Moment(days=_ALL))),
        (
            r"(?:every|each|on) (?:weekdays?|work ?days?)\b|weekdays\b|(?:every |from )?monday (?:to|through) friday\b",
            _always(Moment(days=_WORKDAYS)),
        ),
        (r"(?:every|each) weekend\b|(?:on )?weekends\b", _always(Moment(days=_WEEKEND))),
        (rf"(?:every|each) (?:{WEEKDAY})s?(?:(?:,? and |, | )(?:{WEEKDAY})s?)*\b", _repeated),
        (rf"(?:on )?(?:{WEEKDAY})s(?:(?:,? and |, | )(?:{WEEKDAY})s)*\b", _repeated),
        (
            r"(?:(?:first thing )?in the |this |at |(?P<every>every |each ))?"
            r"(?P<part>morning|afternoon|evening|night)\b",
            _english_part,
        ),
        (r"tonight\b", _always(Moment(part="night", day="today"))),
    ),
    "zh": _compiled(
        (
            rf"(?:再?过)?(?:(?P<h>{_N})个?(?P<hh>半)?(?:小时|钟头)(?P<hh2>半)?)?[零又]?(?:(?P<m>{_N})(?:分钟|分))?(?:(?P<s>{_N})秒钟?)?(?:[之以]?后|(?<=[时头钟秒])(?=提醒|叫|喊|通知|$))",
            lambda f: _chinese_in(f) if f[0].startswith(("过", "再过")) or f[0].endswith("后") else None,
        ),
        (r"(?:再?过)?半个?(?:小时|钟头)(?:[之以]?后)?", _always(Moment("zh", seconds=1800))),
        (r"(?:再?过)?[一1]刻钟(?:[之以]?后)?", _always(Moment("zh", seconds=900))),
        (r"(?:再?过)?[三3]刻钟(?:[之以]?后)?", _always(Moment("zh", seconds=2700))),
        (
            rf"差(?:(?P<quarter>[一1]刻)|(?P<m>{_CHINESE_HOUR})分)(?:钟)?(?:到)?(?P<h>{_CHINESE_HOUR})点钟?",
            _chinese_before,
        ),
        (
            rf"(?P<h>{_CHINESE_HOUR})(?:点钟?|时|:)(?:(?P<quarter>[一1三3])刻|(?P<half>半)|整|(?P<m>{_CHINESE_HOUR})分?)?",
            _chinese_clock,
        ),
        (
            r"每个?工作日|工作日(?:每天)?|每?(?:周|星期|礼拜)一[到至](?:周|星期|礼拜)?五(?:每天)?",
            _always(Moment("zh", days=_WORKDAYS)),
        ),
        (r"每个?周末|每个?(?:星期|礼拜)[六]和?日", _always(Moment("zh", days=_WEEKEND))),
        (
            r"每个?(?:周|星期|礼拜)(?P<days>[一二三四五六日天](?:[、,，和及]?(?:周|星期|礼拜)?[一二三四五六日天])*)",
            _chinese_repeated,
        ),
        (rf"(?:(?P<day>今|明|每)(?=早|晚))?(?P<part>{_PART})", _chinese_part),
        (r"每天|每日|天天|每一天", _always(Moment("zh", days=_ALL))),
    ),
}
