"""Text cut into sentences, in English and Chinese."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(
    r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9\u00c0-\u00de])"
    r"|(?<=[。！？；…])[”’」』）]*(?![”’」』）])"
    r"|(?<=[.!?])(?=[\u3400-\u9fff])"
)
_ABBREVIATED: Final = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|jr|sr|vs|etc|no|fig|eq|vol|pp|ed|eds|inc|ltd|co|corp|gen|col|lt|sgt|capt|rev|hon|gov|"
    r"sen|rep|approx|dept|est|al|e\.g|i\.e|cf|ca|u\.s|u\.k|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|a\.m|p\.m)"
    r"|\b[a-z])\.$",
    re.IGNORECASE,
)
_PAUSES: Final = (", ", "; ", "，", "、", "；", "：", " ")


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph; an abbreviation or an initial does not end one."""
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        piece = text[start : end.end()].strip()
        if not piece or (_ABBREVIATED.search(piece) and not piece.endswith(("a.m.", "p.m."))):
            continue
        found.append(piece)
        start = end.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def pieces(sentence: str, most: int) -> list[str]:
    """Cut a long sentence at commas, else anywhere, into pieces of at most `most` characters."""
    found, start = [], 0
    whole = sentence.strip()
    while len(whole) - start > most:
        cut = 1 + max(whole.rfind(mark, start, start + most - 1) for mark in _PAUSES)
        if cut - start <= most // 3:
            cut = start + most
        found.append(whole[start:cut].strip())
        start = cut + len(whole[cut : cut + most]) - len(whole[cut : cut + most].lstrip())
    found.append(whole[start:].strip())
    return [piece for piece in found if piece]
