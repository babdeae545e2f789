"""The rooms that several tasks enter, furnished from the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge_assistant.config import Config
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from edge_assistant.languages import detect
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.rooms import open_embedder, open_library
from edge_assistant.storage.database import Database

if TYPE_CHECKING:
    from edge_assistant.types import Embedder


def embedder(config: Config) -> Embedder:
    """Return the embedder that the settings name. Raises `TierError`."""
    return open_embedder(config)


def apart(config: Config, place: Path) -> Config:
    """Return the settings with their home in another place, and none of the starter documents."""
    knowledge = config.knowledge.model_copy(update={"starter": False})
    return config.model_copy(update={"home": place, "knowledge": knowledge})


@contextmanager
def filled(config: Config, documents: Sequence[Row], place: Path) -> Iterator[Library]:
    """Open a knowledge base in a folder with labelled documents in it, under their ids, and nothing else."""
    database = Database(place / "assistant.db")
    try:
        library = open_library(apart(config, place), database)
        for document in documents:
            text = str(document["text"])
            library.add(plain(document["id"], text, detect(text), str(document.get("title", ""))))
        library.settle()
        yield library
    finally:
        database.close()
