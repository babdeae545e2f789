"""Sums in words, made into signs: "three quarters of 60", "八十打八折"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_PARTS: Final = {
    "half": 2, "halve": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
}  # fmt: skip
_CHINESE: Final = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True))
_N: Final = r"\d+(?:\.\d+)?"
_LISTED: Final = rf"-?{_N}(?:(?:\s*[,、，]\s*(?:and )?|\s+(?:and\s+)?|\s*[和与跟]\s*)-?{_N})+"


def signs(said: str) -> str:
    """Return a sum with signs for its words, as far as they are known."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", said.casefold().strip(" ?？=。."))
    text = text.replace("（", "(").replace("）", ")").replace("＋", "+").replace("－", "-").replace("％", "%")
    text = (
        re.sub("[零〇一二两三四五六七八九](?!半)", lambda found: _CHINESE[found[0]], text)
        .replace("十", "10")
        .replace("负", "-")
    )
    for pattern, sign in _WORDS:
        text = re.sub(pattern, sign, text)
    return text


def may_be_sum(said: str) -> bool:
    """Return whether words have a number in them, and nothing that no sum has; it is asked of every text."""
    text = said.casefold()
    return _COUNTED.search(text) is not None and _KNOWN.issuperset(_SPOKEN.findall(text))


def share(said: str) -> tuple[str, str] | None:
    """Return the part and the whole in a question for the percentage: "what percent of 80 is 20"."""
    found = next((found for pattern in _SHARES if (found := pattern.fullmatch(said.strip(" ?？。.")))), None)
    return (found["part"], found["whole"]) if found else None


def _fraction(found: re.Match[str]) -> str:
    return f"({found[1] if found[1].isdigit() else 1}÷{_PARTS[found[2]]})" + ("*" if found[0].endswith("of") else "")


def _factorial(found: re.Match[str]) -> str:
    return f"({'*'.join(map(str, range(1, max(int(found[1]), 1) + 1)))})"


def _average(listed: str) -> str:
    numbers = re.findall(rf"-?{_N}", listed)
    return f"({'+'.join(numbers)})÷{len(numbers)}"


_SHARES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:what (?:percent|percentage)|how many percent) of (?P<whole>{_N}) (?:is|are) (?P<part>{_N})",
        rf"(?P<part>{_N}) (?:is|are) (?:what (?:percent|percentage)|how many percent) of (?P<whole>{_N})",
        rf"(?P<part>{_N}) as a (?:percent|percentage) of (?P<whole>{_N})",
        rf"(?P<part>{_N})(?:是|占|相当于)(?P<whole>{_N})的(?:百分之几|百分之多少|百分比)",
    )
)
_WORDS: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
    (r"^divide (.+) by (.+)$", r"\1÷\2"),
    (r"^multiply (.+) (?:by|and|with) (.+)$", r"\1*\2"),
    (r"^(?:add|sum) (.+) (?:to|and) (.+)$", r"\1+\2"),
    (r"^subtract (.+) from (.+)$", r"\2-\1"),
    (r"\b(?:what is )?the remainder (?:when|if) (.+) is divided by (.+)$", r"\1 mod \2"),
    (r"\b(?:the )?remainder of (.+) (?:divided by|over) (.+)$", r"\1 mod \2"),
    (r"除以(.+?)的?(?:余数|余)(?:是|为)?(?:几|多少)?$", r" mod \1"),
    (rf"^(?:the )?(?:average|mean) of ({_LISTED})$", lambda found: _average(found[1])),
    (rf"^({_LISTED})的?(?:平均数|平均值|平均)$", lambda found: _average(found[1])),
    (rf"({_N})\s*(?:%|percent) off (?:of )?\$?({_N})", r"\2-\1%"),
    (rf"({_N}) (?:with|at|minus) ({_N})\s*(?:%|percent) off", r"\1-\2%"),
    (rf"({_N})[块元]?钱?打(?:对折|半折)", r"\1*0.5"),
    (rf"({_N})[块元]?钱?打(\d)折", r"\1*0.\2"),
    (rf"({_N})[块元]?钱?打(\d\d)折", r"\1*0.\2"),
    (rf"({_N})\s*%\s*的\s*({_N})", r"\1%*\2"),
    (rf"({_N})\s*/\s*({_N}) of\b", r"(\1÷\2)*"),
    (r"\b(an?|\d+) (half|halve|third|quarter|fourth|fifth|sixth|eighth|tenth)s?(?: of)?\b", _fraction),
    (r"\b(\d{1,2})(?:\s*!|\s+factorial\b|的阶乘)", _factorial),
    (r"\s*(?:raised to the power of|to the power of)\s*", "^"),
    (r"\bsquared\b|的?平方(?!根)", "^2"),
    (r"\bcubed\b|的?立方(?!根)", "^3"),
    (r"\b(?:the )?square root of\b|根号", "√"),
    (r"(-?\d+(?:\.\d+)?)的(?:算术)?平方根", r"√\1"),
    (r"的?(\d+)次方", r"^\1"),
    (r"(\d+(?:\.\d+)?)除以(\d+(?:\.\d+)?)", r"\1÷\2"),
    (r"(\d+(?:\.\d+)?)除(\d+(?:\.\d+)?)", r"\2÷\1"),
    (r"(-?\d+(?:\.\d+)?)的(\d+(?:\.\d+)?)%", r"\2%*\1"),
    (r"(\d+(?:\.\d+)?)的(\d+)分之(\d+)", r"\1*\3÷\2"),
    (r"(\d+)分之(\d+)", r"(\2÷\1)"),
    (r"\b(?:the )?cube root of\b", "∛"),
    (rf"({_N})的立方根", r"∛\1"),
    (r"\bhalf of\b|\bhalf\b(?=\s+\d)", "0.5*"),
    (r"\bdouble\b", "2*"),
    (r"(\d)\s*的一半", r"\1*0.5"),
    (r"\bpercent of\b|% of\b", "%*"),
    (r"\bpercent\b", "%"),
    (r"\b(?:multiplied by|times)\b|乘以|乘上|乘", "*"),
    (r"\b(?:divided by|over)\b", "÷"),
    (r"\b(?:plus|added to|and)\b|加上|加", "+"),
    (r"\bminus\b|减去|减", "-"),
    (r"(?<=\d)\s*x\s*(?=[\d(-])", "*"),
    (r"\bmodulo\b|\bmod\b", "mod"),
)
_COUNTED: Final = re.compile(rf"[\d{''.join(_CHINESE)}十]|double|{'|'.join(_PARTS)}")
_SPOKEN: Final = re.compile(r"[a-z]+|[^\W\d_]")
_KNOWN: Final = frozenset(
    _SPOKEN.findall(
        re.sub(r"\\[a-z]|\?P<\w+>", " ", " ".join((*(words for words, _ in _WORDS), *(way.pattern for way in _SHARES))))
    )
) | {"a", "负", "十", *_CHINESE, *_PARTS, *(f"{part}s" for part in _PARTS)}
"""Every word and every ideograph of a sum."""
