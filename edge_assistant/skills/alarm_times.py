"""Which alarm or reminder is meant, and when it shall ring."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from edge_assistant.devices.home import fold
from edge_assistant.skills import Asked
from edge_assistant.skills.moment_words import bare_moment, moment
from edge_assistant.skills.moments import Moment
from edge_assistant.skills.reminders import Reminder, reminder
from edge_assistant.skills.timers import said_seconds
from edge_assistant.storage.alarms import Alarm, AlarmStore


def said_reminder(asked: Asked) -> Reminder:
    """Return what is to be reminded of, and when."""
    slots, language = asked.match.slots, asked.match.language
    if "task" in slots:
        when = moment(str(slots["when"]), language) if "when" in slots else None
        return Reminder(str(slots["task"]), when)
    found = reminder(str(slots["reminder"]), language)
    assert found is not None, "the rule's check was passed"
    return found


def moved(alarm: Alarm, asked: Asked, now: datetime) -> tuple[datetime, frozenset[int]] | None:
    """Return when an alarm shall ring instead, and on which days; None where that is over.

    Without another day it stays on its day, and an hour that may be before or after noon is the one nearer by.
    """
    if "new" not in asked.match.slots:
        at = alarm.at + timedelta(seconds=said_seconds(asked) * (-1 if asked.match.slots.get("step") == "down" else 1))
        return (at, alarm.days) if at > now else None
    new = bare_moment(str(asked.match.slots["new"]), asked.match.language)
    assert new is not None, "the rule's check was passed"
    if new.hour is None or new.day or new.days:
        found = new.next(now, alarm=True)
        if found is not None and new.hour is None and new.seconds is None:
            found = datetime.combine(found.date(), alarm.at.time())
        return None if found is None or found <= now else (found, new.days or alarm.days)
    soonest = new.next(now)
    assert soonest is not None, "a time without a day always comes"
    hours = {soonest.hour} if new.exact or new.part else {new.hour % 24, (new.hour + 12) % 24}
    times = [datetime.combine(alarm.at.date(), time(hour, new.minute)) for hour in sorted(hours)]
    at = min(times, key=lambda one: abs(one - alarm.at))
    while at <= now or (alarm.days and at.weekday() not in alarm.days):
        at += timedelta(days=1)
    return at, alarm.days


def said_time(asked: Asked, when: Moment | None) -> Moment | None:
    """Return a time together with how often it shall come, where that stands apart: "a daily alarm"."""
    often = moment(str(asked.match.slots.get("often", "")), asked.match.language)
    return when if often is None else often if when is None else often.joined(when)


def meant(found: list[Alarm], asked: Asked, store: AlarmStore) -> list[Alarm]:
    """Return the alarms that the slots mean: by their time or day, by their text; else all."""
    slots, language = asked.match.slots, asked.match.language
    when = moment(str(slots["when"]), language) if "when" in slots else None
    if when is not None and when.hour is not None:
        hours = {when.hour} if when.exact or when.part else {when.hour % 24, (when.hour + 12) % 24}
        if when.part and (at := when.next(store.now())):
            hours = {at.hour}
        found = [alarm for alarm in found if alarm.at.minute == when.minute and alarm.at.hour in hours]
    if when is not None and when.day and (at := when.next(store.now(), alarm=True)):
        found = [alarm for alarm in found if alarm.at.date() == at.date()]
    if when is not None and when.days:
        found = [alarm for alarm in found if alarm.days == when.days]
    if "task" in slots:
        wanted = fold(str(slots["task"]))
        found = [alarm for alarm in found if wanted in fold(alarm.text)]
    return found
