"""What time it is, and what day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from edge_assistant.skills import Asked, Skill, Work, saying


class Clock:
    """Tells the time of one clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {"HassGetCurrentTime": self._time, "HassGetCurrentDate": self._date}

    def _time(self, asked: Asked) -> Work:
        now = self._now()
        if asked.match.language == "zh":
            return saying(time=f"{now.hour}点{now.minute:02}分" if now.minute else f"{now.hour}点整")
        return saying(time=f"{now.hour % 12 or 12}:{now.minute:02} {'AM' if now.hour < 12 else 'PM'}")

    def _date(self, asked: Asked) -> Work:
        day = self._now() + timedelta(days=asked.match.response == "tomorrow")
        return saying(
            asked.match.response,
            weekday=asked.book.word("Weekday", str(day.weekday())),
            month=asked.book.word("Month", str(day.month)),
            day=day.day,
            year=day.year,
        )
