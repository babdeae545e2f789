"""Documents cut into passages that fit the embedder and still make sense alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from edge_assistant.knowledge.documents import Block, Card, Document
from edge_assistant.knowledge.sentences import pieces, sentences
from edge_assistant.knowledge.words import size

WINDOW = 200
"""Word pieces a passage aims at; with its title it stays below the 256 that MiniLM reads.

Of 400 questions to eight long articles, the first passage holds the answer for .905 (80: .835, 250: .900; with a
sentence of overlap .880), by `scripts/fit_search.py`; 200 is the best on the half that chose it, 250 on the other.
"""
_LONGEST = 600
"""Characters after which a sentence is cut."""
_ASKS = re.compile(
    r"(how|what|why|when|where|who|which|can|is|are|do|does)\b.* |怎么|如何|为什么|什么是", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage as it is stored, searched and embedded."""

    text: str
    title: str
    """The headings above it, outermost first, joined by ` › `."""
    place: str
    """Where it stands, for people: ``router.md#reset``."""
    language: str
    question: str | None = None
    """The question that it answers: that of a card, or a heading that asks."""
    line: int | None = None
    page: int | None = None

    @property
    def embedded(self) -> str:
        """Return what stands for it in the space of meanings: a card's question, else title and text."""
        return self.question or (f"{self.title}\n{self.text}" if self.title else self.text)


@dataclass(slots=True)
class _Window:
    """The passage being filled."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    first: Block | None = None

    def take(self, piece: str, block: Block, glue: str) -> None:
        self.first = self.first or block
        self.pieces += [glue, piece] if self.pieces else [piece]
        self.length += size(piece)


def chunks(document: Document, window: int = WINDOW) -> list[Chunk]:
    """Return the passages of a document in order: cards one by one, text in windows under one heading."""
    cards = (_card(document, card) for card in document.cards)
    windows = (
        _chunk(document, filled, first=number == 0)
        for section in _sections(document.blocks)
        for number, filled in enumerate(_windows(section, window))
    )
    return [*cards, *windows]


def anchor(heading: str) -> str:
    """Return a heading as the end of an address: ``Reset the router`` becomes ``reset-the-router``."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-")[:80]


def asks(heading: str) -> bool:
    """Return whether a heading is a question."""
    return heading.rstrip().endswith(("?", "？", "吗", "呢")) or _ASKS.match(heading) is not None


def _sections(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    section: list[Block] = []
    for block in blocks:
        if section and block.headings != section[-1].headings:
            yield section
            section = []
        section.append(block)
    if section:
        yield section


def _windows(section: list[Block], most: int) -> Iterator[_Window]:
    """Fill windows with whole sentences; a list or code goes in whole, with the paragraph that introduces it."""
    window = _Window()
    for block in section:
        for number, piece in enumerate(_pieces(block, most)):
            if window.length and window.length + size(piece) > most:
                yield window
                window = _Window()
            glue = "\n\n" if number == 0 else "\n" if block.kind != "paragraph" else _space(piece)
            window.take(piece, block, glue)
    if window.pieces:
        yield window


def _pieces(block: Block, most: int) -> list[str]:
    if block.kind == "paragraph":
        return [piece for sentence in sentences(block.text) for piece in pieces(sentence, _LONGEST)]
    if size(block.text) <= 2 * most:
        return [block.text]
    return [piece for line in block.text.splitlines() if line.strip() for piece in pieces(line, _LONGEST)]


def _space(piece: str) -> str:
    return "" if piece[0] > "\u2fff" else " "


def _chunk(document: Document, window: _Window, *, first: bool) -> Chunk:
    block = window.first
    assert block is not None, "a window is yielded only once something is in it"
    titles = tuple(dict.fromkeys(title for title in (document.title, *block.headings) if title))
    asked = block.headings[-1] if first and block.headings and asks(block.headings[-1]) else None
    if asked:
        titles = titles[:-1]
    place = document.source
    if block.place is not None:
        place += f"#{block.place}"
    elif block.headings:
        place += f"#{anchor(block.headings[-1])}"
    elif block.page is not None:
        place += f"#page-{block.page}"
    return Chunk(
        "".join(window.pieces), " › ".join(titles), place, document.language, asked, line=block.line, page=block.page
    )


def _card(document: Document, card: Card) -> Chunk:
    place = card.source or f"{document.source}#{anchor(card.question)}"
    return Chunk(card.answer, document.title, place, card.language or document.language, card.question, card.line)
