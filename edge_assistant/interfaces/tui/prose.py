"""Markdown as a terminal may show it: no HTML, links as text, nothing smuggled in by entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from textual.widgets import Markdown

from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token


class Prose(Markdown):
    """An answer's text, which may still be arriving."""

    def __init__(self) -> None:
        super().__init__(parser_factory=parser, open_links=False)


def parser() -> MarkdownIt:
    """Return a parser for answers: lines break where they were broken, tags are text, addresses are shown."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.core.ruler.push("plain", _plain)
    return made


def _plain(state: StateCore) -> None:
    """Clean what the parser made: an entity like ``&#x202e;`` becomes a character only here."""
    for token in state.tokens:
        token.content = _shown(token.content)
        if token.children is not None:
            token.children = list(_simplified(token.children))


def _simplified(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield tokens that only show: a link becomes its words in italics, then its address in brackets."""
    addresses: list[str] = []
    for token in tokens:
        token.content = _shown(token.content)
        if token.type == "softbreak":
            token.type = "hardbreak"
        elif token.type == "link_open":
            addresses.append(str(token.attrs.get("href", "")))
            token.type = "em_open"
        elif token.type == "link_close":
            token.type = "em_close"
            yield token
            token = _text(f" ({addresses.pop()})")
        elif token.type == "image":
            token = _text(f"[{token.content}] ({token.attrs.get('src', '')})")
        yield token


def _text(content: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=_shown(content))


def _shown(text: str) -> str:
    return safe_text(text).expandtabs(4)
