"""Tables and cards: CSV and JSON lines. Rows with a question and an answer are cards, others are kept as rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, Card
from edge_assistant.knowledge.readers.text import Content, decoded
from edge_assistant.safe_text import writable_text

_LONGEST_ANSWER: Final = 20_000
"""Characters; a longer text is a document."""


def table(content: bytes) -> Content:
    """Read a CSV file, whatever parts its cells; the first row names the columns."""
    text = decoded(content)
    rows = csv.DictReader(io.StringIO(text, newline=""), dialect=_dialect(text))
    try:
        names = {str(name).strip().lower() for name in rows.fieldnames or ()}
        numbered = ((rows.line_num, row) for row in rows)
        if {"question", "answer"} <= names:
            return (), tuple(_cards(numbered)), ""
        return tuple(_rows(numbered)), (), ""
    except csv.Error as error:
        raise InputError(f"the table cannot be read: {error}") from error


def lines(content: bytes) -> Content:
    """Read a card from every line of JSON."""
    return (), tuple(_cards(_objects(decoded(content)))), ""


def _dialect(text: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(text[: text.find("\n", 2000) + 1 or 2000][:4000], delimiters=",;\t|")
    except csv.Error:
        return csv.excel


def _rows(rows: Iterable[tuple[int, Mapping[str, object]]]) -> Iterator[Block]:
    for number, row in rows:
        cells = [f"{key}: {str(value).strip()}" for key, value in row.items() if key and value and str(value).strip()]
        if cells:
            yield Block(f"- {'; '.join(cells)}", kind="table", line=number, place=f"row-{number}")


def _objects(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"line {number} is not JSON") from error
        if not isinstance(row, dict):
            raise InputError(f"line {number} is not a JSON object")
        yield number, row


def _cards(rows: Iterable[tuple[int, Mapping[str, object]]]) -> Iterator[Card]:
    for number, row in rows:
        fields = {
            str(key).strip().lower(): writable_text(str(value)).strip() for key, value in row.items() if key and value
        }
        if not fields:
            continue
        if "question" not in fields or "answer" not in fields:
            raise InputError(f"line {number} lacks a question or an answer (the names are `question` and `answer`)")
        if len(fields["answer"]) > _LONGEST_ANSWER:
            raise InputError(f"line {number}: the answer is longer than {_LONGEST_ANSWER:,} characters")
        language = fields.get("language", "").lower()[:2] or None
        yield Card(fields["question"], fields["answer"], language, fields.get("source"), number)
