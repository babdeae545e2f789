"""Subtitles (SRT, WebVTT): what is said, with the time at which it is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from edge_assistant.knowledge.documents import Block, joined
from edge_assistant.knowledge.readers.text import Content, decoded

_TIME: Final = re.compile(r"^(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}\s+-->")
_MARKUP: Final = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
_ENDED: Final = (".", "!", "?", "。", "！", "？", "…", '."', ".”")
_MOST: Final = 12
"""Cues that are joined at most while no sentence ends."""


def subtitles(content: bytes) -> Content:
    """Read cues and join them into sentences; each is placed by the time of its first cue."""
    return tuple(_sentences(decoded(content))), (), ""


def _sentences(text: str) -> Iterator[Block]:
    said: list[str] = []
    start, first = "", 0
    for number, time, words in _cues(text):
        if not said:
            start, first = time, number
        said.append(words)
        if words.endswith(_ENDED) or len(said) >= _MOST:
            yield Block(joined(said), line=first, place=start)
            said = []
    if said:
        yield Block(joined(said), line=first, place=start)


def _cues(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the time and the words of every cue; captions that roll repeat lines, which count once."""
    time, last, began = "", "", 0
    lines: list[str] = []
    for number, line in enumerate((*text.splitlines(), ""), 1):
        if match := _TIME.match(line.strip()):
            hours, minutes, seconds = match.groups(default="0")
            time, began = f"{int(hours):02}:{int(minutes):02}:{seconds}", number
        elif time and (words := " ".join(_MARKUP.sub("", line).split())):
            if words != last:
                lines.append(words)
            last = words
        elif time:
            if lines:
                yield began, time, joined(lines)
            time, lines = "", []
