"""The words by which a turn leans on the one before: "too", "it", "the other one", "make that seven"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LEAD: Final[Mapping[str, str]] = {
    "en": (
        r"(?:(?:and then|and|also|now|then|do|please|no|nope|sorry|wait|actually|i meant?|i said|not that one|instead)"
        r"[\s,]+)*(?:(?:the same|same thing|same)\s+|(?:what|how) about\s+)?"
        r"(?:(?:in|for|with|to|on)\s+)?(?:(?:the|my|our)\s+)?"
    ),
    "zh": (
        r"(?:不是|不对|错了|不|我说的是|我是说|我指的是|应该是|还有|那么|那|另外|以及|也把|还要|顺便|再)?[，,]?"
        r"(?:我说的是|我是说|我指的是|应该是|是|把)?"
    ),
}
AGAIN: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        rf"{_LEAD['en']}(?P<thing>.+?)(?P<mark>\s*,?\s+(?:too|as well|also|please|instead))*\s*[.!?]*", re.IGNORECASE
    ),
    "zh": re.compile(
        rf"{_LEAD['zh']}(?P<thing>.+?)(?:的|里)?"
        r"(?P<mark>呢|也是|也一样|一样|也要|也这样|也?(?:打开|开一下|开|关掉|关一下|关上|关)|也)?[。！!？?]*"
    ),
}
LEADS: Final = re.compile(
    r"(?:and|also|no|nope|sorry|actually|i meant?|do the same|the same|same|what about|how about|now)\b"
    r"|还有|那|另外|以及|不|错了|我说的|我是说|我指的|应该是|也把|还要|顺便",
    re.IGNORECASE,
)
IT: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(?:it|that one|that(?= (?:on|off|up|down)\b)|that(?=$)|them)\b", re.IGNORECASE),
    "zh": re.compile(r"它们?|这个|那个"),
}
OTHER: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:no|nope|sorry|and|not that one|not that|i meant?)[\s,]+)*"
        r"the other (?:one|light|lamp|fan|blinds?|tv|speaker)"
        r"(?:,? (?:please|too|as well|instead))*[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:不是|不对|错了|不)?(?:这个|那个|这盏)?[，,]?(?:我说的是|是|要)?另外?一?(?:个|盏|台|只)(?:也是|灯)?[。！]*"
    ),
}
MORE: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:and )?(?:(?:a (?:bit|little) )?(?:more|further)|(?:once|one) more(?: time)?|again|do (?:it|that) again)"
        r"(?:,? please)?[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:再来|再来一点|再来一次|再来点|还要|再一次|再多一点|再(?:亮|暗|大|小|高|低|快|慢)?一?[点些])[。！]*"
    ),
}
CHANGED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:no|actually|sorry|wait|better|or)[\s,]+)*(?:make (?:it|that)|change (?:it|that) to|i meant?|rather)\s+"
        r"(?P<new>.+?)(?:\s+(?:instead|please))*[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:不对|不是|不)?[，,]?(?:还是)?(?:改成|改到|改为|换成|调到|我说的是|应该是)(?P<new>.+?)(?:吧|好了)?[。！]*"
    ),
}
_ALARM: Final = {"en": "move my alarm to {}", "zh": "把闹钟改到{}"}
_REMINDER: Final = {"en": "move my reminder to {}", "zh": "把提醒改到{}"}
CHANGES: Final[Mapping[str, Mapping[str, str]]] = {
    "SetAlarm": _ALARM,
    "ChangeAlarm": _ALARM,
    "SetReminder": _REMINDER,
    "ChangeReminder": _REMINDER,
}
"""What a correction changes, by what was asked before."""
CANCEL: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:no[\s,]+)?(?:please )?(?:cancel|undo|take back)(?: that| it)?(?:,? please)?[.!]*", re.IGNORECASE
    ),
    "zh": re.compile("(?:不[，,]?)?(?:取消|撤销|撤回)(?:吧|刚才的|它)?[。！]*"),
}
RINGING: Final[Mapping[str, Mapping[str, str]]] = {
    "Alarm": {"en": "cancel the alarm", "zh": "取消闹钟"},
    "Reminder": {"en": "cancel the reminder", "zh": "取消提醒"},
    "Timer": {"en": "cancel the timer", "zh": "取消计时器"},
}
"""What "cancel" alone means, by what the intent before was about."""
STEP: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:make it|and|even|still|now|please|a (?:bit|little)) )*(?P<step>brighter|darker|dimmer)"
        r"(?:,? please)?[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile("(?:再|还要)?(?:调|弄|变)?得?(?P<step>[亮暗])(?:一?[点些])?(?:吧)?[。！]*"),
}
"""More or less light, without a word on which."""
BARE_VERB: Final = re.compile(
    "(?:那就?|就|请)?(?:打开|关掉|关上|关闭|开一下|关一下|(?:打开|开|关)了?吧|关掉吧|都?关了吧)[。！]*"
)
"""A verb without what it is about, as only Chinese says it."""
