"""Alarms at a time of day, and reminders with a text: set, listed, cancelled, and they ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.alarm_times import meant, moved, said_reminder, said_time
from edge_assistant.skills.bell import LATE, Bell, Ring
from edge_assistant.skills.moment_words import moment
from edge_assistant.skills.moments import Moment
from edge_assistant.skills.timers import said_seconds, spoken
from edge_assistant.skills.wording import as_said, spoken_day, spoken_days, spoken_time
from edge_assistant.storage.alarms import Alarm, AlarmStore, Kind

SNOOZE: Final = 600.0
"""Seconds of sleep that are left to who does not say how many."""
LATELY: Final = timedelta(minutes=30)
"""How long after it rang something can be put off."""
MOST: Final = 100
"""How many alarms, and how many reminders, are kept."""


class Alarms:
    """The abilities around alarms and reminders, and their ringing."""

    def __init__(self, store: Callable[[], AlarmStore], rulebooks: Callable[[str], Rulebook], bell: Bell) -> None:
        self._store = store
        self._rulebooks = rulebooks
        self._bell = bell
        self._rang: Alarm | None = None
        """What rang last in this process."""

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "SetAlarm": self._set_alarm,
            "SnoozeAlarm": self.snooze,
            "ChangeAlarm": self._change("alarm"),
            "ChangeReminder": self._change("reminder"),
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
                self._rang = replace(alarm, at=store.now())
                yield self._ring(alarm, late)

    def rang(self) -> Alarm | None:
        """Return what rang a short while ago, if something did."""
        lately = self._rang is not None and self._store().now() - self._rang.at <= LATELY
        return self._rang if lately else None

    def snooze(self, asked: Asked) -> Work:
        """Let what rang ring again after a while; without a time, after some minutes."""

        async def work() -> Said:
            store, rang = self._store(), self.rang()
            kind: Kind = rang.kind if rang else "alarm"
            if len(store.all(kind)) >= MOST:
                return Said("too_many", {"count": MOST}, table="Alarm")
            seconds = said_seconds(asked) or SNOOZE
            kept = store.add_after(kind, seconds, text=rang.text if rang else "", language=asked.match.language)
            values = {**self._told(kept, asked, store), "duration": spoken(seconds, asked.book)}
            return Said(kind, {**values, "note": self._note(asked)}, table="SnoozeAlarm")

        return work

    def _note(self, asked: Asked) -> str:
        return "" if self._bell.listening else asked.book.word("Alarm", "later")

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
        when = said_time(asked, moment(str(asked.match.slots.get("when", "")), asked.match.language))
        if when is None or (when.hour is None and when.seconds is None):
            return saying("ask", table="Alarm")
        return self._set(asked, "alarm", when, "", waking=asked.match.response == "wake")

    def _set_reminder(self, asked: Asked) -> Work:
        if asked.match.response == "ask":
            return saying("ask")
        said = said_reminder(asked)
        text = as_said(said.task, asked.query.text)
        when = said_time(asked, said.when)
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
            return Said("default", {**self._told(kept, asked, store), "note": self._note(asked)})

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
        def cancel(asked: Asked, store: AlarmStore, alarm: Alarm) -> Said:
            store.remove(alarm)
            return Said("default", {"alarm": self._line(alarm, asked, store)})

        return self._on_one(kind, cancel)

    def _change(self, kind: Kind) -> Skill:
        def change(asked: Asked, store: AlarmStore, alarm: Alarm) -> Said:
            found = moved(alarm, asked, store.now())
            if found is None:
                return Said("past", table="Alarm")
            kept = store.move(alarm, *found)
            return Said("default", {**self._told(kept, asked, store), "note": self._note(asked)})

        return self._on_one(kind, change)

    def _on_one(self, kind: Kind, change: Callable[[Asked, AlarmStore, Alarm], Said]) -> Skill:
        """Make a skill of a change to the one alarm or reminder that is meant."""

        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store = self._store()
                every = store.all(kind)
                found = meant(every, asked, store)
                if not found:
                    return Said("not_found" if every else f"no_{kind}", table="Alarm")
                if len(found) > 1:
                    lines = [self._line(alarm, asked, store) for alarm in found]
                    return Said("which", {"list": asked.join(lines)}, table="Alarm")
                return change(asked, store, found[0])

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
