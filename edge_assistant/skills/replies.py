"""Answers to what we asked: "for what time?" – "7 am"; "which room?" – "the bedroom"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from edge_assistant.devices.home import Home
from edge_assistant.rules.rulebook import Rulebook, acts
from edge_assistant.skills.delayed import reminding
from edge_assistant.skills.moment_words import is_bare_moment

Spoken: TypeAlias = "tuple[str, str | None]"
"""A text, and the room in which it is meant."""
_Complete: TypeAlias = "Callable[[_Answer], Iterator[Spoken]]"

_ASKING: Final = frozenset(("WhichRoom", "WhichDoor", "UnknownDevice", "AskDuration", "DelayedOrder"))
"""What is no more complete than what was said before."""
_NAMING: Final = ("SetAlarm", "HassStartTimer", "SetReminder")
"""What a name alone of something that rings would set."""
_PLACED: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"(?:(?:in|for|on|at)\s+)?(?:(?:the|my|our)\s+)?(?P<thing>.+?)(?:\s+(?:1|one|please|lights?))*",
        re.IGNORECASE,
    ),
    "zh": re.compile("(?:在|是|就)?(?P<thing>.+?)(?:的|里|里的|那个|那边|的灯|吧)*"),
}
_EVERYWHERE: Final = re.compile(
    r"everywhere|all(?: of them)?|every room|all (?:the )?rooms|全部|所有|都|全家|所有房间", re.I
)
KIND: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"\b(?:the |my |our )?(?:lights?|lamps?|fans?|heating|thermostat|ac|blinds?|curtains?|shutters?|windows?|"
        r"doors?|speakers?|tv|plugs?|switch|vacuum)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("灯|风扇|电扇|空调|暖气|百叶窗|窗帘|卷帘|窗户|窗|门|音箱|电视|插座|开关"),
}
KEPT: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"\b(?:the |my |that |our )?(?P<noun>timer|alarm|reminder)\b", re.IGNORECASE),
    "zh": re.compile("(?P<noun>计时器|定时器|倒计时|闹钟|闹铃|提醒)"),
}
_ORDINALS: Final = (
    re.compile(r"(?:the )?(?:first|1st)(?: one| 1)?|第一个|第1个", re.IGNORECASE),
    re.compile(r"(?:the )?(?:second|2nd)(?: one| 1)?|第二个|第2个", re.IGNORECASE),
    re.compile(r"(?:the )?(?:third|3rd)(?: one| 1)?|第三个|第3个", re.IGNORECASE),
    re.compile(r"(?:the )?last(?: one| 1)?|最后一?个", re.IGNORECASE),
)
_BETWEEN: Final = re.compile(r",\s*|\s+(?:and|or)\s+|、|(?:和|还是)(?=[^和、]+$)")


class _Answer:
    """A few words, the question they answer, and what that question was about."""

    def __init__(self, said: str, found: re.Match[str], earlier: Spoken, book: Rulebook, home: Home) -> None:
        self.said = said
        self.text, self.area = earlier
        self.book = book
        self.home = home
        self.chinese = book.language == "zh"
        listed = found.groupdict().get("listed")
        self.listed = _BETWEEN.split(listed) if listed else []

    def behind(self, *links: str) -> Iterator[Spoken]:
        """Yield the words behind what was said before, with these words between."""
        for link in links:
            yield f"{self.text}{link}{self.said}", self.area

    def thing(self) -> str:
        """Return what is named, without the words around it."""
        placed = _PLACED[self.book.language].fullmatch(self.said)
        return placed["thing"] if placed else self.said

    def chosen(self) -> str | None:
        """Return the one of the list that "the first one" means."""
        for index, ordinal in enumerate(_ORDINALS):
            if ordinal.fullmatch(self.said) and self.listed[index if index < 3 else -1 :][:1]:
                return self.listed[index if index < 3 else -1]
        return None


def reply_to(asked: str, text: str, earlier: Spoken, book: Rulebook, home: Home) -> Spoken | None:
    """Return what a text that answers a question of ours means on its own; None where it is no such answer."""
    said = book.request(text) if asked else None
    if said is None:
        return None
    for table, key, complete in _QUESTIONS:
        found = _question(book, table, key, asked)
        if found is None or _is_command(said, complete, book, home):
            continue
        for meaning, area in complete(_Answer(said, found, earlier, book, home)):
            if (meaning, area) != earlier and _whole(meaning, area, book, home):
                return meaning, area
    return None


def _is_command(said: str, complete: _Complete, book: Rulebook, home: Home) -> bool:
    """Return whether words that may be an answer are a command of their own; "the 8 o'clock alarm" may be both."""
    match = book.match(said, home)
    if match is None or match.probability is not None or not acts(match.intent):
        return False
    return match.intent not in (_NAMING if complete is _kept else ("Yes",))


def _question(book: Rulebook, table: str, key: str, asked: str) -> re.Match[str] | None:
    written = book.rules.responses.get(table, {}).get(key)
    if not written:
        return None
    pattern = re.escape(written)
    for name in ("list", "timers", "names"):
        pattern = pattern.replace(rf"\{{{name}\}}", "(?P<listed>.+)")
    return re.search(re.sub(r"\\\{\w+\\\}", ".+", pattern) + "$", asked, re.IGNORECASE)


def _whole(text: str, area: str | None, book: Rulebook, home: Home) -> bool:
    match = book.match(text, home, area)
    return match is not None and match.intent not in _ASKING and not match.asks and match.response != "ask"


def _room(answer: _Answer) -> Iterator[Spoken]:
    thing = answer.thing().casefold()
    if any(thing in map(str.casefold, area.names) for area in answer.home.areas):
        yield answer.text, thing
    if any(thing in map(str.casefold, floor.names) for floor in answer.home.floors):
        yield (f"{thing}{answer.text}" if answer.chinese else f"{answer.text} {thing}"), answer.area
    if _EVERYWHERE.fullmatch(answer.said):
        every = KIND["zh"].sub(lambda kind: f"所有的{kind[0]}", answer.text, count=1)
        yield (every if answer.chinese else f"{answer.text} everywhere"), None
    yield from _one(answer)


def _one(answer: _Answer) -> Iterator[Spoken]:
    """Put the name of a device in the place of the kind of thing, or of a name that several have."""
    thing = answer.chosen() or answer.thing()
    area = re.search(r"\((.+)\)$", thing)
    name = re.sub(r"\s*\(.+\)$|^the ", "", thing)
    devices = {known.casefold() for entity in answer.home.entities for known in entity.names}
    if any(name.casefold() in map(str.casefold, room.names) for room in answer.home.areas):
        yield answer.text, name
    if name.casefold() in devices:
        yield answer.text, area[1] if area else answer.area
        written = name if answer.chinese else f"the {name}"
        yield KIND[answer.book.language].sub(written, answer.text, count=1), area[1] if area else answer.area


def _time(answer: _Answer) -> Iterator[Spoken]:
    if not is_bare_moment(answer.said, answer.book.language):
        return
    if answer.chinese:
        yield from answer.behind("")
        for hour in ("", "点"):
            yield f"{answer.said}{hour}{answer.text}", answer.area
        yield from ((f"{text}点", area) for text, area in answer.behind(""))
    else:
        yield from answer.behind(" ", " at ")


def _errand(answer: _Answer) -> Iterator[Spoken]:
    leads = ("提醒我",) if answer.chinese else ("remind me ", "remind me to ")
    yield from ((f"{lead}{answer.said}", answer.area) for lead in leads)


def _duration(answer: _Answer) -> Iterator[Spoken]:
    if re.search(r"\d|[零一二两三四五六七八九十半]|\b(?:an?|half|quarter)\b", answer.said):
        yield from answer.behind("") if answer.chinese else answer.behind(" for ", " ")


def _value(answer: _Answer) -> Iterator[Spoken]:
    yield from answer.behind("", "到", "成", "调到", "改成") if answer.chinese else answer.behind(" to ", " ")


def _kept(answer: _Answer) -> Iterator[Spoken]:
    """Say which timer, alarm or reminder is meant."""
    nouns = KEPT[answer.book.language]
    if chosen := answer.chosen():
        chosen = re.sub(r"[:：].*$", "", chosen)
        yield nouns.sub(chosen if answer.chinese else f"the {chosen}", answer.text, count=1), answer.area
        return
    thing = re.sub(
        r"^(?:the|my) |\s+(?:1|one|timer|alarm|reminder)$|^那个|的?(?:计时器|闹钟|提醒|那个)$|的$", "", answer.said
    )
    for written in (f"{thing}的", thing) if answer.chinese else (f"the {thing} ", f"the {thing.removeprefix('at ')} "):
        yield nouns.sub(rf"{re.escape(written)}\g<noun>".replace(r"\ ", " "), answer.text, count=1), answer.area
    if answer.chinese:
        yield f"{thing}计时器{answer.text}", answer.area
    else:
        yield from answer.behind(" ", " at ", " for ", " to ")
        yield from ((f"{answer.text} {link} the {thing} timer", answer.area) for link in ("on", "to"))


def _offer(answer: _Answer) -> Iterator[Spoken]:
    agreed = answer.book.match(answer.said, answer.home)
    found = reminding(answer.text, answer.book.language) if agreed and agreed.intent == "Yes" else None
    if found:
        yield found, answer.area


_QUESTIONS: Final[tuple[tuple[str, str, _Complete], ...]] = (
    ("Device", "which_room", _room),
    ("Device", "which_one", _one),
    ("Device", "which_color", _value),
    ("Device", "which_volume", _value),
    ("SetAlarm", "ask", _time),
    ("Alarm", "ask", _time),
    ("Alarm", "ask_reminder", _time),
    ("SetReminder", "ask", _errand),
    ("AskDuration", "default", _duration),
    ("Timer", "which", _kept),
    ("Alarm", "which", _kept),
    ("DelayedOrder", "default", _offer),
)
"""What we ask, and how an answer completes what was said before."""
