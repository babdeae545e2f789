"""Whether rows, words, vectors and the index belong together, and how they are made to."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from edge_assistant.knowledge.rows import say_words
from edge_assistant.knowledge.store import Store
from edge_assistant.types import VectorIndex

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray

RECALL: Final = 0.95
"""The share of the true ten nearest that an index has to find."""
_ASKED: Final = 50
_ORPHANS: Final = {
    "passages without a document": "chunks WHERE document_id NOT IN (SELECT id FROM documents)",
    "vectors without a passage": "embeddings WHERE chunk_id NOT IN (SELECT id FROM chunks)",
    "words without a passage": "search_docsize WHERE id NOT IN (SELECT id FROM chunks)",
    "passages without words": "chunks WHERE id NOT IN (SELECT id FROM search_docsize)",
}


def faults(store: Store) -> list[str]:
    """Return what does not belong together, one sentence each. Raises `StorageError`."""
    found = []
    checked = store.database.row("PRAGMA quick_check(1)")
    if checked is None or checked[0] != "ok":
        found.append(f"{store.database.path}: the database is damaged; `kb verify --repair` begins a new one")
    for what, where in _ORPHANS.items():
        row = store.database.row(f"SELECT count(*) FROM {where}")  # noqa: S608
        if row and row[0]:
            found.append(f"there are {row[0]} {what}; `kb verify --repair` mends it")
    try:
        store.database.connection.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    except sqlite3.DatabaseError:
        found.append("the words are not those of the passages; `kb verify --repair` reads them again")
    return found


def mend(store: Store) -> None:
    """Drop what belongs to nothing, and read the words of every passage again. Raises `StorageError`."""
    with store.database.transaction() as connection:
        connection.execute(f"DELETE FROM {_ORPHANS['passages without a document']}")  # noqa: S608
        connection.execute(f"DELETE FROM {_ORPHANS['vectors without a passage']}")  # noqa: S608
        connection.execute("DELETE FROM search")
        connection.execute("INSERT INTO search(search) VALUES ('rebuild')")
        for row in connection.execute("SELECT id, title, question, text FROM chunks"):
            say_words(connection, *row)


def recall(store: Store, stamp: str, index: VectorIndex) -> float:
    """Return the share of the ten nearest that the index finds, for points between vectors of the library."""
    import numpy

    drawn = store.vectors.sample(stamp, 2 * _ASKED)
    asked = drawn[: len(drawn) // 2] + drawn[len(drawn) // 2 : 2 * (len(drawn) // 2)]
    if not len(asked):
        return 1.0
    asked /= numpy.maximum(numpy.linalg.norm(asked, axis=1, keepdims=True), 1e-9)
    exact = _nearest(store, stamp, asked, 10)
    _, found = index.search(asked, exact.shape[1])
    numbers, vectors = store.vectors.of(stamp, set(found.ravel().tolist()))
    there = dict(zip(numbers.tolist(), vectors, strict=True))
    # By score and not by number: of equal passages any may be found.
    near = [
        bool(number in there and there[number] @ question >= tenth - 1e-5)
        for question, tenth, row in zip(asked, exact.min(axis=1).tolist(), found.tolist(), strict=True)
        for number in row
    ]
    return sum(near) / len(near)


def _nearest(store: Store, stamp: str, asked: FloatArray, most: int) -> FloatArray:
    import numpy

    best = numpy.empty((len(asked), 0), dtype=numpy.float32)
    for _, vectors in store.vectors.batches(stamp, -1, store.generation):
        both = numpy.concatenate([best, asked @ vectors.T], axis=1)
        best = -numpy.sort(-both, axis=1)[:, :most]
    return best


def missing(store: Store, stamp: str, ids: IntArray) -> int:
    """Return how many numbers the index and the rows do not have in common."""
    import numpy

    return len(numpy.setxor1d(ids, store.vectors.ids(stamp)))
