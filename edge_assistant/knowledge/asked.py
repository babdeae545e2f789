"""What a question asks for, and whether a text holds that kind of thing."""

from __future__ import annotations

import re
from typing import Final, Literal

Want = Literal["time", "number", "person", "place", "steps", "reason", "yes or no", "thing", "order", "no question"]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_ORDER: Final = _any(
    r"\s*(please |can you |could you )?"
    r"(write|compose|invent|imagine|sing|draw|translate|summari[sz]e|rewrite|play|turn|switch|set|make up)\b",
    r"\s*(please )?(tell|give) (me|us) (a|an|another|some|one)\b",
    r"\s*how (long|many \w+|much time) (is |are )?(until|till|left)\b",
    r"[^，。？]*(还有多久|还要多久|还剩多)",
    r"\s*(请|帮我|给我|麻烦|请你|你)*(写|讲|编|唱|画|翻译|总结|播放|放一|打开|关闭|关掉|设置|来一)",
)
"""Something is to be made or done, or asked of a clock: no document holds it."""
_ASKS: Final[tuple[tuple[Want, re.Pattern[str]], ...]] = (
    (
        "time",
        _any(
            r"\b(when|(what|which) (year|date|day|month|century|decade|time)|how long ago)\b",
            r"何时|什么时候|什么时间|哪一?年|哪个?月|哪天|几月|几号|几时|几点|年份|什么年代|哪个世纪",
        ),
    ),
    (
        "number",
        _any(
            r"\bhow (many|much|long|far|tall|high|old|large|big|fast|deep|wide|often|heavy|hot|cold|warm|thick)\b",
            r"\bhow (expensive|quickly)\b",
            r"\bwhat (is the )?(number|percent|percentage|amount|size|population|length|height|area|temperature)\b",
            r"多少|多[大长高远久重深快热冷宽厚贵沉]|几个|几种|几次|几名|几人|几位|百分之几|第几",
        ),
    ),
    ("person", _any(r"\b(who|whose|whom|which (person|king|queen|president|author))\b", r"谁|哪位|哪个人|何人|什么人")),
    (
        "place",
        _any(
            r"\b(where|(what|which) (city|country|state|place|county|region|town|river|continent))\b",
            r"哪里|哪儿|何处|哪个?(城市|国家|地方|省|州|地区|县)|什么地方|在哪",
        ),
    ),
    ("steps", _any(r"\bhow (do|can|should|could|would|to|must|are|is|does|did)\b", r"怎么|怎样|如何|咋")),
    ("reason", _any(r"\b(why|what (causes?|caused|is the reason|was the reason))\b", r"为什么|为何|原因|为啥")),
    (
        "yes or no",
        _any(
            r"^\s*(is|are|was|were|do|does|did|can|could|will|would|should|has|have|had)\b",
            r"吗[？?]?$|是不是|是否|能不能|有没有",
        ),
    ),
    ("thing", _any(r"\b(what|which|name)\b", r"[?？]\s*$", r"什么|哪|几")),
)
_HOLDS: Final[dict[Want, re.Pattern[str]]] = {
    "time": re.compile(
        r"\b(1\d{3}|20\d\d)s?\b|\b\d+(st|nd|rd|th)[ -]century|\bcenturi?(y|es)\b|\b\d\d?(:\d\d|\s?[ap]\.?m\b)"
        r"|\b\d{3,4} (BC|AD|BCE|CE)\b"
        r"|\b(January|February|March|April|May|June|July|August|September|October|November|December)\b"
        r"|\b(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|today|yesterday)\b"
        r"|\d\s*[年月日号点时]|[一二三四五六七八九十]+[年月日]|世纪|公元|年间|年代|时期|今天|昨天"
    ),
    "number": _any(
        r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?)\b",
        r"\b(thousands?|millions?|billions?|half|dozens?|third|quarter|once|twice|several)\b",
        r"[一二三四五六七八九十百千万亿两半]",
    ),
    "person": re.compile(
        r"(?<![.!?] )(?<!^)\b[A-Z][a-z]+(?:\s+(?:[A-Z][\w'.-]*|of|the|de|von))*\s+[A-Z][a-z]+"
        r"|[·•]|先生|女士|教授|博士|总统|国王|皇帝"
    ),
    "place": re.compile(
        r"\b(in|at|from|near|to|of|across|through|on|within|between) (the )?[A-Z][\w'-]+"
        r"|[省市县州国区镇村岛河湖山街路]"
    ),
    "steps": re.compile(
        r"^\s*(\d+\.|-) |\b(by|first|then|press|hold|open|use|using|through|click|wait|turn)\b"
        r"|通过|首先|然后|按|打开|点击",
        re.IGNORECASE | re.MULTILINE,
    ),
    "reason": _any(
        r"\b(because|due to|since|caused?|reason|so that|in order to|as a result|owing|led to|therefore)\b",
        r"因为|由于|因此|所以|导致|原因|为了|以便",
    ),
}


def wanted(question: str) -> Want:
    """Return what kind of thing a question asks for; an order wants it made, a statement asks for nothing."""
    if _ORDER.match(question):
        return "order"
    return next((want for want, pattern in _ASKS if pattern.search(question)), "no question")


def holds(want: Want, text: str) -> bool | None:
    """Return whether a text holds that kind of thing, or None where that cannot be seen."""
    pattern = _HOLDS.get(want)
    return None if pattern is None else pattern.search(text) is not None
