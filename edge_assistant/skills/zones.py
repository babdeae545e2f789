"""What time it is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge_assistant.skills import Asked, Skill, Work, saying
from edge_assistant.skills.cities import place
from edge_assistant.skills.wording import spoken_time


class Zones:
    """The clocks of other places, by one clock here."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Take the clock on the wall; without a time zone it shows that of this device."""
        self._now = now

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {"TimeIn": self._time, "TimeDifference": self._difference}

    def _time(self, asked: Asked) -> Work:
        name, there = self._there(asked, "place")
        if there is None:
            return saying("no_zones")
        here = self._now()
        days = (there.date() - here.date()) // timedelta(days=1)
        key = {-1: "yesterday", 0: "default", 1: "tomorrow"}[days]
        return saying(key, place=name, time=spoken_time(there, asked.match.language))

    def _difference(self, asked: Asked) -> Work:
        first, there = self._there(asked, "place")
        second, other = self._there(asked, "other") if "other" in asked.match.slots else ("", self._now().astimezone())
        if there is None or other is None:
            return saying("no_zones")
        ahead = (there.utcoffset() or timedelta()) - (other.utcoffset() or timedelta())
        hours = f"{abs(ahead.total_seconds()) / 3600:g}"
        key = "same" if not ahead else "ahead" if ahead > timedelta() else "behind"
        one = "_one" if hours == "1" else ""
        here = "_here" if "other" not in asked.match.slots else ""
        return saying(key + here + (one if ahead else ""), place=first, other=second, hours=hours)

    def _there(self, asked: Asked, slot: str) -> tuple[str, datetime | None]:
        found = place(str(asked.match.slots[slot]))
        assert found is not None, "the rule's check was passed"
        name, zone = found
        now = self._now().astimezone(timezone.utc)
        try:
            return name, now.astimezone(ZoneInfo(zone))
        except ZoneInfoNotFoundError:  # a device without a time zone database
            return name, None
