"""Times and days in the words of the answers."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final

from edge_assistant.numerals import digits
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.rules.word_index import squeezed
from edge_assistant.skills import Asked

_MOST_NUMBERS: Final = 3
"""Numbers that are looked up in the text of the user; each may be several words."""


def spoken_time(at: time | datetime, language: str) -> str:
    """Return a time of day in words: "6:30 PM"."""
    if language == "zh":
        return f"{at.hour}点{at.minute:02}分" if at.minute else f"{at.hour}点整"
    return f"{at.hour % 12 or 12}:{at.minute:02} {'AM' if at.hour < 12 else 'PM'}"


def spoken_date(day: date, book: Rulebook, key: str = "date") -> str:
    """Return a date with its day of the week: "Saturday, May 1, 2027"."""
    values = {
        "weekday": book.word("Weekday", str(day.weekday())),
        "month": book.word("Month", str(day.month)),
        "day": day.day,
        "year": day.year,
    }
    return book.say("Day", key, values) or day.isoformat()


def spoken_day(day: date, today: date, book: Rulebook) -> str:
    """Return a day as seen from today: "today", "tomorrow", "on Friday, March 6"."""
    near = {0: "today", 1: "tomorrow"}.get((day - today) // timedelta(days=1))
    return book.word("Day", near) if near else spoken_date(day, book, "on_year" if day.year != today.year else "on")


def spoken_days(days: Collection[int], asked: Asked) -> str:
    """Return the days on which something comes again: "every day", "every Monday and Friday"."""
    usual = {tuple(range(7)): "every_day", tuple(range(5)): "weekdays", (5, 6): "weekends"}.get(tuple(sorted(days)))
    if usual:
        return asked.book.word("Day", usual)
    names = asked.join([asked.book.word("Weekday", str(day)) for day in sorted(days)])
    return asked.book.say("Day", "every", {"days": names}) or names


def as_said(caught: str, query: str) -> str:
    """Return what a slot caught as the user wrote it: with its commas, and its numbers in words."""
    if sum(word.isdigit() for word in caught.split()) > _MOST_NUMBERS:
        return caught
    words = [r"\S+?(?:[\s-]\w+?){0,3}?" if word.isdigit() else re.escape(word) for word in caught.split()]
    pattern = re.compile(r"(?<!\w)(?=(" + r"[\s,，;；:]+".join(words) + r")(?!\w))", re.IGNORECASE)
    written = (found[1] for found in pattern.finditer(query))
    return next((text for text in written if squeezed(digits(text, "en")) == squeezed(caught)), caught)
