"""What a question asks for, and whether a text holds that kind of thing."""

from __future__ import annotations

import re
from typing import Final, Literal

Want = Literal["time", "number", "person", "place", "steps", "reason", "yes or no", "thing", "order", "no question"]

_ASKS: Final[tuple[tuple[Want, re.Pattern[str]], ...]] = tuple(
    (want, re.compile(pattern, re.IGNORECASE))
    for want, pattern in (
        ("time", r"\b(when|what (year|date|day|month|century|decade|time)|which (year|century|decade)|how long ago|"
                 r"(in|on|by|during|until|since) (what|which) (year|date|day|month|century|decade))\b|"
                 r"何时|什么时候|什么时间|哪一?年|哪个?月|哪天|几月|几号|几时|几点|年份|什么年代|哪个世纪"),
        ("number", r"\b(how (many|much|long|far|tall|high|old|large|big|fast|deep|wide|often|heavy)|"
                   r"what (is the )?(number|percent|percentage|amount|size|population|length|height|area|temperature))\b|"
                   r"多少|多大|多长|多高|多远|多久|多重|多深|几个|几种|几次|几名|几人|几位|百分之几|[第]几"),
        ("person", r"\b(who|whose|whom|which (person|king|queen|president|author))\b|谁|哪位|哪个人|何人|什么人"),
        ("place", r"\b(where|(what|which) (city|country|state|place|county|region|town|river|continent))\b|"
                  r"哪里|哪儿|何处|哪个?(城市|国家|地方|省|州|地区|县)|什么地方|在哪"),
        ("steps", r"\bhow (do|can|should|could|would|to|must|are|is|does|did)\b|怎么|怎样|如何|咋"),
        ("reason", r"\b(why|what (causes?|caused|is the reason|was the reason))\b|为什么|为何|原因|怎么回事|为啥"),
        ("yes or no", r"^\s*(is|are|was|were|do|does|did|can|could|will|would|should|has|have|had)\b|吗[？?]?$|是不是|是否|能不能|有没有"),
        ("thing", r"\b(what|which|name)\b|\?\s*$|什么|哪|？\s*$|多|几"),
    )
)
_ORDER: Final = re.compile(
    r"\s*(please |can you |could you )?(write|compose|invent|imagine|sing|draw|translate|summari[sz]e|rewrite|play|turn|"
    r"switch|set|make up|tell (me|us) (a|an|another|some|one)\b|give me (a|an) (joke|poem|story|recipe))"
    r"|\s*(请|帮我|给我|麻烦|请你|你)*(写|讲|编|唱|画|翻译|总结|播放|放一|打开|关闭|关掉|设置|来一)",
    re.IGNORECASE,
)
"""Something is to be made or done: no document holds it."""
_MONTH: Final = r"(January|February|March|April|May|June|July|August|September|October|November|December)"
_HOLDS: Final[dict[Want, re.Pattern[str]]] = {
    "time": re.compile(
        rf"\b(1\d{{3}}|20\d\d)s?\b|\b{_MONTH}\b|\b\d+(st|nd|rd|th)[ -]century|\bcenturi?(y|es)\b|\b\d\d?(:\d\d|\s?[ap]\.?m\b)|"
        r"\b\d{3,4} (BC|AD|BCE|CE)\b|\d\s*[年月日号点时]|世纪|[一二三四五六七八九十]+[年月日]|公元|年间|年代|时期|今天|昨天|"
        r"\b(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|today|yesterday)\b"
    ),
    "number": re.compile(
        r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundreds?|"
        r"thousands?|millions?|billions?|half|dozens?|third|quarter|once|twice|several)\b|[一二三四五六七八九十百千万亿两半]",
        re.IGNORECASE,
    ),
    "person": re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]+(?:\s+(?:[A-Z][\w'.-]*|of|the|de|von))*\s+[A-Z][a-z]+|[·•]|先生|女士|教授|博士|总统|国王|皇帝"),
    "place": re.compile(
        r"\b(in|at|from|near|to|of|across|through|on|within|between) (the )?([A-Z][\w'-]+)|[省市县州国区镇村岛河湖山街路]"
    ),
    "steps": re.compile(r"^\s*(\d+\.|-) |\b(by|first|then|press|hold|open|use|using|through|click|wait|turn)\b|通过|首先|然后|按|打开|点击", re.IGNORECASE | re.MULTILINE),
    "reason": re.compile(r"\b(because|due to|since|caused?|reason|so that|in order to|as a result|owing|led to|therefore)\b|因为|由于|因此|所以|导致|原因|为了|以便", re.IGNORECASE),
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
