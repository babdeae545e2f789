"""One file from a folder of this machine: a stick, a share, a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_assistant.errors import DownloadError
from edge_assistant.models.sources import Offer

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file by its path: ``file:/media/stick/model.gguf`` or ``file:~/model.gguf``."""

    path: Path

    @classmethod
    def read(cls, text: str) -> LocalFile | None:
        given = text.removeprefix("file:").removeprefix("//")
        return cls(Path(given)) if text.startswith("file:") and given.startswith(("/", "~/")) else None

    def offer(self, size: int, environment: Mapping[str, str]) -> Offer:
        """Look whether the file is there, and how large it is. Raises `DownloadError`."""
        path = self.path.expanduser()
        try:
            return Offer(f"file:{self.path}", self._copy, path.stat().st_size)
        except OSError as error:
            raise DownloadError(f"{path}: {(error.strerror or type(error).__name__).lower()}") from error

    def _copy(self, target: Path, size: int, progress: Callable[[int], object]) -> None:
        path, done = self.path.expanduser(), 0
        try:
            file = path.open("rb")
        except OSError as error:
            raise DownloadError(f"{path}: {(error.strerror or type(error).__name__).lower()}") from error
        with file, target.open("wb") as copy:
            while done < size and (block := file.read(min(_BLOCK, size - done))):
                copy.write(block)
                done += len(block)
                progress(done)
