"""What a crash left in doubt: actions of which the log says that they began, and not how they ended."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from edge_assistant.errors import StorageError
from edge_assistant.storage.actions import Actions, Entry


class Doubts:
    """Finds them once, and writes down that they were told."""

    def __init__(
        self, actions: Callable[[], Actions], wall: Callable[[], float], patience: float, logged: Callable[[], bool]
    ) -> None:
        """Take the log and the seconds after which an action without an end was left by a crash, whoever began it."""
        self._actions = actions
        self._wall = wall
        self._patience = patience
        self._since = wall()
        self._possible = logged()

    def told(self) -> list[Entry]:
        """Return, once, what was begun before a crash; nobody knows whether it was done, and nobody does it again."""
        if not self._possible:
            return []
        self._possible = self._wall() < self._since + self._patience
        try:
            entries = [entry for entry in self._actions().in_doubt() if self._abandoned(entry)]
            if entries:
                ends = [replace(entry, phase="ended", status="doubt", reason="reported") for entry in entries]
                self._actions().add(ends)
        except StorageError:
            return []  # it stays in doubt, and is told another time
        return entries

    def _abandoned(self, entry: Entry) -> bool:
        """Return whether nobody works on an action any more: it is too old, or its process is gone."""
        return entry.at <= self._wall() - self._patience or (entry.at < self._since and not _runs(entry.reason))


def _runs(process: str) -> bool:
    """Return whether the process that began an action still runs, as far as can be told."""
    if not process.isdecimal() or int(process) == os.getpid():  # this number was somebody else's before it was ours
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
