"""A home in memory: it does at once what it is told, and remembers it in the database."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from edge_assistant.devices.home import Entity, Home
from edge_assistant.devices.services import Command, goal
from edge_assistant.errors import ActionError, StorageError
from edge_assistant.storage.database import Database
from edge_assistant.types import Slot

if TYPE_CHECKING:
    import sqlite_utils

_log = logging.getLogger(__name__)


class MemoryHome:
    """A backend without devices: for the first run, for tests, and for trying out rules.

    With a database, another process sees what this one did. States of entities that the home no longer
    lists are ignored.
    """

    def __init__(
        self, home: Home, database: Callable[[], Database] | None = None, fresh: Callable[[], Home] | None = None
    ) -> None:
        self._home = self._listed = home
        self._open = database
        self._fresh = fresh or (lambda: home)
        """The home as its file says now."""
        self._database: Database | None = None

    def home(self) -> Home:
        """Return the home as it is now; states that were kept but cannot be read any more are forgotten."""
        if (listed := self._fresh()) is not self._listed:
            self._home = self._listed = listed
        database = self._grown()
        if database is None:
            return self._home
        rows = database.rows("SELECT entity, state, attributes FROM states")
        kept = {row["entity"]: (row["state"], json.loads(row["attributes"])) for row in rows}
        entities = tuple(
            replace(entity, state=kept[entity.id][0], attributes=kept[entity.id][1]) if entity.id in kept else entity
            for entity in self._home.entities
        )
        return replace(self._home, entities=entities)

    async def call(self, command: Command) -> Entity:
        """Bring the entity into the state that the command leads to, and read it back. Raises `ActionError`."""
        try:
            entity = self.home().entity(command.entity)
            if entity is None:
                raise ActionError(f"there is no {command.entity}")
            self._keep(_changed(entity, dict(goal(command))))
            changed = self.home().entity(command.entity)
        except StorageError as error:
            raise ActionError(str(error)) from error
        assert changed is not None, "entities do not vanish"
        return changed

    def _keep(self, entity: Entity) -> None:
        database = self._grown()
        if database is None:
            self._home = self._home.with_entity(entity)
            return
        with database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO states(entity, state, attributes) VALUES (?, ?, ?)",
                (entity.id, entity.state, json.dumps(dict(entity.attributes), ensure_ascii=False)),
            )

    def _grown(self) -> Database | None:
        if self._database is None and self._open is not None:
            try:
                database = self._open()
                database.grow("states", [_states])
            except StorageError as error:
                _log.warning("device states are not kept: %s", error)
                self._open = None
                return None
            self._database = database
        return self._database


def _changed(entity: Entity, wanted: dict[str, Slot]) -> Entity:
    state = str(wanted.pop("state", entity.state))
    return replace(entity, state=state, attributes={**entity.attributes, **wanted})


def _states(schema: sqlite_utils.Database) -> None:
    schema.table("states").create({"entity": str, "state": str, "attributes": str}, pk="entity")
