"""Numbers as people say them, turned into digits: "twenty five" and "二十五" become 25."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_SMALL: Final = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {
    word: value
    for value, word in zip(
        range(20, 100, 10), ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], strict=True
    )
}
_SCALES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_NUMBER: Final = "|".join(sorted((*_SMALL, *_SCALES), key=len, reverse=True))
_AND: Final = "(?:" + "|".join(rf"(?<={scale})" for scale in _SCALES) + r")\s+and\s+"
_ENGLISH: Final = re.compile(
    rf"\b(?:an?\s+(?={'|'.join(_SCALES)})|(?={_NUMBER}))(?:{_NUMBER})(?:(?:{_AND}|[\s-]+)(?:{_NUMBER})\b)*"
    rf"(?:\s+point(?:\s+(?:{'|'.join(list(_SMALL)[:10])})\b)+)?\b",
    re.IGNORECASE,
)

_DIGITS: Final = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS: Final = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_COUNTED: Final = (
    "个|小时|钟头|分|秒|度|天|点[钟整]|%|加|减|乘|除|米|公|千米|千克|厘|毫|英|克|斤|里|"
    "吨|升|磅|盎|平方|摄氏|华氏|次|倍|级|档|的|块|人|码|兆"
)
_CHINESE: Final = re.compile(
    rf"(?P<percent>百分之)?(?P<number>[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?)"
    rf"(?P<next>(?={_COUNTED}))?"
)
_WORDS: Final = re.compile(
    "一(?:起|切|直|定|般|些|样|共|边|旦|再|律|致|同|向|生|路|带|线|流|体|次性)|二(?:维码|手|胡|锅头|氧化)"
    "|三(?:明治|文鱼|国|亚|峡|轮|脚架|叶草|里屯)|四(?:川|季|处|方|肢|喜|合院)"
    "|五(?:金|香|花|谷|官|线谱|粮液|台山|彩|颜六色)|六(?:神|味|必居)|七(?:夕|喜|星|彩)|八(?:卦|宝|达岭|仙)"
    "|九(?:寨|龙|江|阳|华山)|十(?:字|堰|全|三香)|百(?:合|货|叶|度|科|事可乐|香果|家姓|姓|洁布)"
    "|千(?:万(?=别|不|要|记|小心)|里|岛|层|斤顶|纸鹤|张|岁)|万(?:一|能|事|圣|达|里|岁|科|年历|象|用表)"
    "|亿万|零(?:食|钱|件|售|碎|花)|两(?:岸|广|栖)|十分(?=[好重高热冷暗亮满感喜需想])"
)
"""Words that begin with a numeral and are no numbers; a longer number before them takes the numeral."""
_BEFORE: Final = re.compile(r"(?:[加减乘除以到成为至过]|[-+*/×÷])$")


def digits(text: str, language: str) -> str:
    """Return the text with its number words written in digits."""
    return _WRITERS.get(language, str)(text)


def _english(text: str) -> str:
    written = _ENGLISH.sub(lambda found: _english_value(found[0]), text)
    return re.sub(r"\b(\d+) and a half\b(?! (?:hour|minute|second))", r"\1.5", written)


def _english_value(said: str) -> str:
    """Add up a run of number words; words that do not form one number stay apart ("five six" is "5 6")."""
    whole, _, fraction = said.casefold().partition(" point ")
    numbers: list[int] = []
    total, current, last = 0, -1, 0
    for word in re.split(r"[\s-]+", whole):
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = (1 if current < 0 else current) * 100
            else:
                total, current = total + (1 if current < 0 else current) * scale, -1
            last = scale
        elif word in _SMALL:
            value = _SMALL[word]
            fits = current < 0 or last == 100 or (last >= 20 and last < 100 and last % 10 == 0 and 0 < value < 10)
            if not fits:
                numbers.append(total + current)
                total, current = 0, -1
            current = value if current < 0 else current + value
            last = value
    numbers.append(total + max(current, 0))
    written = " ".join(map(str, numbers))
    return written + ("." + "".join(str(_SMALL[word]) for word in fraction.split()) if fraction else "")


def _chinese(text: str) -> str:
    def write(found: re.Match[str]) -> str:
        number = found["number"]
        if not found["percent"] and _WORDS.match(text, found.start()):
            return found[0]
        alone = len(number) == 1 and not found["percent"]
        if alone and found["next"] is None and not _BEFORE.search(text[: found.start()]) and found[0] != text.strip():
            return found[0]
        if alone and re.match(r"[下些起直样会楼]", text[found.end() :]):
            return found[0]
        value = _chinese_value(number)
        if value is None:
            return found[0]
        return value + ("%" if found["percent"] else "")

    return re.sub(r"(\d)度半(?!径)", r"\1.5度", _CHINESE.sub(write, text))


def _chinese_value(said: str) -> str | None:
    whole, _, fraction = said.partition("点")
    if all(digit in _DIGITS for digit in whole):
        if len(whole) > 1 and "两" in whole:
            return None
        written = "".join(str(_DIGITS[digit]) for digit in whole)
        written = written.lstrip("0") or "0"
    else:
        total, section, digit = 0, 0, 0
        for character in whole:
            if character in _DIGITS:
                digit = _DIGITS[character]
                continue
            unit = _UNITS[character]
            if unit >= 10_000:
                total = (total + section + digit) * unit if unit > 10_000 else total + (section + digit) * unit
                section = digit = 0
            else:
                section += (digit or 1) * unit
                digit = 0
        tail = re.search("([百千万])[一二两三四五六七八九]$", whole)  # 三千二 is 3200, 三千零二 is 3002
        written = str(total + section + digit * (_UNITS[tail[1]] // 10 if tail else 1))
    return written + ("." + "".join(str(_DIGITS[digit]) for digit in fraction) if fraction else "")


_WRITERS: Mapping[str, Callable[[str], str]] = {"en": _english, "zh": _chinese}
