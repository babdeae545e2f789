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
    *(ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError),
    *(RuntimeError, TypeError, ValueError, struct.error, zlib.error),
)
"""What the readers of others raise over a damaged file, besides their own errors (seen when files were damaged)."""


_EVERYDAY: Final = 0.9
"""The share of everyday characters in a text that is Chinese indeed; they are over 99 % of what is written."""
_RARER: Final = 0xD7
"""In GB 2312, the 3,755 most common ideographs and all signs have a first byte up to this one."""


def decoded(content: bytes) -> str:
    """Return the text of a file in UTF-8, in UTF-16 with its mark, or in the encoding of Chinese Windows.

    Raises `InputError`.
    """
    if b"\0" in content[:65536] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("this is a binary file, not text")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError as error:
        chinese = _chinese(content)
        if chinese is None:
            raise InputError(f"the text is not UTF-8 (byte {error.start}); save it in UTF-8") from error
        return chinese


def _chinese(content: bytes) -> str | None:
    """Return a text in GB 18030 if nearly all its characters are everyday ones: accented letters make rare ones."""
    try:
        text = content.decode("gb18030").replace("\0", "")
    except UnicodeDecodeError:
        return None
    marked = "".join(character for character in text if not character.isascii())
    everyday = sum(lead <= _RARER for lead in marked.encode("gb2312", "ignore")[::2])
    return text if everyday >= _EVERYDAY * len(marked) else None


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
