"""Documents as they are kept: blocks of plain text under their headings, or questions with their answers."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

Kind = Literal["paragraph", "list", "code", "table"]
_ITEM: Final = re.compile(r"[-*•●▪‣]\s+\S|\d{1,2}[.)]\s+\S|\d{1,2}[、）]|[(（]\d{1,2}[)）]")
"""How an item of a list begins."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or something that is only right when it is whole."""

    text: str
    headings: tuple[str, ...] = ()
    """The headings it stands under, outermost first."""
    kind: Kind = "paragraph"
    line: int | None = None
    page: int | None = None
    place: str | None = None
    """Its name in the file where that is neither a heading nor a page: a time, a row."""


@dataclass(frozen=True, slots=True)
class Card:
    """A question with its answer."""

    question: str
    answer: str
    language: str | None = None
    source: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One source of knowledge, read and ready to be cut."""

    source: str
    """Its name for people, unique in its collection: ``router.md``."""
    title: str
    language: str
    blocks: tuple[Block, ...] = ()
    cards: tuple[Card, ...] = ()
    collection: str = "main"
    origin: str = ""
    """The file it was read from."""
    sha256: str = ""
    dated: float | None = None
    """When it was written or last changed, in seconds since 1970, where that is known."""

    @property
    def fingerprint(self) -> str:
        """Identify the content: the hash of the file, or of what was handed in without one."""
        return (
            self.sha256
            or hashlib.sha256(repr((self.title, self.language, self.blocks, self.cards)).encode()).hexdigest()
        )


def plain(source: str, text: str, language: str, title: str = "", collection: str = "main") -> Document:
    """Return a document of plain text, whose paragraphs are parted by empty lines."""
    return Document(source, title, language, paragraphs(text), collection=collection)


def paragraphs(text: str, page: int | None = None, first_line: int = 1) -> tuple[Block, ...]:
    """Return the paragraphs and lists of a plain text with the lines they begin at; broken lines are joined."""
    found: list[Block] = []
    lines: list[str] = []
    for number, line in enumerate((*text.splitlines(), ""), first_line):
        if line.strip():
            lines.append(line.strip())
        elif lines:
            found += _blocks(lines, number - len(lines), page)
            lines = []
    return tuple(found)


def _blocks(lines: list[str], first: int, page: int | None) -> list[Block]:
    """Return a paragraph, or the paragraph that introduces a list and the list."""
    items = [place for place, line in enumerate(lines) if _ITEM.match(line)]
    if len(items) < 2:
        return [Block(joined(lines), line=first, page=page)]
    listed = [joined(lines[start:end]) for start, end in zip(items, [*items[1:], len(lines)], strict=True)]
    whole = Block("\n".join(listed), kind="list", line=first + items[0], page=page)
    introduction = [Block(joined(lines[: items[0]]), line=first, page=page)] if items[0] else []
    return [*introduction, whole]


def joined(lines: list[str]) -> str:
    """Join broken lines: with a space, but without one between ideographs."""
    parts = [lines[0]]
    for last, line in pairwise(lines):
        parts.append(line if last[-1] > "\u2fff" and line[0] > "\u2fff" else f" {line}")
    return "".join(parts)
