"""Plain text and Markdown, and what every reader needs: bytes decoded, damage named."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Final, TypeAlias

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, Card, paragraphs
from edge_assistant.knowledge.markdown import blocks_of

Content: TypeAlias = "tuple[tuple[Block, ...], tuple[Card, ...], str]"
"""What a reader finds in a file: blocks, cards, and a title if the file has one."""

DAMAGE: Final = (
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, OSError),
    *(RecursionError, RuntimeError, TypeError, ValueError, struct.error, zlib.error),
)
"""What the readers of others raise over a damaged file, besides their own errors (seen when files were damaged)."""


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with its mark. Raises `InputError`."""
    if b"\0" in content[:65536] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("this is a binary file, not text")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        raise InputError(f"the text is not UTF-8 (byte {error.start})") from error


def plain_text(content: bytes) -> Content:
    """Read paragraphs and lists, parted by empty lines."""
    return paragraphs(decoded(content)), (), ""


def markdown(content: bytes) -> Content:
    """Read Markdown."""
    return titled(blocks_of(decoded(content)))


def titled(blocks: tuple[Block, ...]) -> Content:
    """Take the first heading for the title, where everything stands under it."""
    title = blocks[0].headings[0] if blocks and blocks[0].headings else ""
    if not title or any(block.headings[:1] != (title,) for block in blocks):
        return blocks, (), ""
    return tuple(replace(block, headings=block.headings[1:]) for block in blocks), (), title
