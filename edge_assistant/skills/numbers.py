"""Sums and conversions, as skills."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, DecimalException, InvalidOperation
from typing import Final

from edge_assistant.skills import Asked, Skill, Work, saying
from edge_assistant.skills.arithmetic import neat, work_out, written
from edge_assistant.skills.arithmetic_words import share
from edge_assistant.skills.units import BelowZero, convert, quantity, shown, unit


def arithmetic(asked: Asked) -> Work:
    """Answer a sum."""
    said = str(asked.match.slots["expression"])
    if found := share(said):
        return _percentage(*found)
    try:
        return saying(expression=neat(said), result=written(work_out(said)))
    except ZeroDivisionError:
        return saying("zero")
    except InvalidOperation:
        return saying("undefined")
    except DecimalException:
        return saying("too_large")


def _percentage(part: str, whole: str) -> Work:
    if Decimal(whole) == 0:
        return saying("zero")
    return saying("percent", part=part, whole=whole, result=written(Decimal(part) / Decimal(whole) * 100))


def conversion(asked: Asked) -> Work:
    """Answer what a quantity is in another unit."""
    measured = quantity(str(asked.match.slots["quantity"]))
    target = unit(str(asked.match.slots["unit"]))
    assert measured is not None, "the rule's check was passed"
    assert target is not None, "the rule's check was passed"
    try:
        result = convert(*measured, target)
    except BelowZero:
        return saying("below_zero")
    language = asked.match.language
    if result is None:
        said = target.chinese if language == "zh" and target.chinese else target.sign
        return saying("different", quantity=shown(*measured, language), unit=said)
    return saying(quantity=shown(*measured, language), result=shown(result, target, language))


def money(asked: Asked) -> Work:
    """Say that the rates of currencies are not known here."""
    return saying()


SKILLS: Final[Mapping[str, Skill]] = {"Arithmetic": arithmetic, "ConvertUnit": conversion, "ConvertMoney": money}
