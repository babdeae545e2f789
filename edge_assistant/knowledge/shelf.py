"""What a collection holds, by name, file and content: how a file that comes again is recognised."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.readers import name_of
from edge_assistant.knowledge.store import Store


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document as it is recognised."""

    source: str
    origin: str
    digest: str
    title: str
    language: str


class Shelf:
    """The documents of one collection, and which files of this run are among them."""

    def __init__(self, store: Store, collection: str) -> None:
        self.collection = collection
        self._store = store
        self._by_name: dict[str, _Kept] = {}
        self._by_digest: dict[str, list[_Kept]] = {}
        self._by_origin: dict[str, str] = {}
        self._seen: set[str] = set()
        for row in store.database.rows(
            "SELECT source, origin, sha256, title, language FROM documents WHERE collection = ?", (collection,)
        ):
            self._keep(_Kept(*row))

    def name(self, file: Path, wish: str) -> str:
        """Return the name that a file has already, else one that no other has: with its folder where two are alike."""
        origin, name, folder = str(file.resolve()), wish, file.resolve().parent
        if known := self._by_origin.get(origin):
            self._seen.add(known)
            return known
        while (kept := self._by_name.get(name)) and self._belongs_elsewhere(kept, origin) and folder.name:
            name, folder = f"{folder.name}/{name}", folder.parent
        self._seen.add(name)
        return name

    def holds(self, name: str, origin: str, digest: str, language: str | None) -> bool:
        """Return whether this file is kept as it is; note where it lies now."""
        kept = self._by_name.get(name)
        if kept is None or kept.digest != digest or (language or kept.language) != kept.language:
            return False
        if kept.origin != origin:
            self._rename(kept, name, origin)
        return True

    def moves(self, name: str, origin: str, digest: str, language: str | None) -> bool:
        """Return whether this is the content of a file that is gone, and let its document have the new name.

        One whose title was its file's name gets the name as well, but is to be read anew: titles are searched, too.
        """
        if name in self._by_name:
            return False
        for kept in self._by_digest.get(digest, ()):
            called = name_of(Path(kept.origin)) == kept.title and name_of(Path(origin)) != kept.title
            if not os.path.lexists(kept.origin) and (language or kept.language) == kept.language:
                self._rename(kept, name, origin)
                return not called
        return False

    def put(self, document: Document) -> None:
        """Note what was added."""
        self._keep(_Kept(document.source, document.origin, document.fingerprint, document.title, document.language))

    def missing(self, folder: Path) -> list[str]:
        """Return the documents that were read from below a folder whose files are no longer there."""
        below = f"{folder.resolve()}{os.sep}"
        return [
            kept.source
            for kept in self._by_name.values()
            if kept.source not in self._seen and kept.origin.startswith(below) and not os.path.lexists(kept.origin)
        ]

    def _belongs_elsewhere(self, kept: _Kept, origin: str) -> bool:
        return kept.origin != origin and (kept.source in self._seen or os.path.lexists(kept.origin))

    def _keep(self, kept: _Kept) -> None:
        self._by_name[kept.source] = kept
        self._by_origin[kept.origin] = kept.source
        self._by_digest.setdefault(kept.digest, []).append(kept)

    def _rename(self, kept: _Kept, name: str, origin: str) -> None:
        self._store.rename(self.collection, kept.source, name, origin)
        del self._by_name[kept.source]
        del self._by_origin[kept.origin]
        self._by_digest[kept.digest].remove(kept)
        self._keep(_Kept(name, origin, kept.digest, kept.title, kept.language))
