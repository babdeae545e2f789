"""What open slots of lists and choices may catch, and the parts of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from edge_assistant.skills.orders import is_order

MOST_DICE: Final = 100
_LONGEST_ITEM: Final = {"en": 16, "zh": 24}
"""Words of English things, characters of Chinese ones."""
_NO_ITEM: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:what|who|which|when|where|why|how|if|you|me|us|him|her|them|that|this|these|those|it|is|are|was|do|does|lists?|"
        r"timer|everything|anything|nothing|all|"
        r"song|songs|track|playlist|alarm|minutes?|hours?|seconds?|degrees)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("什么|怎么|为什么|哪|谁|多少|吗|呢|清单|列表|歌|[你他她它这那]|分钟|小时|闹钟"),
}
_NO_NAME: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:the|my|our|your|a|an|to|on|in|of|from|all|every|mailing|guest|play|waiting|this|that|it|and|or|alarm|"
        r"reminder|timer|device|light|black|contact|songs?|music|top|price|what|which|me|of|new|empty|next|"
        r"shopping|grocery|groceries|to-do|todo|to do|tasks?)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "[的我你他在把将从到加写放了和这那]|什么|哪|多少|播放|歌|音乐|设备|闹钟|提醒|计时|名单|所有|全部|购物|采购|买菜|待办|任务|代办"
    ),
}
_DICE: Final = re.compile(r"(?P<count>\d{1,3})?\s*d\s*(?P<sides>\d{1,4})", re.IGNORECASE)
_OR: Final = {
    "en": r"\s*(?:,|;)\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+",
    "zh": r"\s*(?:[、，,;；]|还是|或者|以及|或|和|跟)\s*",
}
_NO_CHOICE: Final = re.compile(
    r"\b(?:what|who|which|when|where|why|how|if|is|are|do|does|should|you|your|numbers?|song|movie|side)\b|^\d+ of\b|"
    r"[你吗呢：]|什么|怎么|为什么|^\d+个",
    re.IGNORECASE,
)


def is_list_item(said: str, language: str) -> bool:
    """Return whether the words are a thing, or a few, to be put on a list; a command to a device is none."""
    length = len(said) if language == "zh" else len(said.split())
    return 0 < length <= _LONGEST_ITEM[language] and not _NO_ITEM[language].search(said) and not is_order(said)


def is_list_name(said: str, language: str) -> bool:
    """Return whether the words are what somebody would call a list."""
    length = len(said) if language == "zh" else len(said.split())
    return 0 < length <= {"en": 2, "zh": 6}[language] and not _NO_NAME[language].search(said)


def is_dice(said: str, language: str) -> bool:
    """Return whether the words are dice as players write them: 2d6."""
    return dice(said) is not None


def is_choice(said: str, language: str) -> bool:
    """Return whether the words are at least two things to choose from."""
    length = len(said) if language == "zh" else len(said.split())
    return length <= 30 and len(options_of(said, language)) > 1 and not _NO_CHOICE.search(said)


def dice(said: str) -> tuple[int, int] | None:
    """Return how many dice of how many sides the words are."""
    found = _DICE.fullmatch(said.strip())
    if found is None:
        return None
    count, sides = int(found["count"] or 1), int(found["sides"])
    return (count, sides) if 1 <= count <= MOST_DICE and sides > 1 else None


def options_of(said: str, language: str) -> list[str]:
    """Return the single things of an enumeration."""
    return [option for part in re.split(_OR[language], said) if (option := part.strip(" ,，.。?？"))]
