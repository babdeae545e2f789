"""Alarms at a time of day, and reminders with a text: set, listed, cancelled, and they ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from edge_assistant.devices.home import fold
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.bell import LATE, Bell, Ring
from edge_assistant.skills.moment_words import moment
from edge_assistant.skills.moments import Moment
from edge_assistant.skills.reminders import Reminder, reminder
from edge_assistant.skills.timers import spoken
from edge_assistant.skills.wording import as_said, spoken_day, spoken_days, spoken_time
from edge_assistant.storage.alarms import Alarm, AlarmStore, Kind

MOST: Final = 100
"""How many alarms, and how many reminders, are kept."""


class Alarms:
    """The abilities around alarms and reminders, and their ringing."""

    def __init__(self, store: Callable[[], AlarmStore], rulebooks: Callable[[str], Rulebook], bell: Bell) -> None:
        self._store = store
        self._rulebooks = rulebooks
        self._bell = bell

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "SetAlarm": self._set_alarm,
            "CancelAlarm": self._cancel("alarm"),
            "CancelAllAlarms": self._cancel_all("alarm"),
            "ListAlarms": self._list("alarm"),
            "SetReminder": self._set_reminder,
            "CancelReminder": self._cancel("reminder"),
            "CancelAllReminders": self._cancel_all("reminder"),
            "ListReminders": self._list("reminder"),
        }

    def due(self) -> Iterator[Ring]:
        """Yield every alarm and reminder whose time has come and that nobody else rings."""
        store = self._store()
        for alarm in store.due():
            late = store.late(alarm)
            if store.rung(alarm):
                yield self._ring(alarm, late)

    def _ring(self, alarm: Alarm, late: float) -> Ring:
        book = self._rulebooks(alarm.language)
        values = {
            "time": spoken_time(alarm.at, book.language),
            "text": alarm.text,
            "late": spoken(late - late % 60, book),
        }
        key = f"ring_{alarm.kind}" + ("_late" if late > LATE else "")
        return Ring(late, book.say("Alarm", key, values) or "")

    def _set_alarm(self, asked: Asked) -> Work:
        when = _repeated(asked, moment(str(asked.match.slots.get("when", "")), asked.match.language))
        if when is None or (when.hour is None and when.seconds is None):
            return saying("ask", table="Alarm")
        return self._set(asked, "alarm", when, "", waking=asked.match.response == "wake")

    def _set_reminder(self, asked: Asked) -> Work:
        if asked.match.response == "ask":
            return saying("ask")
        said = _reminder(asked)
        text = as_said(said.task, asked.query.text)
        when = _repeated(asked, said.when)
        if when is None:
            return saying("ask_reminder", "Alarm", text=text)
        return self._set(asked, "reminder", when, text)

    def _set(self, asked: Asked, kind: Kind, when: Moment, text: str, waking: bool = False) -> Work:
        async def work() -> Said:
            store, language = self._store(), asked.match.language
            at = when.next(store.now(), waking=waking, alarm=kind == "alarm")
            if at is None:
                return Said("past", table="Alarm")
            if len(store.all(kind)) >= MOST:
                return Said("too_many", {"count": MOST}, table="Alarm")
            if when.seconds is not None:
                kept = store.add_after(kind, when.seconds, text=text, language=language)
            else:
                kept = store.add(kind, at, text=text, days=when.days, language=language)
            note = "" if self._bell.listening else asked.book.word("Alarm", "later")
            return Said("default", {**self._told(kept, asked, store), "note": note})

        return work

    def _list(self, kind: Kind) -> Skill:
        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store = self._store()
                found = store.all(kind)[:1] if asked.match.response == "next" else store.all(kind)
                if not found:
                    return Said(f"no_{kind}", table="Alarm")
                return Said("default", {"list": asked.join([self._line(alarm, asked, store) for alarm in found])})

            return work

        return skill

    def _cancel(self, kind: Kind) -> Skill:
        """Make the skill that takes away the one that is meant."""

        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store = self._store()
                every = store.all(kind)
                found = _meant(every, asked, store)
                if not found:
                    return Said("not_found" if every else f"no_{kind}", table="Alarm")
                if len(found) > 1:
                    lines = [self._line(alarm, asked, store) for alarm in found]
                    return Said("which", {"list": asked.join(lines)}, table="Alarm")
                store.remove(found[0])
                return Said("default", {"alarm": self._line(found[0], asked, store)})

            return work

        return skill

    def _cancel_all(self, kind: Kind) -> Skill:
        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store = self._store()
                removed = sum(store.remove(alarm) for alarm in store.all(kind))
                if not removed:
                    return Said(f"no_{kind}", table="Alarm")
                return Said("one" if removed == 1 else "default", {"count": removed})

            return work

        return skill

    def _line(self, alarm: Alarm, asked: Asked, store: AlarmStore) -> str:
        return asked.book.say("Alarm", alarm.kind, self._told(alarm, asked, store)) or ""

    def _told(self, alarm: Alarm, asked: Asked, store: AlarmStore) -> dict[str, object]:
        day = spoken_day(alarm.at.date(), store.now().date(), asked.book)
        return {
            "time": spoken_time(alarm.at, asked.match.language),
            "day": spoken_days(alarm.days, asked) if alarm.days else day,
            "text": alarm.text,
        }


def _reminder(asked: Asked) -> Reminder:
    slots, language = asked.match.slots, asked.match.language
    if "task" in slots:
        when = moment(str(slots["when"]), language) if "when" in slots else None
        return Reminder(str(slots["task"]), when)
    found = reminder(str(slots["reminder"]), language)
    assert found is not None, "the rule's check was passed"
    return found


def _repeated(asked: Asked, when: Moment | None) -> Moment | None:
    """Return a time together with how often it shall come, where that stands apart: "a daily alarm"."""
    often = moment(str(asked.match.slots.get("often", "")), asked.match.language)
    return when if often is None else often if when is None else often.joined(when)


def _meant(found: list[Alarm], asked: Asked, store: AlarmStore) -> list[Alarm]:
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
