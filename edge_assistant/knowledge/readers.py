"""Files turned into documents: Markdown, text, HTML, PDF and cards."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, Card, Document, paragraphs
from edge_assistant.knowledge.markdown import blocks_of
from edge_assistant.languages import detect
from edge_assistant.safe_text import writable_text

logging.getLogger("pypdf").addHandler(logging.NullHandler())  # else its complaints go to stderr, beside our sentence

Content: TypeAlias = "tuple[tuple[Block, ...], tuple[Card, ...], str]"
"""What a reader finds in a file: blocks, cards, and a title if the file has one."""

_NOISE: Final = re.compile(
    r"<(script|style|template|noscript|svg|head)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE
)
_DAMAGE: Final = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, OSError),
    *(RecursionError, TypeError, ValueError, struct.error, zlib.error),
)
"""What pypdf raises over a damaged file, besides its own errors (seen when files were damaged at random)."""
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)
_SAMPLE: Final = 4000
"""Characters that decide which language a document is in."""


def read(path: Path, source: str, *, limit: int, collection: str = "main", language: str | None = None) -> Document:
    """Read one file of at most `limit` bytes; what it is, its ending says.

    Raises `InputError` with one sentence for a file that cannot be used.
    """
    try:
        path.stat()
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file") from error
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'it cannot be read').lower()}") from error
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path}: {path.suffix or 'a file without an ending'} is not a kind of document that can be read"
        )
    content = _bytes(path, limit)
    try:
        blocks, cards, title = reader(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not blocks and not cards:
        raise InputError(f"{path}: there is no text in it")
    sample = "\n".join([*(block.text for block in blocks), *(card.question for card in cards)])[:_SAMPLE]
    return Document(
        source=source,
        title=title or path.stem.replace("_", " ").replace("-", " "),
        language=language or detect(sample),
        blocks=blocks,
        cards=tuple(replace(card, language=card.language or language or detect(card.question)) for card in cards),
        collection=collection,
        origin=str(path.resolve()),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _bytes(path: Path, limit: int) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{path}: this is not a file")
        if path.stat().st_size > limit:
            raise InputError(f"{path}: the file is larger than {limit / 1e6:g} MB")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'it cannot be read').lower()}") from error
    if not content.strip():
        raise InputError(f"{path}: the file is empty")
    return content


def _text(content: bytes) -> str:
    if b"\0" in content[:65536] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("this is a binary file, not text")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        raise InputError(f"the text is not UTF-8 (byte {error.start})") from error


def _plain(content: bytes) -> Content:
    return paragraphs(_text(content)), (), ""


def _markdown(content: bytes) -> Content:
    return _titled(blocks_of(_text(content)))


def _titled(blocks: tuple[Block, ...]) -> Content:
    """Take the first heading for the title, where everything stands under it."""
    title = blocks[0].headings[0] if blocks and blocks[0].headings else ""
    if not title or any(block.headings[:1] != (title,) for block in blocks):
        return blocks, (), ""
    return tuple(replace(block, headings=block.headings[1:]) for block in blocks), (), title


def _html(content: bytes) -> Content:
    from markdownify import markdownify

    page = _text(content)
    named = _TITLE.search(page)
    try:
        converted = markdownify(_NOISE.sub(" ", page), heading_style="ATX", strip=["a", "img"])
    except RecursionError as error:
        raise InputError("the page is nested too deeply") from error
    blocks, cards, title = _titled(tuple(replace(block, line=None) for block in blocks_of(converted)))
    return blocks, cards, title or (" ".join(named.group(1).split()) if named else "")


def _pdf(content: bytes) -> Content:
    from pypdf import PdfReader
    from pypdf.errors import DeprecationError, PyPdfError

    try:
        file = PdfReader(io.BytesIO(content))
        if file.is_encrypted and not file.decrypt(""):
            raise InputError("the PDF is protected by a password")
        pages = [writable_text(page.extract_text() or "") for page in file.pages]
        title = writable_text(str(file.metadata.title or "")) if file.metadata else ""
    except (PyPdfError, DeprecationError, *_DAMAGE) as error:
        raise InputError("this is not a PDF that can be read") from error
    found = [block for number, page in enumerate(pages, 1) for block in paragraphs(page, page=number)]
    if not found:
        raise InputError("there is no text in the PDF; it may be a scan")
    return tuple(replace(block, line=None) for block in found), (), title.strip()


def _csv(content: bytes) -> Content:
    lines = io.StringIO(_text(content), newline="")
    try:
        rows = csv.DictReader(lines)
        return (), tuple(_cards((rows.line_num, row) for row in rows)), ""
    except csv.Error as error:
        raise InputError(f"the table cannot be read: {error}") from error


def _jsonl(content: bytes) -> Content:
    return (), tuple(_cards(_objects(_text(content)))), ""


def _objects(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {number} is not JSON") from error
        if not isinstance(row, dict):
            raise InputError(f"line {number} is not a JSON object")
        yield number, row


def _cards(rows: Iterable[tuple[int, Mapping[str, object]]]) -> Iterator[Card]:
    for number, row in rows:
        fields = {
            str(key).strip().lower(): writable_text(str(value)).strip() for key, value in row.items() if key and value
        }
        if not fields:
            continue
        if "question" not in fields or "answer" not in fields:
            raise InputError(f"line {number} lacks a question or an answer (the names are `question` and `answer`)")
        language = fields.get("language", "").lower()[:2] or None
        yield Card(fields["question"], fields["answer"], language, fields.get("source"), number)


READERS: Final[Mapping[str, Callable[[bytes], Content]]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain,
    ".text": _plain,
    ".rst": _plain,
    ".html": _html,
    ".htm": _html,
    ".xhtml": _html,
    ".pdf": _pdf,
    ".csv": _csv,
    ".jsonl": _jsonl,
}
"""Which endings are read, and how."""
