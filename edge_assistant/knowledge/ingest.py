"""Files and folders taken into the library, one by one; what cannot be used is said, and the rest goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeAlias

from edge_assistant.errors import InputError
from edge_assistant.knowledge import readers
from edge_assistant.knowledge.collections import STARTER
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.shelf import Shelf
from edge_assistant.knowledge.walking import documents
from edge_assistant.safe_text import writable_text
from edge_assistant.storage.digests import sha256

Progress: TypeAlias = Callable[[str, int, int, str], object]
"""Is told of what (files, passages) how many of how many are done, and the name of the next one."""


class Read(Protocol):
    """Reads one file, or raises `InputError` with one sentence."""

    def __call__(self, path: Path, source: str, *, limit: int, collection: str, language: str | None) -> Document: ...


@dataclass(slots=True)
class Report:
    """What became of the files that were handed in, by their names."""

    added: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    """Known under another name until now; the passages are the same."""
    refused: list[str] = field(default_factory=list)
    """One sentence for each file that could not be used."""
    missing: list[str] = field(default_factory=list)
    """Read from these folders before, and no longer there."""
    removed: list[str] = field(default_factory=list)

    @property
    def useful(self) -> bool:
        """Whether anything that was handed in is in the library now."""
        return bool(self.added or self.unchanged or self.moved or self.removed)


def add(
    library: Library,
    paths: Sequence[Path],
    *,
    limit: int,
    collection: str = "main",
    language: str | None = None,
    sync: bool = False,
    only: Callable[[Path], bool] | None = None,
    read: Read = readers.read,
    progress: Progress = lambda what, done, total, name: None,
) -> Report:
    """Take in files, and the readable files of folders; every file is kept whole or not at all.

    `limit` is the largest file in bytes. With `sync`, documents whose files are gone from these folders are
    removed, else they are reported. Files that `only` denies are passed over. Vectors are made after the last
    file. Raises `StorageError`.
    """
    report, shelf = Report(), Shelf(library.store, collection)
    total = sum(1 for path in paths for _ in documents(path))
    done = 0
    for path in paths:
        found = 0
        for file, wish in documents(path, report.refused.append):
            progress("files", done, total, wish)
            if only is None or only(file):
                _take(library, shelf, report, file, wish, limit=limit, language=language, read=read)
            done, found = done + 1, found + 1
        if not found and not report.refused:
            report.refused.append(f"{path}: there is no document in this folder")
        elif found and os.path.isdir(path):
            report.missing += shelf.missing(path)
    progress("files", done, done, "")
    if sync:
        report.removed, report.missing = report.missing, []
        for source in report.removed:
            library.remove(source, collection)
    if report.added or report.removed or library.store.unfinished:
        library.settle(lambda done, total: progress("passages", done, total, ""))
    return report


def _take(
    library: Library,
    shelf: Shelf,
    report: Report,
    file: Path,
    wish: str,
    *,
    limit: int,
    language: str | None,
    read: Read,
) -> None:
    """Take in one file, and note what became of it."""
    try:
        if writable_text(str(file)) != str(file):
            raise InputError(f"{writable_text(str(file))}: the name holds bytes that are no UTF-8")
        readers.checked(file, limit)
        origin, (digest, changed) = str(file.resolve()), _looked_at(file)
        name = shelf.name(file, wish)
        if shelf.holds(name, origin, digest, language):
            report.unchanged.append(name)
        elif shelf.moves(name, origin, digest, language):
            report.moved.append(name)
        else:
            document = read(file, name, limit=limit, collection=shelf.collection, language=language)
            library.put(document if document.dated else replace(document, dated=changed))
            shelf.put(document)
            report.added.append(name)
    except InputError as error:
        report.refused.append(str(error))


def sync_starter(library: Library, folder: Path | None, *, limit: int = 5_000_000) -> Report:
    """Make the starter collection what the shipped folder holds, or empty without one; cheap where nothing changed."""
    files = [] if folder is None or not folder.is_dir() else list(documents(folder))
    mark = _mark(files)
    if library.store.remembered(STARTER) == mark:
        return Report(unchanged=[name for _, name in files])
    kept = {name: str(file.resolve()) for file, name in files}
    known = [entry for entry in library.documents() if entry.collection == STARTER]
    vanished = [entry.source for entry in known if entry.source not in kept]
    for entry in known:  # another installation of the package: the same documents, not further ones
        if kept.get(entry.source, entry.origin) != entry.origin:
            library.store.rename(STARTER, entry.source, entry.source, kept[entry.source])
    for source in vanished:
        library.remove(source, STARTER)
    report = add(library, [folder], limit=limit, collection=STARTER) if folder and files else Report()
    if vanished and not report.added:
        library.settle()
    library.store.remember(STARTER, mark)
    report.removed = vanished
    return report


def _looked_at(file: Path) -> tuple[str, float]:
    """Return the hash of a file's content, and when it was last changed. Raises `InputError`."""
    try:
        with file.open("rb") as stream:
            return sha256(stream), os.fstat(stream.fileno()).st_mtime
    except OSError as error:
        raise InputError(f"{file}: {(error.strerror or 'it cannot be read').lower()}") from error


def _mark(files: Sequence[tuple[Path, str]]) -> str:
    """Return a hash of names, sizes and times: cheap, and different whenever a file was changed."""
    lines = []
    for file, name in files:
        status = file.stat()
        lines.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
