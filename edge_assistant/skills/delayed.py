"""Orders for another time: "turn off the lights in 10 minutes". They are never carried out, and never at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from edge_assistant.skills.days import WEEKDAY, plain
from edge_assistant.skills.moment_words import moment
from edge_assistant.skills.orders import no_hand

_LONGEST: Final = {"en": 120, "zh": 60}
_WHILE: Final = {
    "en": re.compile(
        r"for (?:the next )?(?:an?|half an|\d+(?:\.\d+)?|a (?:few|couple of))(?: and a half)? ?"
        r"(?:hours?|hrs?|minutes?|mins?|seconds?|secs?|while|moment)(?: and \d+ (?:minutes?|seconds?))?",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"(?:\d+|[一二两三四五六七八九十百半]+)个?半?(?:小时|钟头|分钟|分|秒钟?|刻钟)"),
}
_VALUE: Final = re.compile(r"(?:by|to|from|about|around|for) ", re.IGNORECASE)
"""What may lead to a value as well as to a time: "dim it by 10"."""
_ORDER: Final = {
    "en": re.compile(r"(?:turn|switch) (?:on|off) [\w' ]{2,40}|(?:turn|switch) [\w' ]{2,40} (?:on|off)", re.IGNORECASE),
    "zh": re.compile(
        "(?:打开|开启|关闭|关掉|关上)[^多少什么怎哪谁几吗呢了]{1,12}|[把将][^多少什么怎哪谁几吗呢了]{1,12}(?:打开|关闭|关掉|关上)"
    ),
}
"""An order to something that may be a device of this home."""
_NOT_HERE: Final = re.compile(
    r"^(?:please|请|麻烦|帮我|给我)|\b(?:alarms?|timers?|remind\w*)\b|闹钟|闹铃|提醒|计时", re.IGNORECASE
)
"""What is read without its politeness, and what rings at its time by other rules."""
_TIMELY: Final = re.compile(
    rf"\d|day|night|noon|morning|evening|hour|hr|min|sec|while|moment|week|month|year|daily|tomorrow|\b(?:{WEEKDAY})s?\b"
    "|christmas|xmas|easter|halloween|thanksgiving|valentine|fools|pentecost|whitsun"
    "|[点时秒刻钟天日周月年号早晚晨午夜节：]|分(?!之)|星期|礼拜|元旦|[五六十]一|国庆|圣诞"
)
"""What no time can do without."""
_POLITE: Final = re.compile(r"(?:please\s+|请|麻烦|帮我|给我)+", re.IGNORECASE)
_BARE: Final = re.compile(r"at \d{1,2}", re.IGNORECASE)
_SWITCHING: Final = re.compile(
    r"(?:please\s+)?(?:turn|switch|shut|open|close|lock|unlock|start|stop|run|activate)\b", re.IGNORECASE
)


def is_delayed(said: str, language: str) -> bool:
    """Return whether the words are an order with a time at which, or for which, it shall be carried out."""
    return len(said) <= _LONGEST[language] and not _NOT_HERE.search(said) and parted(said, language) is not None


def parted(said: str, language: str) -> tuple[str, str, bool] | None:
    """Return an order, its time, and whether it shall last for that time; the time is as long as it can be."""
    return min(_parts(said, language), key=lambda parts: len(parts[0]), default=None)


def _parts(said: str, language: str) -> Iterator[tuple[str, str, bool]]:
    if not _TIMELY.search(plain(said, language)):
        return
    cuts = range(1, len(said)) if language == "zh" else [space.start() for space in re.finditer(" ", said)]
    for cut in cuts:
        head, tail = said[:cut].strip(" ,，"), said[cut:].strip(" ,，")
        ordered = _ordered(head, language)
        if ordered and _WHILE[language].fullmatch(tail):
            yield head, tail, True
        elif ordered and _is_time(tail, head, language):
            yield head, tail, False
        elif _ordered(tail, language) and _is_time(head, tail, language):
            yield tail, head, False


def reminding(said: str, language: str) -> str | None:
    """Return the words that ask to be reminded of an order when its time comes."""
    found = parted(said, language)
    if found is None or found[2]:
        return None
    order, when = _POLITE.sub("", found[0]), found[1]
    return f"{when}提醒我{order}" if language == "zh" else f"remind me {when} to {order}"


def _ordered(said: str, language: str) -> bool:
    return no_hand(said, language) == "unclear" or _ORDER[language].fullmatch(said) is not None


def _is_time(said: str, order: str, language: str) -> bool:
    """Return whether the words are a time that comes, and no value that is set."""
    if moment(said, language) is None or _VALUE.match(said):
        return False
    return not _BARE.fullmatch(said) or _SWITCHING.match(order) is not None
