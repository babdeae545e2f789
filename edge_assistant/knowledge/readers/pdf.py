"""PDF: text page by page, under the bookmarks of the file, without what is printed on every page."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, paragraphs
from edge_assistant.knowledge.readers.text import DAMAGE, Content
from edge_assistant.safe_text import writable_text

if TYPE_CHECKING:
    from pypdf import PdfReader

logging.getLogger("pypdf").addHandler(logging.NullHandler())  # else its complaints go to stderr, beside our sentence

_EDGE: Final = 2
"""Lines at the top and at the bottom of a page where headers and footers stand."""
_FEW: Final = 4
"""Pages below which nothing counts as repeated."""
_HYPHEN: Final = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_ENDED: Final = (".", "!", "?", ":", "。", "！", "？", "：", "”", '"', ")", "）")


def pdf(content: bytes) -> Content:
    """Read the text of a PDF with its page numbers; scanned pages hold none."""
    from pypdf import PdfReader
    from pypdf.errors import DeprecationError, PyPdfError

    try:
        file = PdfReader(io.BytesIO(content))
        if file.is_encrypted and not file.decrypt(""):
            raise InputError("the PDF is protected by a password")
        pages = [writable_text(page.extract_text() or "").splitlines() for page in file.pages]
        title = writable_text(str(file.metadata.title or "")) if file.metadata else ""
    except (PyPdfError, DeprecationError, *DAMAGE) as error:
        raise InputError("this is not a PDF that can be read") from error
    blocks = _joined(_blocks(_unfurnished(pages), _bookmarks(file)))
    if not blocks:
        raise InputError("there is no text in the PDF; it may be a scan")
    return blocks, (), title.strip()


def _bookmarks(file: PdfReader) -> Mapping[int, list[tuple[int, str]]]:
    """Return the bookmarks with their depths, by page number; none where they are damaged."""
    from pypdf.errors import PyPdfError

    found: dict[int, list[tuple[int, str]]] = {}

    def visit(entries: Sequence[object], depth: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                visit(entry, depth + 1)
            elif (page := file.get_destination_page_number(entry)) is not None:  # type: ignore[arg-type]
                found.setdefault(page + 1, []).append((depth, writable_text(str(getattr(entry, "title", ""))).strip()))

    try:
        visit(file.outline, 0)
    except (PyPdfError, *DAMAGE):
        return {}
    return found


def _unfurnished(pages: Sequence[list[str]]) -> list[list[str]]:
    """Return the pages without headers, footers and page numbers: lines that half the pages have, digits aside."""
    edges = [{*map(_shape, lines[:_EDGE]), *map(_shape, lines[-_EDGE:])} for lines in pages]
    count = Counter(shape for edge in edges for shape in edge)
    repeated = {shape for shape, times in count.items() if shape and len(pages) >= _FEW and times > len(pages) / 2}
    return [
        [
            line
            for place, line in enumerate(lines)
            if _EDGE <= place < len(lines) - _EDGE or _shape(line) not in repeated
        ]
        for lines in pages
    ]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "0", "".join(line.split()))


def _blocks(pages: Sequence[list[str]], bookmarks: Mapping[int, list[tuple[int, str]]]) -> Iterator[Block]:
    """Yield the paragraphs of every page under the bookmarks that lead to them."""
    headings: list[tuple[int, str]] = []
    for number, lines in enumerate(pages, 1):
        start, marks = 0, bookmarks.get(number, [])
        places = {_shape(line): place for place, line in reversed(list(enumerate(lines)))}
        for depth, title in marks:
            place = places.get(_shape(title), start)
            if place >= start:
                yield from _paragraphs(lines[start:place], number, headings)
                start = place + (_shape(title) in places)
            headings = [*(heading for heading in headings if heading[0] < depth), (depth, title)]
        yield from _paragraphs(lines[start:], number, headings)


def _paragraphs(lines: Sequence[str], page: int, headings: Sequence[tuple[int, str]]) -> Iterator[Block]:
    path = tuple(title for _, title in headings if title)
    for block in paragraphs(_HYPHEN.sub("", "\n".join(lines)), page=page):
        yield replace(block, line=None, headings=path)


def _joined(blocks: Iterator[Block]) -> tuple[Block, ...]:
    """Join a sentence that a page break has torn."""
    found: list[Block] = []
    for block in blocks:
        last = found[-1] if found else None
        torn = last and last.page != block.page and last.headings == block.headings and last.kind == block.kind
        if last and torn and not last.text.endswith(_ENDED) and (block.text[0].islower() or block.text[0] > "\u2fff"):
            found[-1] = replace(last, text=last.text + ("" if block.text[0] > "\u2fff" else " ") + block.text)
        else:
            found.append(block)
    return tuple(found)
