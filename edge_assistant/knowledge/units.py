"""The parts of a passage that can be quoted: sentences, and lists and code that are only right whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_assistant.knowledge.injected import for_readers
from edge_assistant.knowledge.sentences import sentences

_CELL: Final = r"[^:：;；\n]{1,60}[:：] ?[^\n;；]+"
_ROW: Final = re.compile(rf"- {_CELL}(?:; {_CELL})+")
"""A row of a table as the readers write it: every cell under the name of its column."""
_ITEM: Final = re.compile(r"^\s*(?:[-*•]|\d+[.)、])\s")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a list with the line that introduces it."""

    text: str
    before: str = ""
    """The sentence before it in the same paragraph, which often names what this one is about."""
    first: bool = False
    whole: bool = False
    """A list, steps or code: quoted as it stands."""
    row: bool = False
    """A row of a table: quoted cell by cell."""


def units(text: str) -> list[Unit]:
    """Return the quotable parts of a passage in order; what is said to an assistant is none."""
    found: list[Unit] = []
    for block in filter(None, for_readers(text).split("\n\n")):
        lines = block.splitlines()
        if all(map(_ROW.fullmatch, lines)):
            found += _rows(lines, found)
            continue
        if any(_ITEM.match(line) for line in lines) or len(lines) > 1:
            found.append(_whole(block, found))
            continue
        before = ""
        for sentence in sentences(block):
            found.append(Unit(sentence, before, first=not found))
            before = sentence
    return found


def _rows(lines: Sequence[str], above: Sequence[Unit]) -> list[Unit]:
    """Return the rows of a table, each of which says enough alone; the sentence above it introduces them all."""
    before = above[-1].text if above else ""
    return [Unit(line[2:], before, first=not (above or place), row=True) for place, line in enumerate(lines)]


def _whole(block: str, found: list[Unit]) -> Unit:
    """Join a list to its introduction, the sentence that ends with a colon right before it."""
    if found and not found[-1].whole and found[-1].text.endswith((":", "：")):
        introduction = found.pop()
        return Unit(f"{introduction.text}\n{block}", introduction.before, introduction.first, whole=True)
    return Unit(block, found[-1].text if found else "", first=not found, whole=True)
