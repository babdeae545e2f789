"""What is said of a passage: one sentence, or the telling part of a long one; steps and lists whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from edge_assistant.knowledge.asked import Want
from edge_assistant.knowledge.injected import for_readers
from edge_assistant.knowledge.units import Unit, units
from edge_assistant.knowledge.words import tokens

_CLAUSE: Final = re.compile(
    r"(?<=[,;:])\s+|(?<=\))\s+|\s+(?=[(–—])|\s+(?=(?:and|but|which|who|while|where|whereas|because)\s)|(?<=[，；：、（）])"
)
_PHRASE: Final = re.compile(
    r"\s+(?=(?:that|to|in|of|for|by|with|from|as|on|at|when|if|or|after|before|since|provided|than|into|during|between"
    r"|through|under)\s)",
    re.IGNORECASE,
)
"""Where a clause is cut that is too long itself."""
_MOST: Final = {"en": 39, "zh": 78}
"""Words (or unspaced characters) of a quotation; of dev sentences that hold an answer, .98 hold it after cutting."""
_SECTION: Final = {"en": 60, "zh": 110}
"""How long a section may be that is read out whole because its heading is the question."""
_CELL: Final = re.compile(r"\s*[:：]\s*")
_NEXT_CELL: Final = re.compile(r";\s+(?=[^:：;\n]{1,60}[:：])")
_GAP: Final = "…"
_REFERS: Final = re.compile(r"(it|they|this|these|he|she|its|their|his|her)\b|[它他她这该其]", re.IGNORECASE)
"""A sentence that begins so is not understood without the one before it."""
_LAST_SPACED: Final = "\u2fff"
_UNSPACED: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]*[^\W{_UNSPACED}][^\s{_UNSPACED}]*")
_ARTICLE: Final = re.compile(r"\W*(?:an?|the)\W*", re.IGNORECASE)


def length(text: str) -> int:
    """Return how much there is to read: words between spaces without articles, unspaced characters one by one."""
    return sum(not _ARTICLE.fullmatch(word) for word in _WORD.findall(text))


def quoted(unit: Unit, wanted: Sequence[str], language: str) -> str:
    """Return what is said of one part of a passage: a list whole, a sentence that says "it" after the one before it."""
    if unit.whole:
        return unit.text
    if unit.row:
        return told_row(unit.text, wanted, language)
    both = f"{unit.before}{'' if unit.text[0] > _LAST_SPACED else ' '}{unit.text}"
    if unit.before and _REFERS.match(unit.text) and length(both) <= _MOST.get(language, _MOST["en"]):
        return both
    return shortened(unit.text, wanted, language)


def told_row(row: str, wanted: Sequence[str], language: str) -> str:
    """Return a row of a table as words: "Model B: Weight 12 kg"; of a long one only the cells that are asked for."""
    most = _MOST.get(language, _MOST["en"])
    (head, subject), *cells = (_CELL.split(cell, maxsplit=1) for cell in _NEXT_CELL.split(row))
    if length(row) > most:
        cells = [cell for cell in cells if not set(wanted).isdisjoint(tokens(" ".join(cell)))] or cells
    glue, mark, part = ("", "：", "；") if row[0] > _LAST_SPACED else (" ", ": ", "; ")
    return f"{head}{glue}{subject}{mark}{part.join(f'{name}{glue}{value}' for name, value in cells)}"


def paired(one: Unit, other: Unit, language: str) -> str | None:
    """Return two sentences of a paragraph that stand side by side, if they are short enough to be said together."""
    if one.whole or other.whole or one.row or other.row or not (one.before == other.text or other.before == one.text):
        return None
    both = joined((one, other) if other.before == one.text else (other, one))
    return both if length(both) <= _MOST.get(language, _MOST["en"]) else None


def shortened(sentence: str, wanted: Sequence[str], language: str) -> str:
    """Return a long sentence's clauses that say most of the wanted terms, with as much beside them as fits."""
    most = _MOST.get(language, _MOST["en"])
    if length(sentence) <= most:
        return sentence
    ends = list(_ends(sentence, most))
    runs = list(_runs(sentence, ends, most))
    first, last = max(runs, key=lambda run: _worth(sentence[run[0] : run[1]], wanted))
    lead = f"{_GAP} " if first else ""
    return f"{lead}{sentence[first:last].strip()}{'' if last == len(sentence) else f' {_GAP}'}"


def section(text: str, want: Want, language: str) -> str:
    """Return what a section says to the question in its heading: all of it if short, else its lead and its steps."""
    text = for_readers(text)
    if length(text) <= _SECTION.get(language, _SECTION["en"]):
        return text
    parts = units(text)
    whole = next((part for part in parts if part.whole), None)
    lead = [part.text for part in parts[:1] if not part.whole]
    if whole is not None and (want == "steps" or parts[0].whole or parts[0].text.endswith((":", "："))):
        return "\n\n".join([*lead, whole.text])
    return joined([part for part in parts if not part.whole][:2] or parts[:1])


def joined(parts: Sequence[Unit]) -> str:
    """Return sentences as running text, without a space between ideographs."""
    text = ""
    for part in parts:
        text += (_glue(part) if text else "") + part.text
    return text


def _glue(part: Unit) -> str:
    """Return what stands between a part of a passage and the one before it."""
    if part.whole:
        return "\n\n"
    return "\n" if part.row else "" if part.text[0] > _LAST_SPACED else " "


def _ends(sentence: str, most: int) -> Iterator[int]:
    """Yield where a sentence may be cut: between clauses, and within those that are too long."""
    start = 0
    yield start
    for end in (*(cut.end() for cut in _CLAUSE.finditer(sentence)), len(sentence)):
        if length(sentence[start:end]) > most:
            yield from (cut.end() for cut in _PHRASE.finditer(sentence, start, end))
        yield end
        start = end


def _runs(sentence: str, ends: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yield each longest run of clauses that fits from every beginning; at least one clause, however long."""
    for start, begin in enumerate(ends[:-1]):
        stop = start + 1
        while stop + 1 < len(ends) and length(sentence[begin : ends[stop + 1]]) <= most:
            stop += 1
        yield begin, ends[stop]


def _worth(run: str, wanted: Sequence[str]) -> tuple[int, int]:
    return len(set(tokens(run)).intersection(wanted)), length(run)
