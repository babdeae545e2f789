"""One file as it should be on the disk, and what is wrong with one that is not so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import Field

from edge_assistant.config import Section
from edge_assistant.models.pins import Pin
from edge_assistant.storage.digests import sha256

if TYPE_CHECKING:
    from typing_extensions import Self

MAGIC: Final = b"GGUF"
PLAIN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""What a name may be, so that no path comes of it."""
_BEGINNINGS: Final = {".onnx": (b"\x08", "an ONNX file"), ".json": (b"{", "JSON"), ".bin": (b"E5S1", "packed weights")}
"""How files that are no GGUF begin, by the end of their name."""


class StoredFile(Section):
    """One file that can be fetched and checked."""

    file: str = Field(pattern=PLAIN)
    """How it is called in the models folder."""
    size: int = Field(default=0, ge=0)
    """In bytes; 0 where it is not known, until it was fetched once."""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    """Empty where it is not known, until it was fetched once."""
    sources: tuple[str, ...] = ()
    """Where it can be had, tried in order: `hf:…`, `pypi:…`, `https:…` and `file:…`."""

    def flaw(self, path: Path) -> str | None:
        """Return what is wrong with a file at a glance (it is missing, cut, or no model), if anything is."""
        flaw = unusable(path)
        if flaw is not None:
            return flaw
        size = path.stat().st_size
        return f"has {size:,} bytes instead of {self.size:,}" if self.size and size != self.size else None

    def damage(self, path: Path, progress: Callable[[int], object] = lambda count: None) -> str | None:
        """Return what is wrong with a file, its hash included; `progress` is told how many bytes were read."""
        flaw = self.flaw(path)
        if flaw is not None or not self.sha256:
            return flaw
        return None if digest(path, progress) == self.sha256 else "has the wrong SHA-256"

    def pinned(self, pins: Mapping[str, Pin]) -> Self:
        """Return the file with what was learned when it was first fetched."""
        known = [pins[source] for source in self.sources if source in pins]
        if not known:
            return self
        sources = dict.fromkeys((*(pin.source for pin in known), *self.sources))
        size, sha256 = self.size or known[0].size, self.sha256 or known[0].sha256
        return self.model_copy(update={"size": size, "sha256": sha256, "sources": tuple(sources)})


def unusable(path: Path) -> str | None:
    """Return why a path cannot be a model (a GGUF file, or what the end of its name promises), if so."""
    promised = path.name.strip(".").removesuffix(".part")
    magic, kind = next((kept for end, kept in _BEGINNINGS.items() if promised.endswith(end)), (MAGIC, "a GGUF file"))
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    if start.startswith(magic):
        return None
    page = re.match(rb"\s*(<!doctype|<html|<\?xml|[{\[])", start, re.IGNORECASE)
    return "is a web page, not a model" if page else f"is not {kind}"


def digest(path: Path, progress: Callable[[int], object] = lambda count: None) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return sha256(file, progress)
