"""The rooms that the tasks enter, furnished from the settings."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from edge_assistant.config import Config, shipped
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.library import Library
from edge_assistant.languages import detect
from edge_assistant.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_assistant.operations.evaluate.gold import Row
    from edge_assistant.rulebook import Rulebook
    from edge_assistant.types import Embedder


def embedder(config: Config) -> Embedder:
    """Return the embedder that the settings name. Raises `TierError`."""
    from edge_assistant.adapters.onnx import OnnxEmbedder

    return OnnxEmbedder(config.knowledge.embedder or shipped("models") / "all-MiniLM-L6-v2")


def rulebook(config: Config) -> Callable[[str], Rulebook]:
    """Return what gives the rules of a language, each read once. Raises `ConfigError`."""
    from edge_assistant.rule_files import read_rules
    from edge_assistant.rulebook import CHECKS, Rulebook
    from edge_assistant.skills import CHECKS as OURS

    @cache
    def of(language: str) -> Rulebook:
        folders = (shipped("rules"), *config.rules.folders)
        return Rulebook(read_rules(language, folders, {**CHECKS, **OURS}), OURS)

    return of


@contextmanager
def filled(config: Config, documents: Sequence[Row], place: Path) -> Iterator[Library]:
    """Open a knowledge base in a folder, put labelled documents into it under their ids, and make its index."""
    from edge_assistant.adapters.faiss import FaissIndex

    database = Database(place / "assistant.db")
    try:
        shelves = Library(database, embedder=lambda: embedder(config), index=FaissIndex, folder=place / "index")
        for document in documents:
            text = str(document["text"])
            shelves.add(plain(document["id"], text, detect(text), str(document.get("title", ""))))
        shelves.settle()
        yield shelves
    finally:
        database.close()
