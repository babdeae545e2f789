"""Measures that questions ask for: "how heavy" and 多重 want a number of kilograms, and "weighs" speaks of it too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_NUMBER: Final = (
    r"(?:\d[\d.,]*(?:\s?[-–~至到]\s?\d[\d.,]*)?(?:\s*(?:hundred|thousand|million|billion|[百千万亿]+))?[\s-]*"
    r"|\b(?:an?|half|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|million|billion|several|few)[\s-]+"
    r"|[一二三四五六七八九十百千万亿两半]+)"
)
"""A number in figures or words; what follows is its unit."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured."""

    name: str
    asked: re.Pattern[str]
    """How a question asks for it."""
    named: re.Pattern[str]
    """The words that speak of it, in questions and in answers."""
    amount: re.Pattern[str]
    """A number of its units."""


def _measure(name: str, asked: str, named: str, units: str, unspaced: str, before: str = "") -> Measure:
    amount = rf"{_NUMBER}(?:(?:{units})(?![a-z])|(?:多|余|个)?(?:{unspaced}))"
    amount = f"{before}|{amount}" if before else amount
    return Measure(name, *(re.compile(pattern, re.IGNORECASE) for pattern in (asked, named, amount)))


_LENGTHS: Final = (
    r"(?:milli|centi|kilo)?met(?:er|re)s?|[mck]?m|miles?|feet|foot|ft|inch(?:es)?|yards?|fathoms?|light[ -]years?"
)
_UNSPACED_LENGTHS: Final = r"(?:毫|厘|分|千|海|光)?米|公里|公尺|公分|[海英]里|英[尺寸]|光年|[尺丈里](?!面)"
_MEASURES: Final = (
    _measure(
        "weight",
        r"\bhow heavy\b|\bhow much (?:does|do|did|can|could|will|would)\b.*\bweigh\b"
        r"|多重|多沉|几斤|多少(?:公?斤|千克|吨|克)|\bwhat\b.*\b(?:weight|mass) of\b|(?:重量|体重)(?:是|有|为)?多",
        r"\b(?:weigh(?:s|ed|ing|t)?|heav(?:y|ier|iest)|mass)\b|重|沉",
        r"(?:kilo|milli)?gram(?:me)?s?|[km]?g|kilos?|ton(?:ne)?s?|lbs?|pounds?|ounces?|oz|stone",
        r"公?斤|千克|毫克|克|吨|磅|两",
    ),
    _measure(
        "speed",
        r"\bhow (?:fast|quick)\b|\b(?:what|which)\b.*\bspeed\b|多快|(?:速度|时速|速率)(?:是|有|为|可达)?(?:多|几)",
        r"\b(?:speeds?|fast(?:er|est)?|velocity|quick(?:ly)?)\b|速|快",
        r"(?:km|mi(?:les)?|m|kilomet(?:er|re)s?|met(?:er|re)s?|feet)\s?(?:/|per|an?)\s?(?:h(?:our)?|s(?:ec(?:ond)?)?)"
        r"|mph|kph|knots?|[kmg]?bits?/s|[kmg]bps|rpm",
        r"(?:公里|千米|英里|米)(?:/|每)?(?:小?时|秒)|节|转",
        r"(?:时速|每小?时|每秒)\D{0,4}\d[\d.,]*",
    ),
    _measure(
        "temperature",
        r"\bhow (?:hot|cold|warm|cool)\b|\b(?:what|which)\b.*\btemperatures?\b|多热|多冷|多烫|多少度|几度"
        r"|(?:气温|温度|水温|体温|沸点|熔点)(?:是|有|为)?(?:多|几)",
        r"\b(?:temperatures?|hot(?:ter|test)?|cold(?:er|est)?|warm(?:er|est)?|cool(?:er|est)?|heats?|heated)\b"
        r"|温|热|冷|烫",
        r"°\s?[cfk]?|degrees?|celsius|fahrenheit|kelvins?|[cfk]",
        r"度|℃|摄氏|°C",
        r"(?:零下|摄氏)\d+",
    ),
    _measure(
        "money",
        r"\bhow (?:expensive|cheap|costly)\b|\bhow much\b.*\b(?:costs?|pay|paid|worth|price[ds]?|earn(?:ed)?|spen[dt]"
        r"|charged?|owed?|money|fees?|sold|bought|invest(?:ed)?|raised?)\b|\bwhat\b.*\b(?:price|cost|fee|salary) of\b"
        r"|\bhow much (?:is|are) (?:the|an?|your)\b|多少钱|几块钱|几元|多少(?:美|日|欧|港)?元"
        r"|(?:价格|售价|票价|费用|成本)(?:是|为)?多|多贵",
        r"\b(?:costs?|pric(?:es?|ed)|paid|pays?|fees?|worth|sold|charges?|expensive|cheap|spent|budget)\b"
        r"|价|费|售|成本|贵|便宜|[花耗]",
        r"(?:US |U\.S\. )?dollars?|euros?|pounds?|cents?|yuan|yen|francs?|usd|eur|rmb",
        r"(?:[美日欧港澳加台]|人民币)?元|块|英镑|法郎|卢布|[两钱]",
        r"[$€£¥]\s?\d|(?:USD|EUR|RMB|CNY|人民币)\s?\d",
    ),
    _measure(
        "age",
        r"\bhow old\b|\bat (?:what|which) age\b|多大(?:年纪|年龄|岁数)|几岁|多少岁|(?:年龄|享年)(?:是)?多",
        r"\b(?:aged?|old(?:er|est)?|born|birthday)\b|岁|年龄|享年",
        r"years?(?:[ -]old)?|months?[ -]old|days[ -]old|(?:th|st|nd|rd) birthday",
        r"岁|周岁|年",
        r"\b(?:aged?|age of|ages)\s\d+|年仅\d+|享年\d+",
    ),
    _measure(
        "share",
        r"\b(?:what|which) (?:percent|per cent|percentage|proportion|share|fraction)\b|\bhow many percent\b"
        r"|百分之(?:几|多少)|(?:比例|占比|比率)(?:是|为|有)?多|占.*多少",
        r"\b(?:per ?cent|percentage|proportion|share|rate)\b|占|比",
        r"%|per ?cent|percentage points?|thirds?|quarters?|of (?:all|the)",
        r"%|％|成|分之",
        r"百分之[一-龥\d]",
    ),
    _measure(
        "area",
        r"\b(?:what|which)\b.*\barea\b|\bhow (?:many|much) (?:square|acres|hectares|land)\b|面积(?:是|有|为)?多|占地多",
        r"\b(?:areas?|cover(?:s|ed|ing)?|square|spans?)\b|面积|占地",
        r"(?:square|sq\.?)\s?\w+|\w+ square|acres?|hectares?|ha|k?m[²2]",
        r"平方(?:公里|千米|米|公尺|英里|厘米|分米|英尺)|公顷|[顷亩坪]",
    ),
    _measure(
        "frequency",
        r"\bhow (?:often|frequently|regularly)\b|多久.{0,6}一次|隔多久|多长时间.{0,6}一次|几年一[次届度]|每.{0,3}几次",
        r"\b(?:every|each|daily|weekly|monthly|yearly|annual(?:ly)?|hourly|once|twice|times|per|regularly)\b|每|次",
        r"times?(?: an?| per| each| every)?|(?:th|st|nd|rd) (?:day|week|month|year)",
        r"次|届|回",
        r"\b(?:every|each|once|twice|daily|weekly|monthly|yearly|annually|hourly)\b|每[年月周天日隔两三四五十\d]",
    ),
    _measure(
        "duration",
        r"\bhow (?:much time|long (?:does|do|did|will|would|has|have|had|is it|was it|it takes?|after|before))\b"
        r"|\bhow many (?:second|minute|hour|day|week|month|year|decade)s\b"
        r"|多久|多长时间|多少时间|几(?:天|年|个?月|小时|分钟)"
        r"|多少(?:天|年|个?月|小时|分钟|秒)",
        r"\b(?:last(?:s|ed|ing)?|tak(?:es?|ing)|took|duration|throughout|until|since|spent|for)\b"
        r"|持续|历时|耗时|为期|长达|用时",
        r"(?:milli)?seconds?|min(?:ute)?s?|h(?:ou)?rs?|days?|nights?|weeks?|months?|years?|decades?|centur(?:y|ies)|s|h|ms",
        r"秒|分钟?|小?时|[天日周年]|星期|月|世纪|载|昼夜",
        r"\b(?:from|between) \d{4} (?:to|until|and) \d{4}\b",
    ),
    _measure(
        "extent",
        r"\bhow long\b|多长",
        r"\b(?:long(?:er|est)?|lengths?|last(?:s|ed|ing)?|tak(?:es?|ing)|took|for)\b|长|持续|历时|时长",
        rf"{_LENGTHS}|seconds?|min(?:ute)?s?|h(?:ou)?rs?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)|h|s",
        rf"{_UNSPACED_LENGTHS}|秒|分钟?|小?时|[天日周年]|月|世纪",
    ),
    _measure(
        "length",
        r"\bhow (?:tall|high|long|far|wide|deep|thick|broad|large|big)\b"
        r"|\b(?:what|which)\b.*\b(?:length|height|width|depth|distance|altitude|elevation"
        r"|diameter|wingspan|thickness) of\b|多[长高远宽深厚粗]"
        r"|(?:长度|高度|宽度|深度|海拔|距离|身高|水深|直径)(?:是|有|为|约)?(?:多|几)|多少(?:公?里|米|公尺|英尺)",
        r"\b(?:tall(?:er|est)?|high(?:er|est)?|heights?|long(?:er|est)?|lengths?|wid(?:e|er|est|th)|deep(?:er|est)?|depths?"
        r"|far(?:ther|thest)?|distances?|thick(?:ness)?|altitude|elevation|diameter|away|apart)\b"
        r"|[长高远宽深厚粗]|海拔|距离|直径",
        rf"{_LENGTHS}|(?:square|sq\.?)\s?\w+|acres?|hectares?",
        rf"{_UNSPACED_LENGTHS}|平方[公千米英]|公顷|亩",
    ),
)
_COUNTED: Final = re.compile(
    r"(?:多少|几)([个座种名人位次只条支艘架辆部集首张本家所届岁颗层间枚头匹户棵片幅段站门台款类代])"
)
_SOLE: Final = re.compile(r"几乎|几何")


@lru_cache(maxsize=256)
def measured(question: str) -> Measure | None:
    """Return what a question wants a number of, by its words; None where it asks for no measure that is known."""
    for measure in _MEASURES:
        if measure.asked.search(question):
            return measure
    counted = _COUNTED.search(_SOLE.sub("", question))
    return _count(counted[1]) if counted else None


@lru_cache(maxsize=64)
def _count(classifier: str) -> Measure:
    """Return what is counted with a Chinese word of measure: 几座 wants a number of 座."""
    word = re.compile(classifier)
    return Measure(f"count {classifier}", word, word, re.compile(rf"{_NUMBER}(?:多|余)?{classifier}"))


def amounts(measure: Measure, question: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text holds a number of the measure's units that the question does not say already."""
    for found in measure.amount.finditer(text):
        if found[0].strip() not in question:
            yield found.span()


def speaks(measure: Measure, text: str) -> bool:
    """Return whether a text speaks of a measure, by a word for it or by a number of its units."""
    return measure.named.search(text) is not None or measure.amount.search(text) is not None
