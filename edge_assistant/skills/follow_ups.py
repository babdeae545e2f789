"""What a turn means after what was said before: an answer to our question, "the bedroom too", "turn it off"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.numerals import digits
from edge_assistant.rules.clauses import any_of
from edge_assistant.rules.readings import is_question
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills.follow_up_words import (
    AGAIN,
    BARE_VERB,
    CANCEL,
    CHANGED,
    CHANGES,
    IT,
    LEADS,
    MORE,
    OTHER,
    RINGING,
    STEP,
)
from edge_assistant.skills.moment_words import is_bare_moment
from edge_assistant.skills.replies import KEPT, KIND, reply_to
from edge_assistant.skills.targets import INTENTS
from edge_assistant.types import Query

_ACKNOWLEDGING: Final = frozenset(("Yes", "No", "Thank"))
_SHORT: Final = 20
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Meant:
    """What a turn means on its own."""

    text: str
    area: str | None = None
    """The room that is meant, or that of the speaker."""
    answers: bool = False
    """It answers what we asked."""
    leans: bool = False
    """It takes something from the turn before."""


def meant(query: Query, book: Rulebook, home: Home) -> Meant:
    """Return what a query means after the turns before it."""
    talk = _Talk(book, home, query.context.area)
    for message in query.history:
        talk.hear(message.text, ours=message.role == "assistant")
    return talk.meaning(query.text)


class _Talk:
    """A conversation: what was meant last, and what we said to it."""

    def __init__(self, book: Rulebook, home: Home, area: str | None) -> None:
        self._book = book
        self._home = home
        self._area = area
        self._earlier: Meant | None = None
        self._said = ""

    def hear(self, text: str, ours: bool) -> None:
        if ours:
            self._said = text
        elif not self._acknowledges(text):
            self._earlier, self._said = self.meaning(text), ""

    def _acknowledges(self, text: str) -> bool:
        """Return whether a turn only says yes, no or thanks: then what was said before it still stands."""
        match = self._book.match(text, self._home) if len(text) <= _SHORT else None
        return self._earlier is not None and match is not None and match.intent in _ACKNOWLEDGING

    def meaning(self, text: str) -> Meant:
        if self._earlier is None:
            return Meant(text, self._area)
        found = reply_to(self._said, text, (self._earlier.text, self._earlier.area), self._book, self._home)
        if found is not None:
            return Meant(found[0], found[1], answers=True)
        return self._leaning(text, self._earlier) or Meant(text, self._area)

    def _leaning(self, text: str, earlier: Meant) -> Meant | None:
        language = self._book.language
        if CANCEL[language].fullmatch(text.strip()):
            return self._cancelled(earlier)
        if changed := self._changed(text, earlier):
            return changed
        if (stepped := STEP[language].fullmatch(text.strip())) and (it := self._it(earlier)):
            said = f"make {it} {stepped['step']}" if language == "en" else f"把{it}调{stepped['step']}一点"
            return Meant(said, earlier.area, leans=True)
        if (verb := BARE_VERB.fullmatch(text.strip())) and (it := self._it(earlier)):
            return Meant(f"把{it}{'打开' if '开' in verb[0] else '关掉'}", earlier.area, leans=True)
        if MORE[language].fullmatch(text.strip()):
            return replace(earlier, answers=False, leans=True)
        if OTHER[language].fullmatch(text.strip()):
            return _instead(_other(self._named(earlier.text), self._home), earlier, language)
        if IT[language].search(text):
            it = self._it(earlier)
            return Meant(IT[language].sub(it, text, count=1), earlier.area, leans=True) if it else None
        return self._again(text, earlier)

    def _it(self, earlier: Meant) -> str | None:
        """Return what "it" stands for: the device, the lights of the room, the timer or temperature spoken of."""
        english = self._book.language == "en"
        if named := _only({name for entity in self._home.entities for name in entity.names}, earlier.text):
            return f"the {named}" if english else named
        if kept := KEPT[self._book.language].search(earlier.text):
            return f"the {kept['noun']}" if english else kept["noun"]
        match = self._book.match(earlier.text, self._home, earlier.area)
        if match is not None and match.intent == "HassClimateGetTemperature" and not match.slots:
            return "the temperature" if english else "温度"
        kind = KIND[self._book.language].search(earlier.text)
        if kind is None:
            return None
        if area := _only({name for area in self._home.areas for name in area.names}, earlier.text) or earlier.area:
            return f"{kind[0]} in the {area}" if english else f"{area}的{kind[0]}"
        if match is None or match.response != "which" or "floor" in match.slots:
            return None
        return f"all {kind[0]}" if english else f"所有{kind[0]}"

    def _changed(self, text: str, earlier: Meant) -> Meant | None:
        """Return what "make that seven" changes about an alarm, and "make it 22" about what was set."""
        language = self._book.language
        found = CHANGED[language].fullmatch(text.strip())
        match = self._book.match(earlier.text, self._home, earlier.area) if found else None
        if found is None or match is None:
            return None
        new = digits(found["new"], language)
        if match.intent in CHANGES and is_bare_moment(new, language):
            return Meant(CHANGES[match.intent][language].format(new), earlier.area, leans=True)
        before = digits(earlier.text, language)
        numbers = _NUMBER.findall(new), _NUMBER.findall(before)
        if match.intent not in INTENTS or any(len(found) != 1 for found in numbers):
            return None
        return Meant(_NUMBER.sub(numbers[0][0], before), earlier.area, leans=True)

    def _cancelled(self, earlier: Meant) -> Meant | None:
        """Return what "cancel" takes back: only what was set to ring."""
        match = self._book.match(earlier.text, self._home)
        if match is None or match.response == "ask" or match.intent == "AskDuration":
            return None
        said = next((said for about, said in RINGING.items() if about in match.intent), None)
        return Meant(said[self._book.language], leans=True) if said else None

    def _again(self, text: str, earlier: Meant) -> Meant | None:
        again = AGAIN[self._book.language].fullmatch(text.strip())
        if again is None or not (again["mark"] or LEADS.match(text.strip())):
            return None
        if any(verb in (again["mark"] or "") and verb not in earlier.text for verb in "开关"):
            return None
        asked = "?" if is_question(text) and not is_question(earlier.text) else ""
        areas = {name for area in self._home.areas for name in area.names}
        devices = {name for entity in self._home.entities for name in entity.names}
        for names in (areas, devices):
            if again["thing"].casefold() not in map(str.casefold, names):
                continue
            if replaced := _only(names, earlier.text):
                changed = re.sub(re.escape(replaced), again["thing"], earlier.text, flags=re.IGNORECASE)
                if not self._alike(changed, earlier.text):
                    return None
                return Meant(changed + asked, None if names is areas else earlier.area, leans=True)
            if names is areas and earlier.area and not any_of(devices).search(earlier.text):
                return Meant(earlier.text + asked, again["thing"], leans=True)
        return None

    def _alike(self, text: str, other: str) -> bool:
        """Return whether two texts ask for the same: a light's 60 percent are no volume of the TV."""
        one, two = (self._book.match(said, self._home) for said in (text, other))
        return one is None or two is None or one.intent == two.intent

    def _named(self, text: str) -> tuple[str, Entity] | None:
        """Return the one device that a text names, and how."""
        named = _only({name for entity in self._home.entities for name in entity.names}, text)
        found = self._home.find(name=named) if named else ()
        return (named, found[0]) if named and len(found) == 1 else None


def _other(named: tuple[str, Entity] | None, home: Home) -> tuple[str, Entity] | None:
    """Return the one device of the same kind in the same room, or else in the home."""
    if named is None:
        return None
    name, entity = named
    alike = [other for other in home.entities if other.domain == entity.domain and other.id != entity.id]
    near = [other for other in alike if other.area == entity.area]
    found = near or alike
    return (name, found[0]) if len(found) == 1 else None


def _instead(other: tuple[str, Entity] | None, earlier: Meant, language: str) -> Meant | None:
    if other is None:
        return None
    name, entity = other
    text = re.sub(re.escape(name), entity.called(language), earlier.text, flags=re.IGNORECASE)
    return Meant(text, earlier.area, leans=True)


def _only(names: set[str], text: str) -> str | None:
    """Return the name that the text has, if it has just one."""
    found: Sequence[str] = any_of(names).findall(text) if names else ()
    return found[0] if len({name.casefold() for name in found}) == 1 else None
