"""What sounds like a command to a device, though no rule has a hand for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

_MENTIONED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:lights?|lamps?|fans?|heat(?:er|ing)s?|switch|plugs?|outlets?|sockets?|blinds?|curtains?|shutters?|"
        r"windows?|doors?|gate|garage|locks?|thermostat|tv|television|speakers?|music|volume|ac|air conditioner|"
        r"everything|all devices|alarm|vacuum|some light|(?:bed|bath|living )room|kitchen|office|"
        r"(?:warmer|cooler|colder|hotter|brighter|darker))\b"
        r"|\b(?:turn|switch|power|open|close|shut|lock|unlock|dim|pause)(?: on| off| up| down)? (?:it|them|that)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"灯|风扇|电扇|空调|暖气|地暖|插座|窗|门|锁|卷帘|电视|音箱|音响|音乐|音量|设备|电器|亮|暗|暖|凉|热|冷"
        r"|[打关][开掉闭上](?:它|这个|那个)|把(?:它|这个|那个)[打关开]"
    ),
}
_ORDERED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:if|when|once|after|before|unless)\b.{1,80}?[,\s]\s*)?(?:please\s+)?"
        r"(?:(?:do not|don't|don’t|dont|never)\s+)?"
        r"(?:turn|switch|leave|keep|flash|blink|set|dim|brighten|open|close|shut|lock|unlock|raise|lower|start|stop|pause|"
        r"mute|get|hit|kill|let|warm|heat|cool|disarm|arm|"
        r"make (?:it|the)|put (?:it|the)|increase|decrease|activate|deactivate|power)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"打开|开启|关闭|关掉|关上|关了|[开关]一下|调[到成高低亮暗]|别[开关]|不[要准许][开关]|"
        r"[把将].{1,12}[开关调设锁拉升降]|^[开关锁]|[开关]灯"
    ),
}
_FORBIDDEN: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"(?:please\s+)?(?:do not|don't|don’t|dont|never)\b", re.IGNORECASE),
    "zh": re.compile(r"(?:请|千万|你|先)*(?:别|不要|不许|不准|不能|禁止)"),
}
_BEYOND: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:please|can you|could you|hey|ok|now)[\s,]+)*"
        r"(?:(?:call|phone|dial|text|message|email)\s+(?:me\b|my\b|the\b|an?\b|\w+$)"
        r"|(?:order|buy|book)\s+(?:me|us|an?|some|my|the|more)\b|play\s+(?:me|us|some|my|the|a|\w+$|\w+ music$)"
        r"|send\s+(?:an?|the|my)\s+(?:text|message|email|mail)\b)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:请|帮我|给我|麻烦)*(?:打(?:个)?电话|给.{1,8}(?:打电话|打个电话|发|写邮件)|发(?:条)?(?:短信|消息|微信|邮件)"
        r"|点(?:个|份)?外卖|订(?:个|一|张|份)|买(?:个|一|点|些)|(?:播放|放)(?:点|一?首|一?些|个)?\w{1,8}(?:乐|歌|曲)"
        r")"
    ),
}
_RINGING: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:please|can you|could you|hey|ok|now)[\s,]+)*(?:remind\s+(?:me|us)\b|wake\s+(?:me|us)\b"
        r"|(?:set|make)\s+(?:an?|the|my)\s+(?:alarm|reminder)\b)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:请|帮我|给我|麻烦)*(?:.{0,12}(?:提醒我|叫醒我|叫我起床|叫我$)|(?:设|定|订).{0,8}(?:闹钟|闹铃|提醒))"
    ),
}
_ASKED: Final = re.compile(
    r"[?？吗]|怎么|如何|什么|为何|哪|多少|几|谁|是不是|有没有|会怎|翻译|意思|^[你我他她它]们?(?:说|为)"
    r"|\b(?:what happens|what if|what will|what would|how|why|mean)\b",
    re.IGNORECASE,
)
_LONGEST_ORDER: Final = 120


def no_hand(said: str, language: str) -> Literal["obeyed", "unclear", "beyond", "no_time"] | None:
    """Return what to say to a command that no rule has a hand for; None to what is no command.

    It may forbid something, which is easily obeyed; sound like a command to a device; or ask for what no
    device of a home does: a call, a message, a purchase; or for a ring at a time that is not understood.
    """
    if len(said) > _LONGEST_ORDER or _ASKED.search(said):
        return None
    if _BEYOND[language].match(said):
        return "beyond"
    if _RINGING[language].match(said):
        return "no_time"
    if not is_order(said):
        return None
    return "obeyed" if _FORBIDDEN[language].match(said) else "unclear"


def is_order(said: str) -> bool:
    """Return whether a text, be it in both languages, sounds like a command: a verb of doing and a thing."""
    ordered = _ORDERED["en"].match(said) or _ORDERED["zh"].search(said)
    return ordered is not None and any(mentioned.search(said) for mentioned in _MENTIONED.values())


def may_be_order(said: str, language: str) -> bool:
    """Return whether a text may be an order: no question, no prohibition, and nothing that no device of a home does."""
    if len(said) > _LONGEST_ORDER or _ASKED.search(said):
        return False
    return not any(pattern[language].match(said) for pattern in (_FORBIDDEN, _BEYOND, _RINGING))
