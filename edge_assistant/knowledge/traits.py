"""What the form of a question demands of its answer: what must not be denied, swapped or left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from edge_assistant.knowledge.asked import Want
from edge_assistant.knowledge.words import naming, spoken, tokens

_DENIES: Final = re.compile(
    r"\b(not|never|no|non|without|neither|except|cannot)\b|n['’]t\b|不|没|無|无|非", re.IGNORECASE
)
_EXTREME: Final = re.compile(
    r"\b(first|last|only|most|least|best|worst|original|final|main|primary|\w{3,}est)\b|最|第一|首|唯一", re.IGNORECASE
)
_NO_EXTREME: Final = re.compile(
    r"(arr|cont|t|dig|for|gu|harv|hon|inter|inv|mod|pri|prot|qu|requ|sugg|conqu|manif|w|northw|southw)est",
    re.IGNORECASE,
)
"""Words that only end like a superlative."""
_PREFIX: Final = re.compile(r"(?:un|in|im|il|ir|dis|non)([a-z]{4,})")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_HEAD: Final = re.compile(r"\b(?:what|which|how many|how much)\s+((?:\w+[ -]){0,2}?\w+)\b", re.IGNORECASE)
_OPPOSITES: Final = """
    more/less/fewer before/after increase/decrease north/south east/west northern/southern eastern/western
    largest/smallest highest/lowest high/low large/small long/short old/new oldest/newest/youngest first/last win/lose
    won/lost begin/end start/finish/end rise/fall rose/fell male/female positive/negative public/private above/below
    early/late earliest/latest buy/sell accept/reject allow/forbid/prevent same/different open/close major/minor
    most/least strong/weak rich/poor inside/outside enter/leave friend/enemy cause/prevent legal/illegal
    possible/impossible common/rare easy/difficult/hard hot/cold fast/slow maximum/minimum majority/minority
    support/oppose success/failure gain/loss add/remove simple/complex upper/lower internal/external direct/indirect
    modern/ancient on/off set/off/cancel connect/disconnect lock/unlock charge/discharge enable/disable
    install/uninstall upload/download import/export remember/forget change/forget similar/different give/take gave/took
    given/taken theoretical/practical little/much few/many always/never precede/follow precede/succeed arrive/depart
    arrive/leave victory/defeat born/died birth/death love/hate ally/enemy guilty/innocent longer/shorter higher/lower
    larger/smaller faster/slower older/younger better/worse stronger/weaker earlier/later harder/easier greater/smaller
    build/destroy built/destroyed create/destroy expand/shrink grow/shrink grew/shrank arrival/departure
    minimize/maximize permanent/temporary voluntary/compulsory voluntary/mandatory optional/required include/exclude
    included/excluded permit/forbid permit/prohibit permitted/forbidden permitted/prohibited allowed/banned
    allowed/forbidden encourage/discourage encouraged/discouraged approve/reject approved/rejected accepted/rejected
    accepted/refused gained/lost wet/dry clean/dirty full/empty up/down forward/backward left/right day/night
    summer/winter king/queen men/women man/woman husband/wife father/mother son/daughter brother/sister buyer/seller
    teacher/student urban/rural domestic/foreign national/international local/global ancestor/descendant
    vertical/horizontal liquid/solid liquid/gas solid/gas
"""
"""Words that turn a statement into another one when they are swapped."""
_UNSPACED: Final = """
    打开/关闭 开机/关机 启动/关机 增加/减少 最大/最小 最高/最低 以前/以后 之前/之后 上升/下降 添加/删除 启用/停用
    连接/断开 导入/导出 修改/忘了 修改/忘记 更改/忘记 开始/结束 支持/反对 接受/拒绝 成功/失败 公开/私人 内部/外部
    直接/间接 设置/取消
"""
"""The same where words are not spaced: found anywhere."""
_KINDS: Final[dict[Want, re.Pattern[str]]] = {
    "time": re.compile(
        r"\b(?:1\d{3}|20\d\d)s?\b|\b\d+(?:st|nd|rd|th)\b|\d+\s*[年月日]|世纪"
        r"|\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
    ),
    "number": re.compile(
        r"\d+(?:[.,]\d+)*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
        r"|hundred|thousand|million|billion|half|several|dozen)s?\b|[一二三四五六七八九十百千万亿两]+",
        re.IGNORECASE,
    ),
    "person": re.compile(r"\b[A-Z][\w'-]+"),
    "place": re.compile(r"\b[A-Z][\w'-]+|[\u4e00-\u9fff]{1,4}[省市县州国区镇村岛河湖山街路]"),
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What stands in a question beside its terms."""

    denies: bool
    extremes: tuple[str, ...]
    """Tokens that pick one out of many: first, only, largest."""
    numbers: tuple[str, ...]
    head: str
    """The token of what is asked for: the color of "what color"; empty where it is not named."""


def traits(question: str) -> Traits:
    """Return what the form of a question says."""
    named = _HEAD.search(question)
    known = naming(question)
    heads = [token for token in tokens(named[1]) if token in known] if named else []
    return Traits(
        denies=denies(question),
        extremes=tuple(
            token
            for found in _EXTREME.finditer(question)
            if not _NO_EXTREME.fullmatch(found[0])
            for token in tokens(found[0])[:1]
        ),
        numbers=tuple(token for found in _NUMBER.finditer(question) for token in tokens(found[0])),
        head=heads[-1] if heads else "",
    )


def denies(text: str) -> bool:
    """Return whether a text says that something is not so."""
    return _DENIES.search(text) is not None


def reversed_by(question: str, sentence: str) -> bool:
    """Return whether a sentence says the opposite of a word of the question in its place."""
    asked, said = frozenset(spoken(question)), frozenset(spoken(sentence))
    if any(_turned(token) & said for token in asked - said) or any(_turned(token) & asked for token in said - asked):
        return True
    if any(one in question and other in sentence and one not in sentence for one, other in _UNSPACED_OPPOSITES):
        return True
    return any(
        opposite in said and opposite not in asked
        for token in asked - said
        for opposite in _OPPOSITE.get(token, frozenset())
    )


@lru_cache(maxsize=10_000)
def _turned(token: str) -> frozenset[str]:
    """Return the token that a prefix turns round, if it has one: "irrelevant" is not relevant."""
    found = _PREFIX.fullmatch(token)
    return frozenset((found[1],)) if found else frozenset()


def wanted_spots(want: Want, question: str, sentence: str) -> Sequence[tuple[int, int]] | None:
    """Return where a sentence holds the wanted kind and the question does not say it already; None if unseen."""
    pattern = _KINDS.get(want)
    if pattern is None:
        return None
    asked = frozenset(spoken(question))
    return [found.span() for found in pattern.finditer(sentence) if not asked.issuperset(tokens(found[0]))]


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for line in _OPPOSITES.split():
        group = frozenset(tokens(word)[0] for word in line.split("/"))
        for token in group:
            table[token] = table.get(token, frozenset()) | (group - {token})
    return table


_OPPOSITE: Final = _opposites()
_UNSPACED_OPPOSITES: Final = [
    pair for line in _UNSPACED.split() for pair in (tuple(line.split("/")), tuple(reversed(line.split("/"))))
]
