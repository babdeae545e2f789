"""The knowledge base: documents go in, passages come out, best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.answering import Finding, finding, ranked, together
from edge_assistant.knowledge.chunks import Chunk, chunks
from edge_assistant.knowledge.collections import Collections, Terms, answered, preferred
from edge_assistant.knowledge.compound import questions
from edge_assistant.knowledge.contradictions import noticed
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.former import Former, Stamped
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.meanings import Meanings
from edge_assistant.knowledge.search import Search
from edge_assistant.knowledge.selection import EVERYTHING, Selection
from edge_assistant.knowledge.snapshots import IndexMaker, Snapshots
from edge_assistant.knowledge.store import Entry, Store
from edge_assistant.knowledge.synonyms import Synonyms
from edge_assistant.knowledge.words import naming
from edge_assistant.languages import detect
from edge_assistant.storage.database import Database
from edge_assistant.types import Embedder, Passage


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
        self.collections = Collections(database, settings)
        snapshots = Snapshots(self.store, folder, index) if index and folder else None
        before = Former(self.store, snapshots, former) if snapshots and former else None
        self.meanings = Meanings(self.store, embedder, snapshots, before, place)
        self._search = Search(self.store, self.meanings, self.collections)
        self._synonyms = synonyms
        self._asked: tuple[tuple[str, str, int], Question] | None = None

    @property
    def trouble(self) -> str:
        """Return why nothing is found by its meaning, or nothing."""
        return self.meanings.trouble

    @property
    def stamp(self) -> str:
        """Return what identifies the embedder, or nothing without one."""
        return self.meanings.stamp

    @property
    def languages(self) -> Sequence[str]:
        """Return the languages that the embedder reads; none without one."""
        return self.meanings.languages

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
        vectors = self.meanings.embed([chunk.embedded for chunk in cut])
        self.store.replace(document, cut, self.stamp if vectors is not None else None, vectors)
        return True

    def put(self, document: Document) -> None:
        """Keep a document in the place of an earlier one; it is found by its words until `settle` makes vectors."""
        self.store.replace(document, chunks(document), None, None)

    def restore(self, document: Document, cut: Sequence[Chunk], vectors: Sequence[bytes], stamp: str) -> bool:
        """Keep a document that another library has cut; its vectors count where the embedder is the same."""
        if self.store.fingerprint(document.collection, document.source) == document.fingerprint:
            return False
        rows = self.meanings.usable(vectors, stamp)
        self.store.replace(document, cut, None if rows is None else stamp, rows)
        return True

    def remove(self, source: str, collection: str | None = None) -> int:
        """Forget the documents of this name or path; return how many there were."""
        return self.store.remove(source, collection)[0]

    def search(self, text: str, limit: int, language: str | None = None) -> Sequence[Passage]:
        """Return the passages that bear on a text, best first; those in its language before all others."""
        return [found.passage for found in self.find(text, limit, language)]

    def find(
        self, text: str, limit: int, language: str | None = None, *, within: Selection = EVERYTHING
    ) -> Sequence[Found]:
        """Return what `search` does, with the scores of every way of looking; single sentences weigh in the order."""
        text = self.reworded(text)
        found = self._search.found(text, limit, language, within)
        found = found or (self._search.found(text, limit, None, within) if language else [])
        asked = language or detect(text)
        if found and found[0].stored.chunk.language != asked:  # no sentence can be weighed by its words
            return preferred(found)
        known = {one.stored.id: one for one in found}
        order = ranked(self.question(text, asked), self._weighable(found))
        return preferred([known[one.stored.id] for one in order])

    def question(self, text: str, language: str) -> Question:
        """Return a question with what the library knows about its words; the last one is kept with what it found."""
        asked = (text, language, self.store.generation)
        if self._asked is None or self._asked[0] != asked:
            frequencies, total = self.store.frequencies(naming(text)[:32])
            self._asked = (asked, Question(text, language, frequencies, total))
        return self._asked[1]

    def answer(
        self, text: str, language: str, found: Sequence[Found] | None = None, *, within: Selection = EVERYTHING
    ) -> Finding | None:
        """Return what the documents say to a question, or to each one that it joins, and how probably it answers."""
        if found is None:
            found = self.find(text, 10, language, within=within)
        question = self.question(self.reworded(text), language)
        nearness = cache(lambda said: self.meanings.nearness(question.text, language, said))
        whole = answered(self._weighable(found), lambda passages: finding(question, passages, nearness))
        whole = whole and noticed(whole, found, text, language)
        parts = questions(text)
        if len(parts) == 1:
            return whole
        return together([self.answer(part, language, within=within) for part in parts], whole)

    def _weighable(self, found: Sequence[Found]) -> Sequence[Found]:
        """Return passages as the tables were fitted on them: with cosines of the one embedder, else with none."""
        return found if self.meanings.measured else [replace(one, cosine=None) for one in found]

    def reworded(self, text: str) -> str:
        """Return a text in the words that the documents use, where the user's own file says which mean the same."""
        if self._synonyms is None:
            return text
        return self._synonyms.as_said(text, lambda token: self.store.frequencies([token])[0].get(token, 0))

    def embedders(self) -> list[Stamped]:
        """Return which embedders made the vectors there are, and how many passages wait for the one in use."""
        return self.meanings.embedders()

    def settle(self, progress: Callable[[int, int], object] = lambda done, total: None) -> None:
        """Embed what has no vector yet, and write the index down: after a batch of additions. Raises `StorageError`.

        What was added before is on the disk then. `progress` is told how many of how many passages are embedded.
        """
        self.store.words.count()
        self.meanings.settle(progress)
        self.store.database.sync()

    def rebuild(self) -> int:
        """Throw the index away and make it again from the rows; return how many vectors it holds."""
        self.meanings.forget_index()
        self.settle()
        return len(self.indexed())

    def indexed(self) -> list[int]:
        """Return the numbers of the passages that the index holds."""
        index = self.meanings.index
        return index.ids.tolist() if index else []

    def verify(self) -> list[str]:
        """Return what is wrong, one sentence each; nothing is a good sign."""
        return [*soundness.faults(self.store), *self.meanings.faults()]

    def repair(self) -> int:
        """Drop what belongs to nothing, and make words and index again; return how many vectors there are.

        A database that is damaged itself is mended by the next start. Raises `StorageError`.
        """
        soundness.mend(self.store)
        return self.rebuild()
