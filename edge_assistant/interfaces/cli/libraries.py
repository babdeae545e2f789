"""The knowledge base of a home, opened for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_assistant.interfaces.cli import Session

if TYPE_CHECKING:
    from edge_assistant.knowledge.library import Library


@contextmanager
def library_of(session: Session) -> Iterator[Library]:
    """Open the knowledge base of this home, with the shipped documents in it."""
    from edge_assistant.rooms import open_library
    from edge_assistant.storage.salvage import opened

    database = opened(session.config.home / "assistant.db")
    try:
        yield open_library(session.config, database)
    finally:
        database.close()
