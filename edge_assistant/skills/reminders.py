"""What is in "remind me …": the thing to do, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from edge_assistant.skills.moment_words import moment
from edge_assistant.skills.moments import Moment

LONGEST_TASK: Final = {"en": 25, "zh": 40}
"""Words of an English task, characters of a Chinese one."""
_LONGEST: Final = {"en": 200, "zh": 60}
_QUESTION: Final = {
    "en": re.compile(r"(?:what|who|whom|whose|which|when|where|why|how|if|whether)\b", re.IGNORECASE),
    "zh": re.compile("什么|怎么|为什么|为何|谁|哪|多少|如何|吗$|呢$|是否"),
}
_LED: Final = re.compile(r"^(?P<when>.*?)\b(?P<lead>to|about|that|of) (?P<rest>.+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to do, and when to be told of it; never, as long as nobody said when."""

    task: str
    when: Moment | None = None


def reminder(said: str, language: str) -> Reminder | None:
    """Return the thing to do and the time in the words after "remind me"; None where they are neither."""
    found = _chinese(said.strip(" ,，。")) if language == "zh" else _english(said.strip(" ,."))
    return found if found is not None and is_task(found.task, language) else None


def is_reminder(said: str, language: str) -> bool:
    """Return whether the words are something to be reminded of."""
    return len(said) <= _LONGEST[language] and reminder(said, language) is not None


def is_task(said: str, language: str) -> bool:
    """Return whether the words are a thing that somebody wants to be reminded of, and no question."""
    length = len(said) if language == "zh" else len(said.split())
    asks = _QUESTION["zh"].search(said) if language == "zh" else _QUESTION["en"].match(said)
    return 0 < length <= LONGEST_TASK[language] and not asks and re.search(r"\w", said) is not None


def is_errand(said: str, language: str) -> bool:
    """Return whether the words are somewhere to go, or something to go and do."""
    return said.startswith("去") and is_task(said, language)


def _english(said: str) -> Reminder | None:
    """Split "to call Anna at 6", "at 6 to call Anna" and "tomorrow to call Anna at 6"."""
    led = _LED.match(said)
    while led is not None:
        before, rest = led["when"].strip(" ,"), led["rest"]
        earlier = moment(before, "en") if before else Moment()
        if earlier is not None:
            task, later = _apart(rest, "en")
            when = earlier.joined(later) if later is not None else earlier
            if when is None:
                return Reminder(rest, earlier)
            return Reminder(task, when if when != Moment() else None)
        following = _LED.match(rest) if before else None  # "to" may be part of the time: "at quarter to 7 to …"
        if following is None:
            return None
        joined = f"{before} {led['lead']} {following['when'].strip()}"
        led = re.match(rf"(?P<when>{re.escape(joined)})\s*\b(?P<lead>{following['lead']}) (?P<rest>.+)$", said)
    return None


def _chinese(said: str) -> Reminder | None:
    """Split "明天下午三点开会" and "开会，明天下午三点"."""
    for end in range(len(said) - 1, 0, -1):
        if (when := moment(said[:end], "zh")) is not None:
            return Reminder(said[end:].strip(" ,，").removeprefix("要"), when)
    task, later = _apart(said, "zh")
    return Reminder(task.removeprefix("要").strip(" ,，"), later)


def _apart(said: str, language: str) -> tuple[str, Moment | None]:
    """Take the time from the end of a text: as much of it as is a time."""
    starts = [space.end() for space in re.finditer(" ", said)] if language == "en" else range(1, len(said))
    for start in starts:
        if (when := moment(said[start:], language)) is not None:
            return said[:start].rstrip(" ,，"), when
    return said, None
