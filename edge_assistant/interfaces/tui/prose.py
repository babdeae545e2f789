"""Markdown as a terminal may show it: no HTML, links as text, nothing smuggled in by entities."""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownStream

from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token


_LONG: Final = 1_000
"""Characters from which a section is closed: only the last one is laid out again as words arrive."""


class Section(Markdown):
    """Some blocks of an answer."""

    def __init__(self) -> None:
        super().__init__(parser_factory=parser, open_links=False)


class Prose(Vertical):
    """An answer's text, which may still be arriving; what has arrived is cut into sections between its blocks."""

    def __init__(self) -> None:
        super().__init__()
        self._section = Section()
        self._stream: MarkdownStream | None = None
        self._settled = ""
        self._source = ""
        self._enough = _LONG
        self._one_at_a_time = Lock()

    def compose(self) -> ComposeResult:
        yield self._section

    async def write(self, piece: str) -> None:
        """Append words that have been made safe to show."""
        async with self._one_at_a_time:
            await self._append(piece)
            if len(self._source) > self._enough:
                await self._cut()

    async def show(self, text: str) -> None:
        """Show this text and nothing else; sections that hold its beginning stay as they are."""
        async with self._one_at_a_time:
            if not text.startswith(self._settled):
                await self._clear()
            await self._settle(text[len(self._settled) :])
            if self._section.children:
                self._section.children[-1].add_class("last")

    async def _append(self, piece: str) -> None:
        if self._stream is None:
            self._stream = Markdown.get_stream(self._section)
        self._source += piece
        await self._stream.write(piece)

    async def _cut(self) -> None:
        """Close the section before its last block, which may still grow."""
        head, tail = divided(self._source)
        if not head:
            self._enough += _LONG
            return
        await self._settle(head)
        self._settled += head
        await self._begin()
        await self._append(tail)

    async def _settle(self, text: str) -> None:
        """Render the section once more as a whole: what was streamed in pieces may have been misread."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()
        await self._section.update(text)

    async def _clear(self) -> None:
        await self._settle("")
        self._settled = ""
        await self.remove_children()
        await self._begin()

    async def _begin(self) -> None:
        self._section = Section()
        self._source = ""
        self._enough = _LONG
        await self.mount(self._section)


def divided(text: str) -> tuple[str, str]:
    """Return everything before the last block of a Markdown text, and that block."""
    starts = [token.map[0] for token in parser().parse(text) if token.level == 0 and token.map]
    lines = text.split("\n")
    last = starts[-1] if starts else 0
    return "".join(f"{line}\n" for line in lines[:last]), "\n".join(lines[last:])


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
