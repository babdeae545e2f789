"""What people would call a device, known to this home or not, and what sounds like a command to one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_THINGS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:[\w'-]+ ){1,3}(?:lights?|lamps?|fans?|heaters?|switch|plugs?|outlets?|sockets?|blinds?|curtains?|"
        r"shutters?|thermostat|tv|television|speakers?|kettle|oven|dishwasher|washing machine|dryer|humidifier|"
        r"purifier|sprinklers?|pump|boiler|projector)",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"\w{1,6}(?:灯|风扇|电扇|空调|暖气|插座|窗帘|百叶窗|电视|音箱|加湿器|净化器|热水器|洗衣机|烤箱|投影仪)"
    ),
}
_NO_NAME: Final = re.compile(
    r"\b(?:not?|n't|all|every|and|or|if|when|what|who|why|how|where|is|are|was|it|i|you|a|an|some|any|of|in|on|off)\b|"
    r"[我你他她它吗呢吧了是不没有谁什么怎哪几多把和如果为的]",
    re.IGNORECASE,
)


_MENTIONED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:lights?|lamps?|fans?|heat(?:er|ing)s?|switch|plugs?|outlets?|sockets?|blinds?|curtains?|shutters?|"
        r"windows?|doors?|gate|garage|locks?|thermostat|tv|television|speakers?|music|volume|ac|air conditioner|"
        r"everything|all devices|(?:warmer|cooler|colder|hotter|brighter|darker))\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"灯|风扇|电扇|空调|暖气|地暖|插座|窗|门|锁|卷帘|电视|音箱|音响|音乐|音量|设备|电器|亮|暗|暖|凉|热|冷"
    ),
}
_ORDERED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:if|when|once|after|before|unless)\b.{1,80}?[,\s]\s*)?(?:please\s+)?(?:(?:do not|don't|dont|never)\s+)?"
        r"(?:turn|switch|set|dim|brighten|open|close|shut|lock|unlock|raise|lower|start|stop|pause|mute|"
        r"make (?:it|the)|put (?:it|the)|increase|decrease|activate|deactivate|power)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"打开|开启|关闭|关掉|关上|关了|[开关]一下|调[到成高低亮暗]|别[开关]|不[要准许][开关]|"
        r"[把将].{1,12}[开关调设锁拉升降]|^[开关锁]"
    ),
}
_ASKED: Final = re.compile(r"[?？吗]|怎么|如何|什么|为何|哪|多少|几|谁|是不是|有没有")
_LONGEST_ORDER: Final = 120


def is_order(said: str, language: str) -> bool:
    """Return whether a text sounds like a command to a device: no question, but a verb of doing and a thing."""
    if len(said) > _LONGEST_ORDER or _ASKED.search(said):
        return False
    ordered = _ORDERED[language]
    begun = ordered.match(said) if language == "en" else ordered.search(said)
    return begun is not None and _MENTIONED[language].search(said) is not None


def is_device(said: str, language: str) -> bool:
    """Return whether the words are what people would call a device."""
    return _THINGS[language].fullmatch(said) is not None and _NO_NAME.search(said) is None
