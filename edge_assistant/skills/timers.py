"""Timers: set, asked about, changed, and they ring."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from edge_assistant.devices.home import fold
from edge_assistant.numerals import digits
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.bell import LATE, Bell, Ring
from edge_assistant.storage.timers import Timer, TimerStore
from edge_assistant.types import Declined

LONGEST: Final = 30 * 86_400
MOST: Final = 50
"""How many timers may run at a time."""


class Timers:
    """The abilities around timers, and their ringing."""

    def __init__(
        self,
        store: Callable[[], TimerStore],
        rulebooks: Callable[[str], Rulebook],
        bell: Bell,
    ) -> None:
        self._store = store
        self._rulebooks = rulebooks
        self._bell = bell

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            "HassStartTimer": self._start,
            "HassCancelTimer": self._on_one(self._cancel),
            "HassCancelAllTimers": self._cancel_all,
            "HassTimerStatus": self._status,
            "HassIncreaseTimer": self._on_one(self._increase),
            "HassDecreaseTimer": self._on_one(self._decrease),
            "HassPauseTimer": self._on_one(self._pause),
            "HassUnpauseTimer": self._on_one(self._resume),
            "AskDuration": lambda asked: saying(),
        }

    def running(self) -> bool:
        """Return whether there is a timer."""
        return bool(self._store().all())

    def due(self) -> Iterator[Ring]:
        """Yield every timer that is over and that nobody else rings."""
        store = self._store()
        for timer in store.due():
            if store.remove(timer):
                yield self._ring(timer, max(0.0, store.now() - timer.ends))

    def _ring(self, timer: Timer, late: float) -> Ring:
        book = self._rulebooks(timer.language)
        values = {"timer": called(timer, book), "late": spoken(late, book)}
        return Ring(late, book.say("Timer", "ring_late" if late > LATE else "ring", values) or "")

    def _start(self, asked: Asked) -> Work | Declined:
        if "conversation_command" in asked.match.slots:
            return Declined("a timer cannot carry a command yet")
        seconds = said_seconds(asked)
        if seconds <= 0:
            return Declined("the timer has no duration")
        if seconds > LONGEST:
            return saying("too_long")

        async def start() -> Said:
            store, match = self._store(), asked.match
            running = len(store.all())
            if running >= MOST:
                return Said("too_many", {"count": running})
            name = str(match.slots["name"]) if "name" in match.slots else None
            store.add(seconds, name=name, area=asked.query.context.area, language=match.language)
            key = ("named" if name else "default", "named_later" if name else "later")[not self._bell.listening]
            return Said(key, {"duration": spoken(seconds, asked.book), "name": name or ""})

        return start

    def _cancel_all(self, asked: Asked) -> Work:
        async def cancel() -> Said:
            store = self._store()
            found = self._found(asked, store)
            removed = sum(store.remove(timer) for timer in found)
            if not removed:
                return Said("none", table="Timer")
            return Said("one" if removed == 1 else "default", {"count": removed})

        return cancel

    def _status(self, asked: Asked) -> Work:
        async def status() -> Said:
            store = self._store()
            found = self._found(asked, store)
            if not found:
                return Said("not_found" if store.all() else "none", table="Timer")
            lines = [_left(timer, store.now(), asked.book) for timer in found]
            return Said("default", {"timers": asked.join(lines)})

        return status

    def _on_one(self, change: Callable[[Asked, TimerStore, Timer], Said]) -> Skill:
        """Make a skill of a change to the one timer that is meant."""

        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store = self._store()
                found = self._found(asked, store)
                if not found:
                    return Said("not_found" if store.all() else "none", table="Timer")
                if len({(timer.name, timer.seconds) for timer in found}) > 1 and not asked.match.slots.keys() & _NAMING:
                    names = asked.join([_left(timer, store.now(), asked.book) for timer in found])
                    return Said("which", {"timers": names}, table="Timer")
                return change(asked, store, found[0])

            return work

        return skill

    def _cancel(self, asked: Asked, store: TimerStore, timer: Timer) -> Said:
        store.remove(timer)
        return Said("default", {"timer": called(timer, asked.book)})

    def _increase(self, asked: Asked, store: TimerStore, timer: Timer) -> Said:
        return self._moved(asked, store, timer, said_seconds(asked))

    def _decrease(self, asked: Asked, store: TimerStore, timer: Timer) -> Said:
        return self._moved(asked, store, timer, -said_seconds(asked))

    def _moved(self, asked: Asked, store: TimerStore, timer: Timer, seconds: float) -> Said:
        if timer.remaining(store.now()) + seconds > LONGEST:
            return Said("too_long", table="HassStartTimer")
        changed = store.change(timer, seconds)
        left = changed.remaining(store.now())
        values = {"timer": called(timer, asked.book), "left": spoken(left, asked.book)}
        return Said("default" if left else "over", values)

    def _pause(self, asked: Asked, store: TimerStore, timer: Timer) -> Said:
        paused = store.pause(timer)
        return Said("default", {"timer": called(timer, asked.book), "left": spoken(paused.left or 0, asked.book)})

    def _resume(self, asked: Asked, store: TimerStore, timer: Timer) -> Said:
        name = called(timer, asked.book)
        if not timer.paused:
            return Said("not_paused", {"timer": name}, table="Timer")
        resumed = store.resume(timer)
        return Said("default", {"timer": name, "left": spoken(resumed.remaining(store.now()), asked.book)})

    def _found(self, asked: Asked, store: TimerStore) -> list[Timer]:
        """Return the timers that the slots mean: by name, by the time they were set for, by room; else all."""
        slots = asked.match.slots
        found = store.all()
        if asked.match.intent == "HassUnpauseTimer":
            found = [timer for timer in found if timer.paused] or found
        if "name" in slots:
            wanted = _folded(str(slots["name"]), asked.match.language)
            found = [timer for timer in found if timer.name and _folded(timer.name, asked.match.language) == wanted]
        if slots.keys() & {"start_hours", "start_minutes", "start_seconds"}:
            found = [timer for timer in found if timer.seconds == said_seconds(asked, "start_")]
        if "area" in slots:
            found = [timer for timer in found if timer.area and fold(timer.area) == fold(str(slots["area"]))]
        return found


def _folded(name: str, language: str) -> str:
    """Return a name as it is compared: the egg timer is for the eggs."""
    return fold(digits(name, language)).removesuffix("s")


_NAMING: Final = frozenset({"name", "start_hours", "start_minutes", "start_seconds", "area"})


def spoken(seconds: float, book: Rulebook) -> str:
    """Return a duration in words: "1 hour 30 minutes"."""
    whole = round(seconds)
    parts = (("hour", whole // 3600), ("minute", whole % 3600 // 60), ("second", whole % 60))
    words = [
        book.say("Timer", unit if count == 1 else f"{unit}s", {"n": count}) or ""
        for unit, count in parts
        if count or (unit == "second" and not whole)
    ]
    return ("" if book.language == "zh" else " ").join(words)


def called(timer: Timer, book: Rulebook) -> str:
    """Return what a timer is called: by its name, else by the time it was set for."""
    key = "named_timer" if timer.name else "timer"
    return book.say("Timer", key, {"name": timer.name, "duration": spoken(timer.seconds, book)}) or ""


def _left(timer: Timer, now: float, book: Rulebook) -> str:
    values = {"timer": called(timer, book), "left": spoken(timer.remaining(now), book)}
    return book.say("Timer", "left_paused" if timer.paused else "left", values) or ""


def said_seconds(asked: Asked, prefix: str = "") -> float:
    """Return the duration in the slots, 0 where there is none."""
    sizes = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    return sum(float(asked.match.slots.get(f"{prefix}{unit}", 0)) * size for unit, size in sizes)
