"""Nothing that is asked is taken for a query, and nothing breaks the search by words."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Final

import pytest

from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.store import Store
from edge_assistant.knowledge.words import terms
from edge_assistant.storage.database import Database

_PIECES: Final = (
    *('"', "'", "(", ")", "*", "^", "+", "-", ":", "{", "}", ",", ";", "--", "/*", "\\", "\0", "%", "?", "[", "]", "`"),
    *("NEAR(", "NEAR/3", "AND", "OR", "NOT", "title:", "body :", "{title body}:", "- {title}:", "rank", "rowid"),
    *("' OR 1=1", "DROP TABLE chunks", "pump", "pumps", "red", "valve", "水泵", "红", "é", "\u0301", "\u200b"),
    *("\ufeff", "🔥", "\ud800", "\U0010ffff", "١٢", "ﬁ", "İ", "x" * 300, "7" * 40, " ", "\n", "\t", "\x1b[2J"),
)
"""What FTS5, SQL, Unicode and terminals make something of."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(Database(tmp_path / "assistant.db"))
    texts = [f"The pump {number} is red, the valve is not. 水泵是红色的。" for number in range(2000)]
    cut = [Chunk(text, "Pumps", "pumps.md", "en") for text in texts]
    store.replace(Document("pumps.md", "", "en", sha256="1"), cut, None, None)
    return store


def hostile(random: Random) -> str:
    """Return a question that no person would ask; one in a hundred is very long."""
    count = random.randint(1, 12) if random.random() < 0.99 else 5000
    return random.choice(("", " ")).join(random.choice(_PIECES) for _ in range(count))


def unanswered(store: Store, count: int, seed: int) -> int:
    """Return how many of so many questions that hold a known word find nothing; whatever breaks is raised."""
    random, lost = Random(seed), 0
    for _ in range(count):
        words = terms(hostile(random))
        found = store.matching(words, 10, "en")
        store.matching((hostile(random)[:1000].replace("\ud800", ""),), 10)
        lost += not found and not {"pump", "red", "valv", "水泵"}.isdisjoint(words)
    return lost


def test_two_thousand_hostile_questions_break_nothing(store: Store) -> None:
    assert unanswered(store, 2000, seed=1) == 0


@pytest.mark.faults
def test_a_hundred_thousand_hostile_questions_break_nothing(store: Store) -> None:
    assert unanswered(store, 100_000, seed=int(os.environ.get("SEED", "1"))) == 0
