"""Web pages: what is meant to be read, by way of Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block
from edge_assistant.knowledge.markdown import blocks_of
from edge_assistant.knowledge.readers.text import DAMAGE, Content, decoded, titled

_NOISE: Final = re.compile(
    r"<(script|style|template|noscript|svg|head)\b.*?</\1\s*>|<!--.*?-->|<\?.*?\?>", re.DOTALL | re.IGNORECASE
)
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)


def html(content: bytes) -> Content:
    """Read a page; its title is its first heading, else what it calls itself."""
    page = decoded(content)
    named = _TITLE.search(page)
    blocks, cards, title = titled(blocks_of_page(page))
    return blocks, cards, title or (" ".join(named.group(1).split()) if named else "")


def blocks_of_page(page: str) -> tuple[Block, ...]:
    """Return the blocks of a page without scripts, styles and comments. Raises `InputError`."""
    from bs4.exceptions import ParserRejectedMarkup
    from markdownify import markdownify

    try:
        converted = markdownify(_NOISE.sub(" ", page), heading_style="ATX", strip=["a", "img"])
    except RecursionError as error:
        raise InputError("the page is nested too deeply") from error
    except (ParserRejectedMarkup, *DAMAGE) as error:
        raise InputError("this is not a page that can be read") from error
    return tuple(replace(block, line=None) for block in blocks_of(converted))
