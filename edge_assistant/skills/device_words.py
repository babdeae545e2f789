"""What people would call a device, known to this home or not."""

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
    r"[我你他她它吗呢吧了是不没有谁什么怎哪几多把和如果为的开关调]|^[注心于怀]|[\d一二两三四五六七八九十半]+个?(?:分|小时|秒|天)",
    re.IGNORECASE,
)


def is_device(said: str, language: str) -> bool:
    """Return whether the words are what people would call a device."""
    return _THINGS[language].fullmatch(said) is not None and _NO_NAME.search(said) is None
