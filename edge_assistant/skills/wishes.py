"""What somebody wants done in this home now, though no rule knows the words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from edge_assistant.devices.home import Home, fold
from edge_assistant.languages import IDEOGRAPH
from edge_assistant.phrasing.speech import LATER
from edge_assistant.skills.orders import is_order, may_be_order

_WISHED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:please|can you|could you|would you|hey|ok|now)[\s,]+)*(?:make|get|give|have|bring|put|set|prepare|help|"
        r"light|turn|switch|shut|let|keep|kill|clean|freshen|secure|dim|brighten|darken|warm|cool|heat|silence|quiet)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("[把将让给]|(?:帮我|请|麻烦)?.{0,8}(?:弄|调|搞|变|准备|布置|开|关|照亮|打扫|通风)"),
}
"""Verbs that wish for something to be brought about."""
_ABOUT_HOME: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:in here|here|room|house|home|place|everything|mood|cosy|cozy|gloomy|bright|dark|daylight|sunlight|air|"
        r"warm|cold|hot|quiet|loud|ready for (?:bed|sleep|the night|guests|dinner)|lamps?|floors?)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("这里|这儿|屋|房间|家里|全部|所有|气氛|温馨|阳光|通风|暖和|凉快|安静|睡觉|地板|扫地"),
}
"""What a home is wished to be, where no device is named."""
_BETWEEN: Final = re.compile(r"\W+")
_ELLIPTIC: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:all|every|everything|only|just|no)\b.*\b(?:on|off|open|closed|shut|up|down|out)\b"
        r"|lights? (?:out|off|on)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("(?:全部|所有|都|除了|只).*[开关灭]"),
}
"""Orders without a verb: "all lights off except the kitchen"."""


def is_wish(said: str, language: str, home: Home) -> bool:
    """Return whether somebody wants something done in this home now, in words that may name no device.

    It is no question, no prohibition, nothing for later, and nothing that no device of a home does.
    """
    if not may_be_order(said, language) or LATER[language].search(said):
        return False
    if is_order(said) or _ELLIPTIC[language].match(said):
        return True
    return _WISHED[language].match(said) is not None and (
        _ABOUT_HOME[language].search(said) is not None or _names_something(said, home)
    )


def _names_something(said: str, home: Home) -> bool:
    """Return whether a room or a device of this home is named."""
    text = f" {fold(_BETWEEN.sub(' ', said))} "
    names = (fold(name) for thing in (*home.areas, *home.floors, *home.entities) for name in thing.names)
    return any((name if IDEOGRAPH.search(name) else f" {name} ") in text for name in names)
