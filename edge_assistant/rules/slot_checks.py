"""What open slots may catch: words are looked at before a rule with such a slot fires."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Check: TypeAlias = Callable[[str, str], bool]
"""Says whether the words that an open slot caught, in this language, are of its kind."""

_FUNCTION_WORD: Final = re.compile(
    r"\b(?:i|you|he|she|it|we|they|me|my|your|his|her|its|our|their|is|are|was|were|be|do|does|did|don't|not|no|"
    r"what|who|whom|whose|which|when|where|why|how|if|because|that|this|these|those|there|then|than|"
    r"and|or|but|so|of|to|from|can|could|would|should|will|shall|may|might|must|has|have|had|"
    r"a|an|the|about|with|without|into|onto|until|while|before|after)\b",
    re.IGNORECASE,
)


def _label(caught: str, language: str) -> bool:
    """A short name such as people give to a timer: no clause, no question, no number."""
    if re.search(r"\d", caught) or not re.search(r"\w", caught):
        return False
    if language == "zh":
        return len(caught) <= 6 and not re.search("[我你他她它吗呢吧了的是不没有谁什么怎哪几多在和把]", caught)
    return len(caught.split()) <= 3 and _FUNCTION_WORD.search(caught) is None


def _message(caught: str, language: str) -> bool:
    """Anything that somebody wants to have said aloud; what is played is no message."""
    return len(caught) <= 200 and re.search(r"\w", caught) is not None and not _PLAYED.match(caught)


_PLAYED: Final = re.compile(
    r"(?:an?|the|some|my|this)?\s*(?:\w+ )?"
    r"(?:videos?|music|songs?|movies?|films?|podcasts?|radio|playlists?|albums?)\b",
    re.IGNORECASE,
)


def _title(caught: str, language: str) -> bool:
    """What a song, a film or a singer may be called; not a game, and not a sentence."""
    if language == "zh":
        return len(caught) <= 20 and not re.search("[吗呢吧]|什么|怎么|为什么|游戏", caught)
    words = caught.casefold().split()
    return 0 < len(words) <= 8 and not _NO_TITLE.search(caught)


def _zone(caught: str, language: str) -> bool:
    """A place where people of the house may be."""
    return caught.strip().casefold() in _ZONES


def _item(caught: str, language: str) -> bool:
    """A thing for a list: a few words, none of which asks or refers to something else."""
    if language == "zh":
        return len(caught) <= 12 and not re.search("[我你他她它吗呢吧]|什么|怎么|这个|那个", caught)
    return 0 < len(caught.split()) <= 6 and not _NO_ITEM.search(caught)


def _order(caught: str, language: str) -> bool:
    """Something to be done, said as one does to a device; it is understood when its time comes."""
    return len(caught) <= 80 and _ORDER[language].match(caught.strip()) is not None


_ORDER: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:turn|switch|set|dim|brighten|open|close|shut|lock|unlock|raise|lower|start|stop|pause|play|mute|unmute|"
        r"activate|deactivate|run|clean)\s+\w",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"(?:[把将].+)?(?:打开|开启|关闭|关掉|关上|[开关锁]|启动|停止|暂停|播放|调|设)\w*"),
}
_NO_TITLE: Final = re.compile(
    r"\b(?:games?|with|chess|cards|poker|tricks?|what|why|how|when|if|you|outside|a role|the role)\b", re.IGNORECASE
)
_NO_ITEM: Final = re.compile(
    r"\b(?:i|you|he|she|it|we|they|this|that|these|those|is|are|was|do|does|what|who|which|when|where|why|how|if)\b",
    re.IGNORECASE,
)
_ZONES: Final = frozenset(("home", "away", "work", "school", "the office", "家", "家里", "公司", "学校", "外面"))

CHECKS: Final[Mapping[str, Check]] = {
    "item": _item,
    "label": _label,
    "message": _message,
    "order": _order,
    "title": _title,
    "zone": _zone,
}
