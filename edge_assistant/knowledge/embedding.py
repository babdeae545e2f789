"""Passages are searchable by their words at once; their vectors follow here, in batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from edge_assistant.knowledge.store import Store
from edge_assistant.types import Embedder

BATCH: Final = 512
"""Passages that are embedded and then kept in one transaction: a kill costs two to ten seconds of work."""


def embed_waiting(store: Store, embedder: Embedder, progress: Callable[[int, int], object]) -> None:
    """Embed every passage that this embedder has not seen, the longest first. Raises `TierError`, `StorageError`.

    Sorted by length over all of them, a batch has next to no padding; and what is left only gets faster.
    """
    waiting = store.unembedded(embedder.stamp)
    progress(0, len(waiting))
    for done, batch in _batches(waiting):
        passages = store.passages(batch)  # what was removed meanwhile is not among them
        texts = [stored.chunk.embedded for stored in passages.values()]
        if texts:
            store.add_vectors(embedder.stamp, list(passages), embedder.embed(texts, "passage"))
        progress(done, len(waiting))


def _batches(numbers: list[int]) -> Iterator[tuple[int, list[int]]]:
    for start in range(0, len(numbers), BATCH):
        batch = numbers[start : start + BATCH]
        yield start + len(batch), batch
