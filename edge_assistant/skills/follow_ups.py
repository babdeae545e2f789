"""What a turn means after what was said before: an answer to our question, "the bedroom too", "turn it off"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_assistant.devices.home import Entity, Home
from edge_assistant.numerals import digits
from edge_assistant.rules.clauses import any_of
from edge_assistant.rules.readings import is_question
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills.moment_words import is_bare_moment
from edge_assistant.skills.replies import KEPT, KIND, reply_to
from edge_assistant.skills.targets import INTENTS
from edge_assistant.types import Query

_LEAD: Final[Mapping[str, str]] = {
    "en": (
        r"(?:(?:and then|and|also|now|then|do|please|no|nope|sorry|wait|actually|i meant?|i said|not that one|instead)"
        r"[\s,]+)*(?:(?:the same|same thing|same)\s+|(?:what|how) about\s+)?"
        r"(?:(?:in|for|with|to|on)\s+)?(?:(?:the|my|our)\s+)?"
    ),
    "zh": (
        r"(?:不是|不对|错了|不|我说的是|我是说|我指的是|应该是|还有|那么|那|另外|以及|也把|还要|顺便|再)?[，,]?"
        r"(?:我说的是|我是说|我指的是|应该是|是|把)?"
    ),
}
_AGAIN: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        rf"{_LEAD['en']}(?P<thing>.+?)(?P<mark>\s*,?\s+(?:too|as well|also|please|instead))*\s*[.!?]*", re.IGNORECASE
    ),
    "zh": re.compile(
        rf"{_LEAD['zh']}(?P<thing>.+?)(?:的|里)?"
        r"(?P<mark>呢|也是|也一样|一样|也要|也这样|也?(?:打开|开一下|开|关掉|关一下|关上|关)|也)?[。！!？?]*"
    ),
}
_LEADS: Final = re.compile(
    r"(?:and|also|no|nope|sorry|actually|i meant?|do the same|the same|same|what about|how about|now)\b"
    r"|还有|那|另外|以及|不|错了|我说的|我是说|我指的|应该是|也把|还要|顺便",
    re.IGNORECASE,
)
_IT: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(?:it|that one|that(?= (?:on|off|up|down)\b)|that(?=$)|them)\b", re.IGNORECASE),
    "zh": re.compile(r"它们?|这个|那个"),
}
_OTHER: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:no|nope|sorry|and|not that one|not that|i meant?)[\s,]+)*"
        r"the other (?:one|light|lamp|fan|blinds?|tv|speaker)"
        r"(?:,? (?:please|too|as well|instead))*[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?:不是|不对|错了|不)?(?:这个|那个|这盏)?[，,]?(?:我说的是|是|要)?另外?一?(?:个|盏|台|只)(?:也是|灯)?[。！]*"
    ),
}
_MORE: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:and )?(?:(?:a (?:bit|little) )?(?:more|further)|(?:once|one) more(?: time)?|again|do (?:it|that) again)"
        r"(?:,? please)?[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:再来|再来一点|再来一次|再来点|还要|再一次|再多一点|再(?:亮|暗|大|小|高|低|快|慢)?一?[点些])[。！]*"
    ),
}


_CHANGED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:no|actually|sorry|wait|better|or)[\s,]+)*(?:make (?:it|that)|change (?:it|that) to|i meant?|rather)\s+"
        r"(?P<new>.+?)(?:\s+(?:instead|please))*[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "(?:不对|不是|不)?[，,]?(?:还是)?(?:改成|改到|改为|换成|调到|我说的是|应该是)(?P<new>.+?)(?:吧|好了)?[。！]*"
    ),
}
_ALARM: Final = {"en": "move my alarm to {}", "zh": "把闹钟改到{}"}
_REMINDER: Final = {"en": "move my reminder to {}", "zh": "把提醒改到{}"}
_CHANGES: Final[Mapping[str, Mapping[str, str]]] = {
    "SetAlarm": _ALARM,
    "ChangeAlarm": _ALARM,
    "SetReminder": _REMINDER,
    "ChangeReminder": _REMINDER,
}
"""What a correction changes, by what was asked before."""
_CANCEL: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:no[\s,]+)?(?:please )?(?:cancel|undo|take back)(?: that| it)?(?:,? please)?[.!]*", re.IGNORECASE
    ),
    "zh": re.compile("(?:不[，,]?)?(?:取消|撤销|撤回)(?:吧|刚才的|它)?[。！]*"),
}
_RINGING: Final[Mapping[str, Mapping[str, str]]] = {
    "Alarm": {"en": "cancel the alarm", "zh": "取消闹钟"},
    "Reminder": {"en": "cancel the reminder", "zh": "取消提醒"},
    "Timer": {"en": "cancel the timer", "zh": "取消计时器"},
}
"""What "cancel" alone means, by what the intent before was about."""


_STEP: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:make it|and|even|still|now|please|a (?:bit|little)) )*(?P<step>brighter|darker|dimmer)"
        r"(?:,? please)?[.!]*",
        re.IGNORECASE,
    ),
    "zh": re.compile("(?:再|还要)?(?:调|弄|变)?得?(?P<step>[亮暗])(?:一?[点些])?(?:吧)?[。！]*"),
}
"""More or less light, without a word on which."""
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
        if _CANCEL[language].fullmatch(text.strip()):
            return self._cancelled(earlier)
        if changed := self._changed(text, earlier):
            return changed
        if (stepped := _STEP[language].fullmatch(text.strip())) and (it := self._it(earlier)):
            said = f"make {it} {stepped['step']}" if language == "en" else f"把{it}调{stepped['step']}一点"
            return Meant(said, earlier.area, leans=True)
        if _MORE[language].fullmatch(text.strip()):
            return replace(earlier, answers=False, leans=True)
        if _OTHER[language].fullmatch(text.strip()):
            return _instead(_other(self._named(earlier.text), self._home), earlier, language)
        if _IT[language].search(text):
            it = self._it(earlier)
            return Meant(_IT[language].sub(it, text, count=1), earlier.area, leans=True) if it else None
        return self._again(text, earlier)

    def _it(self, earlier: Meant) -> str | None:
        """Return what "it" stands for: the device, the lights of the room, or the timer that was spoken of."""
        english = self._book.language == "en"
        if named := _only({name for entity in self._home.entities for name in entity.names}, earlier.text):
            return f"the {named}" if english else named
        if kept := KEPT[self._book.language].search(earlier.text):
            return f"the {kept['noun']}" if english else kept["noun"]
        kind = KIND[self._book.language].search(earlier.text)
        area = _only({name for area in self._home.areas for name in area.names}, earlier.text) or earlier.area
        if kind is None or area is None:
            return None
        return f"{kind[0]} in the {area}" if english else f"{area}的{kind[0]}"

    def _changed(self, text: str, earlier: Meant) -> Meant | None:
        """Return what "make that seven" changes about an alarm, and "make it 22" about what was set."""
        language = self._book.language
        found = _CHANGED[language].fullmatch(text.strip())
        match = self._book.match(earlier.text, self._home, earlier.area) if found else None
        if found is None or match is None:
            return None
        new = digits(found["new"], language)
        if match.intent in _CHANGES and is_bare_moment(new, language):
            return Meant(_CHANGES[match.intent][language].format(new), earlier.area, leans=True)
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
        said = next((said for about, said in _RINGING.items() if about in match.intent), None)
        return Meant(said[self._book.language], leans=True) if said else None

    def _again(self, text: str, earlier: Meant) -> Meant | None:
        again = _AGAIN[self._book.language].fullmatch(text.strip())
        if again is None or not (again["mark"] or _LEADS.match(text.strip())):
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
                return Meant(changed + asked, None if names is areas else earlier.area, leans=True)
            if names is areas and earlier.area and not any_of(devices).search(earlier.text):
                return Meant(earlier.text + asked, again["thing"], leans=True)
        return None

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
