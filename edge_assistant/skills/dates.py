"""Dates: which day it will be, how many days until then, weeks and leap years."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from edge_assistant.skills import Asked, Skill, Work, saying
from edge_assistant.skills.days import named_day
from edge_assistant.skills.wording import spoken_date
from edge_assistant.types import Declined


class Dates:
    """The calendar of one clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "DayOf": self._day,
            "DaysUntil": self._until,
            "DaysBetween": self._between,
            "WeekNumber": self._week,
            "LeapYear": self._leap,
        }

    def _meant(self, asked: Asked, slot: str = "day") -> date | None:
        return named_day(str(asked.match.slots[slot]), asked.match.language, self._now().date())

    def _day(self, asked: Asked) -> Work | Declined:
        day = self._meant(asked)
        if day is None:
            return Declined("there is no such day")
        tense = (day > self._now().date()) - (day < self._now().date())
        return saying({-1: "past", 0: "today", 1: "default"}[tense], date=spoken_date(day, asked.book))

    def _until(self, asked: Asked) -> Work | Declined:
        if asked.match.response == "lunar":
            return saying("lunar")
        day = self._meant(asked)
        if day is None:
            return Declined("there is no such day")
        days = (day - self._now().date()) // timedelta(days=1)
        values = {"days": abs(days), "weeks": days // 7, "date": spoken_date(day, asked.book)}
        if days == 0:
            return saying("today", None, **values)
        if days > 6 and asked.match.response == "weeks":
            return saying("weeks" if days % 7 else "whole_weeks", None, **values)
        return saying(("past_" if days < 0 else "") + ("one" if abs(days) == 1 else "default"), None, **values)

    def _between(self, asked: Asked) -> Work | Declined:
        first, second = self._meant(asked), self._meant(asked, "other")
        if first is None or second is None:
            return Declined("there is no such day")
        days = abs((second - first) // timedelta(days=1))
        values = {"first": spoken_date(first, asked.book), "second": spoken_date(second, asked.book)}
        return saying("one" if days == 1 else "default", days=days, **values)

    def _week(self, asked: Asked) -> Work | Declined:
        day = self._meant(asked) if "day" in asked.match.slots else self._now().date()
        if day is None:
            return Declined("there is no such day")
        return saying("of_day" if "day" in asked.match.slots else "default", week=day.isocalendar().week)

    def _leap(self, asked: Asked) -> Work:
        this = self._now().year
        if asked.match.response == "next":
            return saying("next", year=next(year for year in range(this + 1, this + 10) if isleap(year)))
        year = int(asked.match.slots.get("year", this + (asked.match.response == "next_year")))
        return saying("yes" if isleap(year) else "no", year=year)
