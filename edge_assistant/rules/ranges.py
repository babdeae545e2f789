"""Ranges of numbers that know at once what is in them; hassil counts up to a number to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hassil.intents import RangeSlotList, SlotList


class Numbers:
    """The numbers of a range, in their order."""

    def __init__(self, slots: RangeSlotList, counted: Callable[[], Iterable[float]]) -> None:
        self._whole = range(slots.start, slots.stop + 1, slots.step)
        fraction = slots.fraction_type
        self._fractions = [0.0] if fraction is None else [0.0, *fraction.get_fractions(fraction)]
        self._counted = counted

    def __iter__(self) -> Iterator[float]:
        return iter(self._counted())

    def __contains__(self, number: float) -> bool:
        near = floor(number)
        return any(
            whole in self._whole and whole + fraction == number
            for whole in (near - 1, near, near + 1)
            for fraction in self._fractions
        )


def quickened(slots: SlotList) -> SlotList:
    """Let a slot list that is a range with steps or fractions find its numbers without counting."""
    from hassil.intents import RangeSlotList

    if isinstance(slots, RangeSlotList) and (slots.step != 1 or slots.fraction_type is not None):
        slots.__dict__["get_numbers"] = partial(Numbers, slots, slots.get_numbers)
    return slots
