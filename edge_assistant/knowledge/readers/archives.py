"""Documents that are zip files: Word and EPUB. Nothing is unpacked to disk, and what is read has an end."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath
from typing import Final
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block
from edge_assistant.knowledge.readers.html import blocks_of_page
from edge_assistant.knowledge.readers.text import DAMAGE, Content, titled

_XML: Final = (".xml", ".rels", ".opf", ".ncx")
_READ: Final = (*_XML, ".xhtml", ".html", ".htm")
"""The parts that are ever looked at; pictures and fonts are not."""
_MOST_BYTES: Final = 50_000_000
_MOST_PARTS: Final = 1000
_RATIO: Final = 100
"""How many times larger a part may be than it is in the file."""
_SMALL: Final = 1_000_000
"""Bytes below which the ratio does not matter."""


def opened(content: bytes) -> zipfile.ZipFile:
    """Open a zip file that stays within reason. Raises `InputError`."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    parts = [part for part in archive.infolist() if part.filename.lower().endswith(_READ)]
    bomb = any(part.file_size > max(_SMALL, _RATIO * part.compress_size) for part in parts)
    if bomb or len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_BYTES:
        raise InputError("it unpacks to more than a document would hold")
    for part in parts:
        if part.filename.lower().endswith(_XML) and b"<!ENTITY" in archive.read(part):
            raise InputError("it defines entities of its own, which no document needs")
    return archive


def word(content: bytes) -> Content:
    """Read a Word document (.docx): headings by style, lists, tables; no pictures, no macros."""
    try:
        import mammoth
    except ModuleNotFoundError as error:
        raise InputError(
            "Word documents are read by an extra package: pip install 'edge-assistant[documents]'"
        ) from error
    try:
        with opened(content) as archive:
            title = _text_of(archive, "docProps/core.xml", "title")
        page = mammoth.convert_to_html(io.BytesIO(content), convert_image=lambda image: []).value
    except (zipfile.BadZipFile, ElementTree.ParseError, ExpatError, *DAMAGE) as error:
        raise InputError("this is not a Word document that can be read") from error
    blocks, cards, heading = titled(blocks_of_page(page))
    return (blocks, cards, heading) if title in ("", heading) else (blocks_of_page(page), (), title)


def epub(content: bytes) -> Content:
    """Read a book chapter by chapter, in the order of its spine; a chapter without a heading is numbered."""
    try:
        with opened(content) as archive:
            container = ElementTree.fromstring(archive.read("META-INF/container.xml"))  # noqa: S314 - entities are refused
            package = str(next(node for node in container.iter() if node.tag.endswith("rootfile")).get("full-path"))
            found = [block for name in _spine(archive, package) for block in _chapter(archive, name)]
            return tuple(found), (), _text_of(archive, package, "title")
    except (zipfile.BadZipFile, ElementTree.ParseError, StopIteration, *DAMAGE) as error:
        raise InputError("this is not an EPUB that can be read") from error


def _spine(archive: zipfile.ZipFile, package: str) -> list[str]:
    """Return the names of the chapters; a chapter that the file does not hold is left out."""
    tree = ElementTree.fromstring(archive.read(package))  # noqa: S314 - entities are refused
    items = {node.get("id"): str(node.get("href")) for node in tree.iter() if node.tag.endswith("}item")}
    order = [
        items[node.get("idref")] for node in tree.iter() if node.tag.endswith("}itemref") if node.get("idref") in items
    ]
    folder, held = PurePosixPath(package).parent, set(archive.namelist())
    return [name for href in order if (name := str(folder / href.split("#")[0])) in held]


def _chapter(archive: zipfile.ZipFile, name: str) -> tuple[Block, ...]:
    return blocks_of_page(archive.read(name).decode(errors="replace"))


def _text_of(archive: zipfile.ZipFile, part: str, tag: str) -> str:
    """Return what the first element of this name says, or nothing."""
    if part not in archive.namelist():
        return ""
    tree = ElementTree.fromstring(archive.read(part))  # noqa: S314 - entities are refused
    return next((" ".join((node.text or "").split()) for node in tree.iter() if node.tag.endswith(f"}}{tag}")), "")
