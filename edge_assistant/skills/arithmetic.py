"""Sums as people say them, worked out exactly."""

from __future__ import annotations

import re
from decimal import Context, Decimal, DecimalException, InvalidOperation, Overflow
from typing import Final

from edge_assistant.skills.arithmetic_words import may_be_sum, share, signs

_TOKEN: Final = re.compile(r"\s*(mod|\d+(?:\.\d+)?|[-+*/÷×^√∛()%])")
_SYMBOLS: Final = {"×": "*", "÷": "/"}
_SPACED: Final = frozenset(("+", "-", "*", "/", "mod"))
_EXACT: Final = Context(prec=28, traps=[InvalidOperation, Overflow], Emax=60, Emin=-60)
MAX_LENGTH: Final = 200
MAX_DEPTH: Final = 20


class NotArithmetic(ValueError):
    """These words are no sum."""


def is_arithmetic(said: str, language: str) -> bool:
    """Return whether the words are a sum with at least one operation in it."""
    if not may_be_sum(said):
        return False
    if share(said):
        return True
    try:
        tokens = _tokens(said)
        operations = sum(
            sign in {"*", "/", "^", "√", "∛", "%", "mod"} or (sign in {"+", "-"} and index > 0)
            for index, sign in enumerate(tokens)
        )
        if not operations or _looks_like_a_date(said):
            return False
        _Sum(tokens).value()
    except NotArithmetic:
        return False
    except (DecimalException, ZeroDivisionError):
        return True
    return True


def work_out(said: str) -> Decimal:
    """Return the value of a sum. Raises `NotArithmetic`, `ZeroDivisionError`, or `DecimalException` if too large."""
    return _Sum(_tokens(said)).value()


def written(number: Decimal) -> str:
    """Return a number as people write it: at most ten significant digits after rounding, no trailing zeros."""
    rounded = Context(prec=12).create_decimal(number)
    if rounded == rounded.to_integral_value() and abs(rounded) < Decimal(10) ** 15:
        return f"{number.to_integral_value():f}"
    if abs(rounded) >= Decimal(10) ** 15 or (rounded and abs(rounded) < Decimal("0.000001")):
        return f"{rounded.normalize():.9g}"
    return f"{rounded.normalize():f}"


def neat(said: str) -> str:
    """Return a sum in signs, as it is repeated in the answer."""
    tokens = _tokens(said)
    signs = [
        sign if sign == "-" and (not before or before in "+-*/^√∛(") else f" {sign} " if sign in _SPACED else sign
        for before, sign in zip(["", *tokens], tokens, strict=False)
    ]
    return re.sub(r"\s+", " ", "".join(signs).replace("*", "×").replace("/", "÷")).strip()


def _cube_root(of: Decimal) -> Decimal:
    root = _EXACT.power(abs(of), Decimal(1) / Decimal(3)) if of else of
    whole = root.to_integral_value()
    return (whole if whole**3 == abs(of) else root).copy_sign(of)


def _looks_like_a_date(said: str) -> bool:
    return re.fullmatch(r"\s*\d{1,4}([-/])\d{1,2}(\1\d{1,4})?\s*", said) is not None


def _tokens(said: str) -> list[str]:
    text = signs(said)
    if len(text) > MAX_LENGTH:
        raise NotArithmetic("too long")
    tokens, position = [], 0
    while position < len(text.rstrip()):
        found = _TOKEN.match(text, position)
        if found is None:
            raise NotArithmetic(text[position:])
        tokens.append(_SYMBOLS.get(found[1], found[1]))
        position = found.end()
    return tokens


class _Sum:
    """A recursive descent: sums of products of powers."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def value(self) -> Decimal:
        result = self._sum()
        if self._next != len(self._tokens):
            raise NotArithmetic("something is left over")
        return result

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        if self._peek() not in signs:
            return ""
        self._next += 1
        return self._tokens[self._next - 1]

    def _sum(self) -> Decimal:
        total = self._product()
        while sign := self._take("+", "-"):
            start = self._next
            right = self._product()
            if self._tokens[self._next - 1] == "%" and self._next - start == 2:
                right = _EXACT.multiply(total, right)  # 80 + 15% is 92
            total = _EXACT.add(total, right) if sign == "+" else _EXACT.subtract(total, right)
        return total

    def _product(self) -> Decimal:
        total = self._power()
        while sign := self._take("*", "/", "mod"):
            right = self._power()
            if sign != "*" and right == 0:
                raise ZeroDivisionError
            total = {"*": _EXACT.multiply, "/": _EXACT.divide, "mod": _EXACT.remainder}[sign](total, right)
        return total

    def _power(self) -> Decimal:
        base = self._atom()
        if not self._take("^"):
            return base
        exponent = self._atom()
        if abs(exponent) > 1000:
            raise Overflow
        if base == 0 and exponent < 0:
            raise ZeroDivisionError
        return _EXACT.power(base, exponent)

    def _atom(self) -> Decimal:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise NotArithmetic("nested too deeply")
        value = self._unsigned()
        self._depth -= 1
        while self._take("%"):
            value = _EXACT.divide(value, Decimal(100))
        return value

    def _unsigned(self) -> Decimal:
        if self._take("-"):
            return -self._atom()
        if self._take("√"):
            return _EXACT.sqrt(self._atom())
        if self._take("∛"):
            return _cube_root(self._atom())
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise NotArithmetic("a parenthesis is open")
            return value
        token = self._peek()
        if not token[:1].isdigit():
            raise NotArithmetic("a number is missing")
        self._next += 1
        return Decimal(token)
