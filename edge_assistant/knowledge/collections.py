"""Collections of documents: the language they are in, how far they may travel, and which is preferred."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from edge_assistant.calibration import log_odds
from edge_assistant.errors import InputError
from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.fuse import Found
from edge_assistant.storage.database import Database
from edge_assistant.types import Share

if TYPE_CHECKING:
    import sqlite_utils

STARTER: Final = "starter"
"""The collection of the documents that come with the package; those that a person added come before it."""
_PLACE: Final = 2.0
"""Log-odds by which an answer must be surer than one of a collection that is preferred by one place."""
_TABLE: Final = """CREATE TABLE collections(
    name TEXT PRIMARY KEY, language TEXT, share TEXT NOT NULL, priority INTEGER NOT NULL)"""


class Terms(Protocol):
    """What the settings say about a collection."""

    @property
    def language(self) -> str | None: ...

    @property
    def share(self) -> Share: ...

    @property
    def priority(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Collection:
    """What holds for every document in it."""

    name: str
    language: str | None = None
    """The language of its documents; without one, it is recognised for each."""
    share: Share = "never"
    """How far its passages may travel, where the cloud's settings allow it too."""
    priority: int = 0
    """How many places its passages are lifted above others that were found."""


class Collections:
    """What is known about each collection: what the settings say, else what was set by command, else nothing."""

    def __init__(self, database: Database, settings: Mapping[str, Terms] | None = None) -> None:
        self._database = database
        self._settings = settings or {}
        database.grow("collections", (_create,))

    def of(self, name: str) -> Collection:
        """Return a collection; one that nobody spoke of stays at home, and what came with the package stands behind."""
        if name in self._settings:
            said = self._settings[name]
            return Collection(name, said.language, said.share, said.priority)
        row = self._database.row("SELECT name, language, share, priority FROM collections WHERE name = ?", (name,))
        return Collection(*row) if row else Collection(name, priority=-1 if name == STARTER else 0)

    def lower(self) -> tuple[str, ...]:
        """Return the collections that stand behind all others."""
        rows = self._database.rows("SELECT name FROM collections WHERE priority < 0")
        names = {STARTER, *self._settings, *(row["name"] for row in rows)}
        return tuple(sorted(name for name in names if self.of(name).priority < 0))

    def change(
        self, name: str, *, language: str | None = None, share: Share | None = None, priority: int | None = None
    ) -> Collection:
        """Set what is given, leave the rest, and return what holds now. Raises `InputError`, `StorageError`."""
        if name in self._settings:
            raise InputError(
                f"the collection {name} is set in the settings file (knowledge.collections); change it there"
            )
        known = self.of(name)
        new = replace(
            known,
            language=language or known.language,
            share=share or known.share,
            priority=known.priority if priority is None else priority,
        )
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO collections(name, language, share, priority) VALUES (?, ?, ?, ?)",
                (new.name, new.language, new.share, new.priority),
            )
        return new


def preferred(found: Sequence[Found]) -> list[Found]:
    """Return what was found, best first, with each passage lifted by the priority of its collection."""
    places = [(place - one.priority, -one.priority, one) for place, one in enumerate(found)]
    return [one for _, _, one in sorted(places, key=lambda place: place[:2])]


def answered(found: Sequence[Found], answer: Callable[[Sequence[Found]], Finding | None]) -> Finding | None:
    """Return the best answer of what was found: that of preferred collections, unless another is much surer."""
    levels = sorted({one.priority for one in found})
    answers = [answer([one for one in found if one.priority >= level]) for level in levels]

    def preference(one: Finding) -> float:
        return log_odds(one.confidence) + _PLACE * one.found.priority

    return max((one for one in answers if one is not None), key=preference, default=None)


def _create(schema: sqlite_utils.Database) -> None:
    schema.execute(_TABLE)
