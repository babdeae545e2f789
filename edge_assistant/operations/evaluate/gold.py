"""Labelled sets: their rows, homes and documents, read once and checked."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from edge_assistant.errors import InputError

Row: TypeAlias = Mapping[str, Any]
"""One labelled question, as the file has it."""
_KINDS: Final[Mapping[type, str]] = {str: "text", list: "list"}


def read_rows(path: Path, texts: Collection[str] = (), lists: Collection[str] = ()) -> list[Row]:
    """Read a JSONL file whose objects have an `id` of their own, these texts and these lists. Raises `InputError`."""
    rows = list(_objects(path))
    seen: set[str] = set()
    for number, row in rows:
        kinds = {"id": str, **dict.fromkeys(texts, str), **dict.fromkeys(lists, list)}
        for name, kind in kinds.items():
            if not isinstance(row.get(name), kind):
                raise InputError(f"{path}: line {number}: {name!r} is missing, or no {_KINDS[kind]}")
        if row["id"] in seen:
            raise InputError(f"{path}: line {number}: the id {row['id']!r} stands here twice")
        seen.add(row["id"])
    if not rows:
        raise InputError(f"{path}: there are no rows in this file")
    return [row for _, row in rows]


def read_homes(path: Path) -> Mapping[str, Row]:
    """Read a JSON object that holds one home per key. Raises `InputError`."""
    try:
        homes = json.loads(_text(path))
    except ValueError as error:
        raise InputError(f"{path}: this is not JSON") from error
    if not isinstance(homes, dict) or not all(isinstance(home, dict) for home in homes.values()):
        raise InputError(f"{path}: this is not an object of homes")
    return homes


def home_key(row: Row, *, single: bool = False) -> str | None:
    """Return the key of the home a row is about: the merged one, or the one written for the sentence."""
    key = row.get("home") if single else row.get("merged_home") or row.get("home")
    return str(key) if key else None


def check_homes(rows: Sequence[Row], homes: Mapping[str, Row], *, single: bool = False) -> None:
    """Raise `InputError` for the first row whose home is not there."""
    for row in rows:
        key = home_key(row, single=single)
        if key is not None and key not in homes:
            raise InputError(f"the home {key!r} of row {row['id']!r} is not there; name its file with --home-file")


def _objects(path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number}: this is not JSON") from error
        if not isinstance(row, dict):
            raise InputError(f"{path}: line {number}: this is not a JSON object")
        yield number, row


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: this is not UTF-8 text") from error
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
