"""What passages mean: the embedder, the vectors it made and their index, or the reason why there are none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_assistant.errors import ConfigError, StorageError, TierError
from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.embedding import embed_waiting
from edge_assistant.knowledge.former import Former, Space, Stamped, stamped
from edge_assistant.knowledge.nearness import cosines
from edge_assistant.knowledge.selection import Selection
from edge_assistant.knowledge.snapshots import Current, Snapshots, StoredIndex
from edge_assistant.knowledge.store import Store
from edge_assistant.types import Embedder

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

    Meant: TypeAlias = tuple[Space, Future[FloatArray]]
    """Where passages lie, and the point of a question among them: shape (1, dimension)."""

MEASURED: Final = "all-MiniLM-L6-v2"
"""The embedder that the tables of probabilities were fitted with."""
CANDIDATES: Final = 50
"""Passages that each way of looking may propose."""
_log = logging.getLogger(__name__)


class Meanings:
    """Opens the embedder and the index at the first need; while one is missing or broken, `trouble` says why."""

    def __init__(
        self,
        store: Store,
        embedder: Callable[[], Embedder] | None = None,
        snapshots: Snapshots | None = None,
        former: Former | None = None,
        place: str = "",
    ) -> None:
        self.trouble = "" if embedder else "no embedder is set up"
        self._store = store
        self._load = embedder
        self._embedder: Embedder | None = None
        self._snapshots = snapshots
        self._current: Current | None = None
        self._former = former
        self._place = place
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._before: tuple[tuple[str, str], Future[FloatArray]] | None = None

    @property
    def languages(self) -> Sequence[str]:
        """Return the languages that the embedder reads; none without one."""
        try:
            return tuple(self._embedder.languages) if self._ready() and self._embedder else ()
        except (TierError, ConfigError) as error:
            self._give_up(error)
            return ()

    @property
    def stamp(self) -> str:
        """Return what identifies the embedder, or nothing without one."""
        return self._embedder.stamp if self._embedder else ""

    @property
    def measured(self) -> bool:
        """Whether what is near in meaning says how probable an answer is: other embedders find all things alike."""
        return not self._place or Path(self._place).name.startswith(MEASURED)

    @property
    def index(self) -> StoredIndex | None:
        """Return the index, as new as the rows."""
        if self._snapshots is None or not self._ready() or self._embedder is None:
            return None
        try:
            if self._current is None:
                self._current = self._snapshots.open(self._embedder.stamp, self._embedder.dimension)
            else:
                self._snapshots.catch_up(self._current, self._embedder.stamp)
        except (TierError, StorageError) as error:
            self._give_up(error)
            return None
        return self._current.index

    def embedders(self) -> list[Stamped]:
        """Return which embedders made the vectors there are, and how many passages wait for the one in use."""
        try:
            return stamped(self._store, self.stamp if self._ready() else "", self._place)
        except (TierError, ConfigError) as error:
            self._give_up(error)
            return stamped(self._store, "", "")

    def embed(self, texts: Sequence[str]) -> FloatArray | None:
        """Return the vectors of passages, shape (n, dimension); None where there is no embedder, or it fails."""
        if not texts or not self._ready() or self._embedder is None:
            return None
        try:
            return self._embedder.embed(texts, "passage")
        except TierError as error:
            self._give_up(error)
            return None

    def usable(self, vectors: Sequence[bytes], stamp: str) -> FloatArray | None:
        """Return vectors of another library where this embedder could have made them."""
        import numpy

        if not vectors or not self._ready() or self._embedder is None or stamp != self.stamp:
            return None
        if any(len(vector) != 2 * self._embedder.dimension for vector in vectors):
            return None
        rows = numpy.frombuffer(b"".join(vectors), dtype=numpy.float16).astype(numpy.float32)
        return rows.reshape(len(vectors), -1) if numpy.isfinite(rows).all() else None

    def meant(self, text: str) -> Meant | None:
        """Begin to embed a question; its words are looked for meanwhile."""
        space = self._space()
        if space is None:
            return None
        if self._before is None or self._before[0] != (text, space.embedder.stamp):
            self._before = (text, space.embedder.stamp), self._thread.submit(space.embedder.embed, [text], "query")
        return space, self._before[1]

    def near(
        self, meant: Meant, others: Collection[int], within: Selection, only: str | None, most: int = CANDIDATES
    ) -> dict[int, float]:
        """Return the nearest passages by meaning, in one language or all, and how near these others are."""
        space, vector = meant
        try:
            near = cosines(self._store, space, vector.result(), others, within, most)
        except TierError as error:
            self._give_up(error)
            return {}
        if only is None:
            return near
        spoken = self._store.passing(near.keys() - {*others}, language=only).union(others)
        return {number: cosine for number, cosine in near.items() if number in spoken}

    def nearness(self, text: str, language: str, said: str) -> float | None:
        """Return how near a text is to a question in meaning; None where no table knows what that is worth."""
        meant = self.meant(text) if self.measured and language in self.languages else None
        if meant is None:
            return None
        space, vector = meant
        try:
            return float(vector.result()[0] @ space.embedder.embed([said], "passage")[0])
        except TierError as error:
            self._give_up(error)
            return None

    def settle(self, progress: Callable[[int, int], object] = lambda done, total: None) -> None:
        """Embed what has no vector yet, and write the index down. Raises `StorageError`."""
        if self._ready() and self._embedder is not None and self._store.waiting(self.stamp):
            try:
                embed_waiting(self._store, self._embedder, progress)
            except TierError as error:
                self._give_up(error)
        if self._former and self._embedder and not self._store.waiting(self.stamp):
            self._former.remember(self.stamp, self._place)
        if self.index and self._snapshots and self._embedder and self._current:
            self._current = self._snapshots.settle(self._current, self.stamp, self._embedder.dimension)

    def forget_index(self) -> None:
        """Throw the index away; the next need makes it again from the rows."""
        if self._snapshots:
            self._snapshots.clear()
        self._current = None

    def faults(self) -> list[str]:
        """Return what is wrong with the vectors and the index, one sentence each."""
        damaged = self._snapshots.faults() if self._snapshots else []
        index = self.index
        if index is None:
            return [*damaged, self.trouble] if self.trouble else damaged
        if waiting := self._store.waiting(self.stamp):
            damaged.append(f"{waiting} passages have no vector yet; `kb rebuild` makes them")
        if apart := soundness.missing(self._store, self.stamp, index.ids):
            damaged.append(f"the index and the rows differ in {apart} passages; `kb rebuild` makes it again")
        if (recall := soundness.recall(self._store, self.stamp, index)) < soundness.RECALL:
            damaged.append(f"the index finds {recall:.0%} of the nearest passages; `kb rebuild` makes it again")
        return damaged

    def _space(self) -> Space | None:
        """Return the embedder and the index that answer now: the former ones, until every passage has its vector."""
        if self.index is None or self._embedder is None or self._current is None:
            return None
        former = self._former.space(self.stamp) if self._former else None
        return former or Space(self._embedder, self._current)

    def _ready(self) -> bool:
        """Load the embedder if there is one, or keep the reason why there is none."""
        if self._embedder is None and self._load is not None and not self.trouble:
            try:
                embedder = self._load()
                assert embedder.stamp, "an embedder without a stamp would mix its vectors with others"
                self._embedder = embedder
            except (TierError, ConfigError) as error:
                self._give_up(error)
        return self._embedder is not None

    def _give_up(self, error: Exception) -> None:
        _log.warning("searching by words only: %s", error)
        self.trouble = str(error)
        self._embedder = None
