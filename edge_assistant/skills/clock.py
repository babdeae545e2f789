"""What time it is, and what day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from edge_assistant.skills import Asked, Skill, Work, saying
from edge_assistant.skills.wording import spoken_time


class Clock:
    """Tells the time of one clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {"HassGetCurrentTime": self._time, "HassGetCurrentDate": self._date}

    def _time(self, asked: Asked) -> Work:
        return saying(time=spoken_time(self._now(), asked.match.language))

    def _date(self, asked: Asked) -> Work:
        day = self._now() + timedelta(days=asked.match.response == "tomorrow")
        return saying(
            asked.match.response,
            weekday=asked.book.word("Weekday", str(day.weekday())),
            month=asked.book.word("Month", str(day.month)),
            day=day.day,
            year=day.year,
        )
