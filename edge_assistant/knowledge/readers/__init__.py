"""Files turned into documents: what a file is, its ending says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, Card, Document
from edge_assistant.knowledge.markdown import dated
from edge_assistant.knowledge.readers.archives import epub, word
from edge_assistant.knowledge.readers.html import html
from edge_assistant.knowledge.readers.mail import mail
from edge_assistant.knowledge.readers.pdf import pdf
from edge_assistant.knowledge.readers.subtitles import subtitles
from edge_assistant.knowledge.readers.tables import lines, table
from edge_assistant.knowledge.readers.text import Content, markdown, plain_text
from edge_assistant.knowledge.sentences import pieces
from edge_assistant.languages import detect
from edge_assistant.safe_text import writable_text

_SAMPLE: Final = 4000
"""Characters that decide which language a document is in."""
_LONGEST: Final = 10_000
"""Characters after which a paragraph is cut, so that nothing later has to work on an endless one."""
_LONGEST_TITLE: Final = 200
_MOST: Final = 20_000_000
"""Characters in one document; a thousand-page book has three million."""

READERS: Final[Mapping[str, Callable[[bytes], Content]]] = {
    ".md": markdown,
    ".markdown": markdown,
    ".txt": plain_text,
    ".text": plain_text,
    ".rst": plain_text,
    ".html": html,
    ".htm": html,
    ".xhtml": html,
    ".pdf": pdf,
    ".docx": word,
    ".epub": epub,
    ".csv": table,
    ".tsv": table,
    ".jsonl": lines,
    ".srt": subtitles,
    ".vtt": subtitles,
    ".eml": mail,
}
"""Which endings are read, and how."""


def read(path: Path, source: str, *, limit: int, collection: str = "main", language: str | None = None) -> Document:
    """Read one file of at most `limit` bytes; what it is, its ending says.

    Raises `InputError` with one sentence for a file that cannot be used.
    """
    checked(path, limit)
    return parsed(contents(path, limit), path, source, collection=collection, language=language)


def parsed(content: bytes, path: Path, source: str, *, collection: str, language: str | None) -> Document:
    """Turn the bytes of a file into a document. Raises `InputError`."""
    reader = READERS[path.suffix.lower()]
    try:
        blocks, cards, title = reader(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not blocks and not cards:
        raise InputError(f"{path}: there is no text in it")
    if sum(len(block.text) for block in blocks) > _MOST:
        raise InputError(f"{path}: there are more than {_MOST // 1_000_000} million characters in it; divide the file")
    sample = "\n".join([*(block.text for block in blocks[:200]), *(card.question for card in cards[:200])])[:_SAMPLE]
    return Document(
        source=source,
        title=_title(title) or name_of(path),
        language=language or detect(sample),
        blocks=tuple(short for block in blocks for short in _short(block)),
        cards=tuple(_spoken(card, language) for card in cards),
        collection=collection,
        origin=str(path.resolve()),
        sha256=hashlib.sha256(content).hexdigest(),
        dated=dated(content) if path.suffix.lower() in (".md", ".markdown") else None,
    )


def checked(path: Path, limit: int) -> int:
    """Return the size of a file that looks readable from outside: a file, of a known kind, not too large.

    Raises `InputError`.
    """
    try:
        size = path.stat().st_size
        ordinary = path.is_file()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {(getattr(error, 'strerror', '') or 'it cannot be read').lower()}") from error
    if path.suffix.lower() not in READERS:
        raise InputError(
            f"{path}: {path.suffix or 'a file without an ending'} is not a kind of document that can be read"
        )
    if not ordinary:
        raise InputError(f"{path}: this is not a file")
    if size > limit:
        raise InputError(f"{path}: the file is larger than {limit / 1e6:g} MB")
    return size


def name_of(path: Path) -> str:
    """Return what a file without a title is called."""
    return path.stem.replace("_", " ").replace("-", " ")


def contents(path: Path, limit: int) -> bytes:
    """Return the bytes of a file, at most `limit`. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)  # it may have grown since it was looked at
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'it cannot be read').lower()}") from error
    if len(content) > limit:
        raise InputError(f"{path}: the file is larger than {limit / 1e6:g} MB")
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    return content


def _short(block: Block) -> Iterator[Block]:
    """Yield a block whose text can be written, in pieces where it is endless."""
    headings = tuple(title for heading in block.headings if (title := _title(heading)))
    text = writable_text(block.text)
    for piece in [text] if len(text) <= _LONGEST else pieces(text, _LONGEST):
        yield replace(block, text=piece, headings=headings)


def _title(text: str) -> str:
    return " ".join(writable_text(text[:_LONGEST_TITLE]).split())


def _spoken(card: Card, language: str | None) -> Card:
    return replace(card, language=card.language or language or detect(card.question))
