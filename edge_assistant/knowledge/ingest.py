"""Files and folders taken into the library, one by one; what cannot be used is said, and the rest goes on."""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.readers import READERS, read
from edge_assistant.safe_text import writable_text

STARTER: Final = "starter"
"""The collection of the documents that come with the package."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the files that were handed in."""

    added: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """One sentence for each file that could not be used."""
    removed: tuple[str, ...] = ()

    @property
    def useful(self) -> bool:
        """Whether anything that was handed in is in the library now."""
        return bool(self.added or self.unchanged)


def add(
    library: Library,
    paths: Sequence[Path],
    *,
    limit: int,
    collection: str = "main",
    language: str | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> Report:
    """Take in files, and the readable files of folders; every file is kept whole or not at all.

    `limit` is the largest file in bytes; `progress` is told how many files of how many are done, and the next one.
    """
    report = Report()
    files = [(file, name) for path in paths for file, name in _files(path)]
    names = _distinct(library, files, collection)
    for done, ((file, _), name) in enumerate(zip(files, names, strict=True)):
        progress(done, len(files), name)
        try:
            if writable_text(str(file)) != str(file):
                raise InputError(f"{writable_text(str(file))}: the name holds bytes that are no UTF-8")
            new = library.add(read(file, name, limit=limit, collection=collection, language=language), later=True)
        except InputError as error:
            report = replace(report, refused=(*report.refused, str(error)))
            continue
        if new:
            report = replace(report, added=(*report.added, name))
        else:
            report = replace(report, unchanged=(*report.unchanged, name))
    progress(len(files), len(files), "")
    if report.added:
        library.settle()
    for path in paths:
        if os.path.isdir(path) and not any(True for _ in _files(path)):
            report = replace(report, refused=(*report.refused, f"{path}: there is no document in this folder"))
    return report


def sync_starter(library: Library, folder: Path | None, *, limit: int = 5_000_000) -> Report:
    """Make the starter collection what the shipped folder holds, or empty without one; cheap where nothing changed."""
    files = [] if folder is None or not folder.is_dir() else list(_files(folder))
    mark = _mark(files)
    if library.store.remembered(STARTER) == mark:
        return Report(unchanged=tuple(name for _, name in files))
    kept = {name for _, name in files}
    vanished = [
        entry.source for entry in library.documents() if entry.collection == STARTER and entry.source not in kept
    ]
    for source in vanished:
        library.remove(source, STARTER)
    report = add(library, [folder], limit=limit, collection=STARTER) if folder and files else Report()
    if vanished and not report.added:
        library.settle()
    library.store.remember(STARTER, mark)
    return replace(report, removed=tuple(vanished))


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a file, or the readable files below a folder, with their names for people; links out are not followed."""
    if not os.path.isdir(path):  # `Path.is_dir` raises where a folder above may not be looked into
        yield path, path.name
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if not hidden and not file.is_symlink() and file.is_file() and file.suffix.lower() in READERS:
            yield file, file.relative_to(path).as_posix()


def _distinct(library: Library, files: Sequence[tuple[Path, str]], collection: str) -> list[str]:
    """Return a name for each file that no other file has: with the name of its folder where two are alike."""
    taken = {entry.source: entry.origin for entry in library.documents() if entry.collection == collection}
    names = []
    for file, wish in files:
        origin, name, folder = str(file.resolve()), wish, file.resolve().parent
        while taken.get(name, origin) != origin and folder.name:
            name, folder = f"{folder.name}/{name}", folder.parent
        taken[name] = origin
        names.append(name)
    return names


def _mark(files: Sequence[tuple[Path, str]]) -> str:
    """Return a hash of names, sizes and times: cheap, and different whenever a file was changed."""
    lines = []
    for file, name in files:
        status = file.stat()
        lines.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
