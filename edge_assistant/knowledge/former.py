"""The embedder before this one: it answers until the new one has seen every passage."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edge_assistant.errors import ConfigError, StorageError, TierError
from edge_assistant.knowledge.snapshots import Current, Snapshots
from edge_assistant.knowledge.store import Store
from edge_assistant.types import Embedder

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Space:
    """What makes points of texts, and where points of passages lie."""

    embedder: Embedder
    current: Current


@dataclass(frozen=True, slots=True)
class Stamped:
    """How many passages an embedder has seen."""

    stamp: str
    place: str | None
    """Where it is, empty for the one that comes with the package; None where nobody remembers."""
    passages: int
    waiting: int
    """Passages that it has not seen."""
    used: bool
    """Whether it is the one that is set up now."""

    def __str__(self) -> str:
        """Say it to people."""
        name = {"": "that comes with this package", None: "of an earlier setting"}.get(self.place, f"in {self.place}")
        total = self.passages + self.waiting
        seen = f"embedder {self.stamp[:12]} {name}: {self.passages} of {total} passages have its vectors"
        if not self.used:
            return f"{seen}; they go once no passage waits for the embedder in use"
        if not self.waiting:
            return seen
        return f"{seen}; `kb add` and `kb rebuild` make those of the others"


def stamped(store: Store, used: str, place: str) -> list[Stamped]:
    """Return which embedders made the vectors there are; first the one in use and its place, if there is one."""
    totals = ({used: 0} if used else {}) | store.vectors.stamps()
    places = {stamp: place if stamp == used else store.remembered(_key(stamp)) for stamp in totals}
    return [
        Stamped(stamp, places[stamp], total, store.waiting(stamp), stamp == used) for stamp, total in totals.items()
    ]


def _key(stamp: str) -> str:
    return f"embedder {stamp}"


class Former:
    """Opens the embedder that has seen more passages than the one in use, by the place that was remembered of it."""

    def __init__(self, store: Store, snapshots: Snapshots, open_at: Callable[[str], Embedder]) -> None:
        self._store = store
        self._snapshots = snapshots
        self._open_at = open_at
        self._space: Space | None = None
        self._seen = -1

    def space(self, stamp: str) -> Space | None:
        """Return what answers better than the embedder of this stamp for now, if anything does."""
        generation = self._store.generation
        if generation != self._seen:
            self._space = self._found(stamp) if self._store.waiting(stamp) else None
            self._seen = generation
        return self._space

    def remember(self, stamp: str, place: str) -> None:
        """Keep where the embedder is that has now seen everything, and forget the vectors of all others."""
        if self._store.remembered(_key(stamp)) != place:
            self._store.remember(_key(stamp), place)
        for other in self._store.vectors.stamps().keys() - {stamp}:
            self._store.vectors.drop(other)

    def _found(self, stamp: str) -> Space | None:
        totals = self._store.vectors.stamps()
        best = max(totals, key=lambda one: totals[one], default=stamp)
        place = self._store.remembered(_key(best))
        if totals.get(best, 0) <= totals.get(stamp, 0) or place is None:
            return None
        try:
            embedder = self._open_at(place)
            if embedder.stamp != best:
                return None
            return Space(embedder, self._snapshots.open(best, embedder.dimension))
        except (TierError, ConfigError, StorageError) as error:
            _log.warning("the embedder before this one cannot answer meanwhile: %s", error)
            return None
