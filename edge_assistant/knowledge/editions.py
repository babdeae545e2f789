"""Which of two documents is the newer edition, as far as their names, their titles and their dates tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from edge_assistant.knowledge.store import Stored

_OLD: Final = re.compile(
    r"\b(?:old(?:er)?|former|previous|prior|archived?|obsolete|superseded|deprecated|legacy|outdated|retired|expired)\b"
    r"|旧版?|老版|过时|作废|废止|存档|归档|历史版本|以前的?",
)
_NEW: Final = re.compile(r"\b(?:new(?:er|est)?|current|latest|updated?|revised)\b|新版|最新版?|现行版?|修订版?|更新版?")
_VERSION: Final = re.compile(
    r"\b(?:v|ver|version|rev|revision|edition|ed|release)[ .]*(\d+(?:\.\d+)*)\b|\b(\d+)(?:st|nd|rd|th) (?:edition|ed)\b"
    r"|(?:版本|修订) ?(\d+(?:\.\d+)*)|第? ?(\d+(?:\.\d+)*) ?版"
)
_DATE: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[ .年]?(0[1-9]|1[0-2])月?(?:[ .]?([0-2]\d|3[01])日?)?)?(?!\d)年?")
_WORD: Final = re.compile(r"[^\W_]+")
_APART: Final = 86_400.0
"""Seconds between two files from which on one is newer: what was copied together is of one age."""


@dataclass(frozen=True, slots=True)
class Edition:
    """What a name tells of a document: of which work it is, and of what age."""

    work: frozenset[str]
    """The words that are left without those about its age."""
    standing: int
    """-1 where it is called old, 1 where it is called new."""
    version: tuple[int, ...]
    date: tuple[int, ...]
    marks: frozenset[str]
    """What a question says that means this very edition: an old one, a version, a year."""


@lru_cache(maxsize=512)
def edition(name: str) -> Edition:
    """Read a name like ``manuals/boiler-2019.md`` or ``Boiler manual, second-hand (v2.1)``."""
    called = re.sub(r"[-_/\\]+", " ", name.lower())
    version, date = _VERSION.search(called), _DATE.search(called)
    left = called
    for mark in (_VERSION, _DATE, _OLD, _NEW):
        left = mark.sub(" ", left)
    return Edition(
        work=frozenset(_WORD.findall(left)),
        standing=bool(_NEW.search(called)) - bool(_OLD.search(called)),
        version=_numbers(next(filter(None, version.groups()), "")) if version else (),
        date=tuple(int(part) for part in date.groups() if part) if date else (),
        marks=frozenset(found[0].strip() for mark in (_OLD, _VERSION, _DATE) for found in mark.finditer(called)),
    )


def of_document(stored: Stored) -> tuple[Edition, Edition]:
    """Return what the file's name tells, without its ending, and what the title does."""
    name = stored.document.rpartition(".")[0] or stored.document
    return edition(name), edition(stored.chunk.title.partition(" › ")[0])


def same_work(one: Stored, other: Stored) -> bool:
    """Return whether two documents are called the same but for their age."""
    pairs = zip(of_document(one), of_document(other), strict=True)
    return any(here.work and here.work == there.work for here, there in pairs)


def newer(one: Stored, other: Stored) -> bool:
    """Return whether the first is the newer edition for certain."""
    for here, there in zip(of_document(one), of_document(other), strict=True):
        if here.standing != there.standing:
            return here.standing > there.standing
        for age, then in ((here.version, there.version), (here.date, there.date)):
            if age and then and age != then:
                return age > then
    if one.dated is None or other.dated is None:
        return False
    return one.dated - other.dated >= _APART


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))[:4] if version else ()
