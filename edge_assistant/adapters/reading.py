"""Documents read by a process of its own: it may break, hang or swell, and we go on with the next file."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

from edge_assistant.adapters.child import Child
from edge_assistant.errors import InputError
from edge_assistant.knowledge import readers
from edge_assistant.knowledge.documents import Block, Card, Document

SCRIPT: Final = Path(__file__).with_name("reader_worker.py")
_AT_HOME: Final = frozenset({".md", ".markdown", ".txt", ".text", ".rst", ".csv", ".tsv", ".jsonl", ".srt", ".vtt"})
_SMALL: Final = 16_000
"""Bytes up to which these kinds are read at once, here: the worst Markdown (`![` over and over) takes .3 s."""
_MEGABYTES: Final = 768
"""Address space of the process; its libraries take 50 of it."""
_BUSY: Final = 4.0
"""How many times its processor time a document may take by the clock, on a busy machine."""


class Reading:
    """Reads documents one after the other; the process starts at the first that needs it, and anew after a death."""

    def __init__(
        self,
        seconds: float = 30.0,
        *,
        patience: float | None = None,
        megabytes: int = _MEGABYTES,
        at_home: int = _SMALL,
        script: Path = SCRIPT,
    ) -> None:
        """Start nothing yet. `seconds` of processor time are for one document, `patience` of the clock.

        Simple kinds of at most `at_home` bytes are read without the process.
        """
        self._seconds = seconds
        self._patience = patience or _BUSY * seconds
        self._megabytes = megabytes
        self._small = at_home
        self._script = script
        self._loop: asyncio.AbstractEventLoop | None = None
        self._child: Child | None = None

    def read(
        self, path: Path, source: str, *, limit: int, collection: str = "main", language: str | None = None
    ) -> Document:
        """Read one file of at most `limit` bytes. Raises `InputError` with one sentence where it cannot be used."""
        size = readers.checked(path, limit)
        if size <= self._small and path.suffix.lower() in _AT_HOME:
            return readers.read(path, source, limit=limit, collection=collection, language=language)
        request = {
            "read": str(path),
            "source": source,
            "limit": limit,
            "collection": collection,
            "language": language,
        }
        self._loop = self._loop or asyncio.new_event_loop()
        return self._loop.run_until_complete(self._read(path, request))

    def close(self) -> None:
        """End the process; a later `read` would start another."""
        if self._loop is not None:
            self._end()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
        self._loop = None

    async def _read(self, path: Path, request: dict[str, Any]) -> Document:
        if self._child is None:
            self._child = await Child.start(self._script, environment={})
            self._child.say(path=[*filter(None, sys.path)], megabytes=self._megabytes)
        self._child.say(seconds=self._seconds, **request)
        try:
            return await asyncio.wait_for(_document(self._child, path), self._patience)
        except asyncio.TimeoutError as error:
            self._end()
            raise InputError(f"{path}: reading it takes too long (the setting is knowledge.max_seconds)") from error
        finally:
            if self._child is not None and not self._child.alive:
                self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
        self._child = None


async def _document(child: Child, path: Path) -> Document:
    """Put a document together from its frames. Raises `InputError`."""
    blocks: list[Block] = []
    cards: list[Card] = []
    while (frame := await child.frames.get()) is not None:
        said: dict[str, Any] = frame
        blocks += (Block(**{**block, "headings": tuple(block["headings"])}) for block in said.get("blocks", ()))
        cards += (Card(**card) for card in said.get("cards", ()))
        if "refused" in said:
            raise InputError(said["refused"])
        if "document" in said:
            return Document(**said["document"], blocks=tuple(blocks), cards=tuple(cards))
    raise InputError(f"{path}: the process that read it was lost ({child.ending}); the file may be damaged")
