"""The knowledge base: documents go in, passages come out, best first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from edge_assistant.errors import ConfigError, StorageError, TierError
from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.answering import Finding, finding, ranked, together
from edge_assistant.knowledge.chunks import Chunk, chunks
from edge_assistant.knowledge.collections import Collections, Terms
from edge_assistant.knowledge.compound import questions
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.embedding import embed_waiting
from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.former import Former, Space, Stamped, stamped
from edge_assistant.knowledge.fuse import DENSE, Found, fused, fused_across
from edge_assistant.knowledge.nearness import cosines
from edge_assistant.knowledge.repeats import distinct
from edge_assistant.knowledge.snapshots import Current, IndexMaker, Snapshots, StoredIndex
from edge_assistant.knowledge.store import Entry, Selection, Store, Stored
from edge_assistant.knowledge.synonyms import Synonyms
from edge_assistant.knowledge.words import naming, terms
from edge_assistant.languages import detect
from edge_assistant.storage.database import Database
from edge_assistant.types import Embedder, Passage

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

_CANDIDATES: Final = 50
"""Passages that each way of looking may propose."""
_REPEATED: Final = 6
"""Passages that are read beyond those that are wanted: some repeat others."""
_log = logging.getLogger(__name__)


class Library:
    """Satisfies the needs of the knowledge tier and of `kb`; one thread at a time.

    The embedder and the index are opened at the first search that needs them. While one of them is missing or
    broken, full-text search answers alone, and `trouble` says why.
    """

    def __init__(
        self,
        database: Database,
        *,
        embedder: Callable[[], Embedder] | None = None,
        index: IndexMaker | None = None,
        folder: Path | None = None,
        settings: Mapping[str, Terms] | None = None,
        place: str = "",
        former: Callable[[str], Embedder] | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        """Open the tables only. `settings` are what the settings file says about collections.

        `place` is where the embedder is; `former` opens one that was used before, by its place.
        """
        self.store = Store(database)
        self._synonyms = synonyms
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._asked: tuple[tuple[str, str, int], Question] | None = None
        self._before: tuple[tuple[str, str], Future[FloatArray]] | None = None
        self.collections = Collections(database, settings)
        self.trouble = "" if embedder else "no embedder is set up"
        self._load = embedder
        self._embedder: Embedder | None = None
        self._snapshots = Snapshots(self.store, folder, index) if index and folder else None
        self._current: Current | None = None
        self._place = place
        self._former = Former(self.store, self._snapshots, former) if self._snapshots and former else None

    @property
    def generation(self) -> int:
        """Return a number that grows with every change of the documents."""
        return self.store.generation

    def documents(self) -> Sequence[Entry]:
        """Return every document, by collection and name."""
        return self.store.entries()

    def add(self, document: Document) -> bool:
        """Keep a document, all of it or nothing; return False where it is already there, word for word."""
        if self.store.fingerprint(document.collection, document.source) == document.fingerprint:
            return False
        cut = chunks(document)
        vectors = self._embed([chunk.embedded for chunk in cut])
        self.store.replace(document, cut, self.stamp if vectors is not None else None, vectors)
        return True

    def put(self, document: Document) -> None:
        """Keep a document in the place of an earlier one; it is found by its words until `settle` makes vectors."""
        self.store.replace(document, chunks(document), None, None)

    def restore(self, document: Document, cut: Sequence[Chunk], vectors: Sequence[bytes], stamp: str) -> bool:
        """Keep a document that another library has cut; its vectors count where the embedder is the same."""
        if self.store.fingerprint(document.collection, document.source) == document.fingerprint:
            return False
        rows = self._usable(vectors, stamp)
        self.store.replace(document, cut, None if rows is None else stamp, rows)
        return True

    def _usable(self, vectors: Sequence[bytes], stamp: str) -> FloatArray | None:
        """Return vectors of another library where this embedder could have made them."""
        import numpy

        if not vectors or not self._ready() or self._embedder is None or stamp != self.stamp:
            return None
        if any(len(vector) != 2 * self._embedder.dimension for vector in vectors):
            return None
        rows = numpy.frombuffer(b"".join(vectors), dtype=numpy.float16).astype(numpy.float32)
        return rows.reshape(len(vectors), -1) if numpy.isfinite(rows).all() else None

    def remove(self, source: str, collection: str | None = None) -> int:
        """Forget the documents of this name or path; return how many there were."""
        return self.store.remove(source, collection)[0]

    def search(self, text: str, limit: int, language: str | None = None) -> Sequence[Passage]:
        """Return the passages that bear on a text, best first; those in its language before all others."""
        return [found.passage for found in self.find(text, limit, language)]

    def find(
        self,
        text: str,
        limit: int,
        language: str | None = None,
        *,
        collections: Sequence[str] = (),
        source: str | None = None,
    ) -> Sequence[Found]:
        """Return what `search` does, with the scores of every way of looking; single sentences weigh in the order.

        Only in these collections, and in documents whose name matches `source`, a pattern like ``*.pdf``.
        """
        text = self.reworded(text)
        within = Selection(tuple(collections), source)
        found = self._find(text, limit, language, within)
        found = found or (self._find(text, limit, None, within) if language else [])
        asked = language or detect(text)
        if found and found[0].stored.chunk.language != asked:  # no sentence can be weighed by its words
            return self.collections.preferred(found)
        return self.collections.preferred(ranked(self.question(text, asked), found))

    def question(self, text: str, language: str) -> Question:
        """Return a question with what the library knows about its words; the last one is kept with what it found."""
        asked = (text, language, self.store.generation)
        if self._asked is None or self._asked[0] != asked:
            frequencies, total = self.store.frequencies(naming(text)[:32])
            self._asked = (asked, Question(text, language, frequencies, total))
        return self._asked[1]

    def answer(self, text: str, language: str, found: Sequence[Found] | None = None) -> Finding | None:
        """Return what the documents say to a question, with the probability that it answers it."""
        if found is None:
            found = self.find(text, 10, language)
        question = self.question(self.reworded(text), language)
        nearness = cache(lambda said: self._nearness(question, said))
        whole = self.collections.answered(found, lambda passages: finding(question, passages, nearness))
        parts = questions(text)
        if len(parts) == 1:
            return whole
        return together([self.answer(part, language) for part in parts], whole)

    def reworded(self, text: str) -> str:
        """Return a text in the words that the documents use, where the user's own file says which mean the same."""
        if self._synonyms is None:
            return text
        return self._synonyms.as_said(text, lambda token: self.store.frequencies([token])[0].get(token, 0))

    @property
    def languages(self) -> Sequence[str]:
        """Return the languages that the embedder reads; none without one."""
        try:
            return tuple(self._embedder.languages) if self._ready() and self._embedder else ()
        except (TierError, ConfigError) as error:
            self._give_up(error)
            return ()

    def _find(self, text: str, limit: int, language: str | None, within: Selection) -> list[Found]:
        asked, reads = language or detect(text), self.languages
        dense = DENSE.get(asked, 0.5) if asked in reads else 0.0
        across = bool(dense) and len(reads) > 1
        only = None if across else language
        meant = self._meant(text) if dense else None
        bm25 = self.store.matching(terms(text), _CANDIDATES, only, within)
        near = self._near(meant, bm25, within, only) if meant else {}
        if across:
            both = {*bm25, *near}
            scores = fused_across(bm25, near, dense, both - self.store.passing(both, language=asked))
        else:
            scores = fused(bm25, near, dense)
        share = cache(lambda collection: self.collections.of(collection).share)
        found = (
            Found(one, min(1.0, scores[one.id]), bm25.get(one.id, 0.0), near.get(one.id), share(one.collection))
            for one in self._read(list(scores), limit + _REPEATED)
        )
        return distinct(found, limit)

    def _read(self, numbers: Sequence[int], at_once: int) -> Iterator[Stored]:
        """Yield passages in this order; most of those that were found are never read."""
        for start in range(0, len(numbers), at_once):
            stored = self.store.passages(numbers[start : start + at_once])
            yield from (stored[number] for number in numbers[start : start + at_once] if number in stored)

    def _meant(self, text: str) -> tuple[Space, Future[FloatArray]] | None:
        """Begin to embed a question; its words are looked for meanwhile."""
        space = self._space()
        if space is None:
            return None
        if self._before is None or self._before[0] != (text, space.embedder.stamp):
            self._before = (text, space.embedder.stamp), self._thread.submit(space.embedder.embed, [text], "query")
        return space, self._before[1]

    def _nearness(self, question: Question, said: str) -> float | None:
        """Return how near a text is to a question in meaning; None where no embedder reads the question."""
        meant = self._meant(question.text) if question.language in self.languages else None
        if meant is None:
            return None
        space, vector = meant
        try:
            return float(vector.result()[0] @ space.embedder.embed([said], "passage")[0])
        except TierError as error:
            self._give_up(error)
            return None

    def _near(
        self, meant: tuple[Space, Future[FloatArray]], others: Collection[int], within: Selection, only: str | None
    ) -> dict[int, float]:
        """Return the nearest passages by meaning, in one language or all, and how near these others are."""
        space, vector = meant
        try:
            near = cosines(self.store, space, vector.result(), others, within, _CANDIDATES)
        except TierError as error:
            self._give_up(error)
            return {}
        if only is None:
            return near
        spoken = self.store.passing(near.keys() - {*others}, language=only).union(others)
        return {number: cosine for number, cosine in near.items() if number in spoken}

    def _space(self) -> Space | None:
        """Return the embedder and the index that answer now: the former ones, until every passage has its vector."""
        if self._opened() is None or self._embedder is None or self._current is None:
            return None
        former = self._former.space(self.stamp) if self._former else None
        return former or Space(self._embedder, self._current)

    @property
    def stamp(self) -> str:
        """Return what identifies the embedder, or nothing without one."""
        return self._embedder.stamp if self._embedder else ""

    def embedders(self) -> list[Stamped]:
        """Return which embedders made the vectors there are, and how many passages wait for the one in use."""
        try:
            return stamped(self.store, self.stamp if self._ready() else "", self._place)
        except (TierError, ConfigError) as error:
            self._give_up(error)
            return stamped(self.store, "", "")

    def settle(self, progress: Callable[[int, int], object] = lambda done, total: None) -> None:
        """Embed what has no vector yet, and write the index down: after a batch of additions. Raises `StorageError`.

        `progress` is told how many of how many passages are embedded.
        """
        if self._ready() and self._embedder is not None and self.store.waiting(self.stamp):
            try:
                embed_waiting(self.store, self._embedder, progress)
            except TierError as error:
                self._give_up(error)
        self.store.words.count()
        if self._former and self._embedder and not self.store.waiting(self.stamp):
            self._former.remember(self.stamp, self._place)
        if self._opened() and self._snapshots and self._embedder and self._current:
            self._current = self._snapshots.settle(self._current, self.stamp, self._embedder.dimension)

    def rebuild(self) -> int:
        """Throw the index away and make it again from the rows; return how many vectors it holds."""
        if self._snapshots:
            self._snapshots.clear()
        self._current = None
        self.settle()
        return len(self._current.index.ids) if self._current else 0

    def indexed(self) -> list[int]:
        """Return the numbers of the passages that the index holds."""
        return self._current.index.ids.tolist() if self._opened() and self._current else []

    def verify(self) -> list[str]:
        """Return what is wrong, one sentence each; nothing is a good sign."""
        faults = [*(self._snapshots.faults() if self._snapshots else []), *soundness.faults(self.store)]
        index = self._opened()
        if index is None:
            return [*faults, self.trouble] if self.trouble else faults
        if waiting := self.store.waiting(self.stamp):
            faults.append(f"{waiting} passages have no vector yet; `kb rebuild` makes them")
        if apart := soundness.missing(self.store, self.stamp, index.ids):
            faults.append(f"the index and the rows differ in {apart} passages; `kb rebuild` makes it again")
        if (recall := soundness.recall(self.store, self.stamp, index)) < soundness.RECALL:
            faults.append(f"the index finds {recall:.0%} of the nearest passages; `kb rebuild` makes it again")
        return faults

    def repair(self) -> int:
        """Drop what belongs to nothing, and make words and index again; return how many vectors there are.

        A database that is damaged itself is mended by the next start. Raises `StorageError`.
        """
        soundness.mend(self.store)
        return self.rebuild()

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

    def _embed(self, texts: Sequence[str], kind: Literal["query", "passage"] = "passage") -> FloatArray | None:
        if not texts or not self._ready() or self._embedder is None:
            return None
        try:
            return self._embedder.embed(texts, kind)
        except TierError as error:
            self._give_up(error)
            return None

    def _opened(self) -> StoredIndex | None:
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

    def _give_up(self, error: Exception) -> None:
        _log.warning("searching by words only: %s", error)
        self.trouble = str(error)
        self._embedder = None
