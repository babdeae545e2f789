"""What a source of files promises before anything is fetched from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

Fetch: TypeAlias = Callable[[Path, int, Callable[[int], object]], None]
"""Fetches a file of so many bytes to a path, continues what lies there, and tells how many bytes are here."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One file as a source has it now."""

    source: str
    """The source, with its revision fixed where it named a moving one."""
    fetch: Fetch
    """Raises `DownloadError`; what came is not proven right yet."""
    size: int = 0
    """In bytes; 0 where the source does not say."""
    sha256: str = ""
    """What the source publishes; empty where it does not."""
    extra: int = 0
    """Bytes of disk that fetching takes for a moment, beside the file."""


class Source(Protocol):
    """Where one file can be had."""

    def offer(self, size: int, environment: Mapping[str, str]) -> Offer:
        """Ask for the file, of which `size` bytes are expected, 0 for unknown. Raises `DownloadError`."""
        ...
