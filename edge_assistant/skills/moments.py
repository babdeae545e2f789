"""Times at which something shall ring, as people say them: at 7, every weekday at half past six, in 20 minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias

from edge_assistant.skills.days import named_day

Part: TypeAlias = Literal["early", "morning", "noon", "afternoon", "evening", "night"]
_DEFAULTS: Final = {"early": 6, "morning": 8, "noon": 12, "afternoon": 15, "evening": 19, "night": 21}
"""The hour that stands for a part of the day; the answer says it, so that nobody is surprised."""
_WHOLE_DAY: Final = 9
"""The hour of something that is due on a day."""
_AFTERNOON_UNTIL: Final = 6
"""Without more words, "tomorrow at 3" is in the afternoon, and "tomorrow at 7" in the morning."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What was said about a time; nothing in it depends on the present."""

    language: str = "en"
    hour: int | None = None
    minute: int = 0
    exact: bool = False
    """The hour is one of 24."""
    part: Part | None = None
    day: str | None = None
    days: frozenset[int] = frozenset()
    """The days of the week on which it comes again, Monday is 0."""
    seconds: float | None = None
    """How long from now; then nothing else is said."""

    def joined(self, other: Moment) -> Moment | None:
        """Return both together; None where they contradict each other."""
        twice = (
            (self.hour is not None and other.hour is not None)
            or (self.part and other.part and self.part != other.part)
            or (self.day and other.day)
            or (self.days and other.days)
            or self.seconds is not None
            or other.seconds is not None
        )
        if twice and (self != Moment(self.language)):
            return None
        timed = self if self.hour is not None else other
        return replace(
            timed,
            part=self.part or other.part,
            day=self.day or other.day,
            days=self.days or other.days,
            seconds=other.seconds,
        )

    def next(self, now: datetime, *, waking: bool = False, alarm: bool = False) -> datetime | None:
        """Return when it comes next, on a clock on the wall; None if that was earlier.

        An hour that may be before or after noon is the sooner of the two; `waking` makes it the morning.
        """
        if self.seconds is not None:
            return now + timedelta(seconds=self.seconds)
        if self.days:
            return self.again(now, self._time(waking, alarm))
        day = named_day(self.day, self.language, now.date()) if self.day else None
        if day is not None and day != now.date():
            return self._on(day, now, self._time(waking, alarm))
        times = (
            [self._time(waking, alarm)]
            if self._sure(waking)
            else [self._at(self.hour or 0), self._at((self.hour or 0) % 12 + 12)]
        )
        comes = [datetime.combine(now.date() + timedelta(self._past_midnight()), at) for at in times]
        if (soonest := min((at for at in comes if at > now), default=None)) is not None:
            return soonest
        return None if day is not None else min(comes) + timedelta(days=1)

    def again(self, after: datetime, at: time) -> datetime:
        """Return the first time after another on which a repeated moment comes."""
        coming = (datetime.combine(after.date() + timedelta(days=ahead), at) for ahead in range(8))
        return next(one for one in coming if one > after and one.weekday() in self.days)

    def _on(self, day: date, now: datetime, at: time) -> datetime | None:
        """Return the time on a day; a day of the week may be today, as long as the time is to come."""
        today = datetime.combine(now.date(), at)
        if day - now.date() == timedelta(days=7) and _is_weekday(self.day or "") and today > now:
            return today
        found = datetime.combine(day + timedelta(days=self._past_midnight()), at)
        return found if found > now else None

    def _sure(self, waking: bool) -> bool:
        return self.hour is None or self.exact or self.part is not None or waking or not 1 <= self.hour <= 12

    def _past_midnight(self) -> int:
        """Return 1 for "tonight at 12": that is tomorrow."""
        return int(self.hour == 12 and self.part == "night" and not self.exact)

    def _at(self, hour: int) -> time:
        return time(hour % 24, self.minute)

    def _time(self, waking: bool, alarm: bool) -> time:
        if self.hour is None:
            return time(_DEFAULTS[self.part] if self.part else _WHOLE_DAY)
        if self.exact or not 1 <= self.hour <= 12:
            return self._at(self.hour)
        if self.part is not None:
            return self._at(_within(self.hour, self.part))
        if waking or alarm:
            return self._at(self.hour)
        return self._at(self.hour + 12 if self.hour <= _AFTERNOON_UNTIL else self.hour)


def _within(hour: int, part: Part) -> int:
    """Return the hour of 24 that an hour of 12 is in a part of the day."""
    after_noon = {
        "early": False,
        "morning": False,
        "noon": hour < 10,
        "afternoon": hour != 12,
        "evening": hour != 12,
        "night": 5 <= hour < 12,
    }[part]
    midnight = hour == 12 and part in ("early", "evening", "night")
    return 0 if midnight else hour + 12 if after_noon else hour


def _is_weekday(day: str) -> bool:
    return (
        "day" in day and not day.startswith("next") and " " not in day.removeprefix("on ").removeprefix("this ")
    ) or day[:1] in "周星礼"
