"""Twin tests: sentences beside the rules that say what each of them must mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_assistant.devices.home import Home
from edge_assistant.errors import ConfigError
from edge_assistant.operations.candidates import overlap
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.types import Slot
from edge_assistant.yaml_file import Document, read_yaml


@dataclass(frozen=True, slots=True)
class Twin:
    """One sentence and what it must mean: an intent with its slots, or nothing."""

    source: str
    text: str
    intent: str | None
    slots: Mapping[str, Slot]
    area: str | None = None
    """The room in which it is said."""


def read_twins(folder: Path) -> list[Twin]:
    """Read the twin tests of one language. Raises `ConfigError` with file and line."""
    return [twin for path in sorted(folder.glob("*.yaml")) for twin in _twins(read_yaml(path))]


def complaint(twin: Twin, book: Rulebook, home: Home) -> str | None:
    """Return what is wrong with how the rules understand a sentence; None when it is as claimed, and nothing else."""
    matches = book.matches(twin.text, home, twin.area)
    found = matches[0] if matches else None
    if found is None:
        return None if twin.intent is None else f"{twin.source}: {twin.text!r} matches nothing, not {twin.intent}"
    if twin.intent is None:
        return f"{twin.source}: {twin.text!r} must match nothing, but is {found.why} ({found.source})"
    if found.intent != twin.intent or dict(found.slots) != dict(twin.slots):
        wanted = ", ".join(f"{name}={value}" for name, value in twin.slots.items()) or "no slots"
        return f"{twin.source}: {twin.text!r} is {found.why} ({found.source}), not {twin.intent}: {wanted}"
    if other := overlap(list(matches)):
        return f"{twin.source}: {twin.text!r} is {found.why} ({found.source}), and as much {other.why} ({other.source})"
    return None


def _twins(document: Document) -> Iterator[Twin]:
    if not isinstance(document.value, list):
        raise ConfigError(f"{document.at()}: a twin test is a list of sentences with their intents")
    for index, block in enumerate(document.value):
        if not isinstance(block, dict) or not block.keys() <= {"intent", "slots", "say", "area"}:
            raise ConfigError(f"{document.at(index)}: a block has the keys say, intent, slots and area")
        yield from _block(document, index, block)


def _block(document: Document, index: int, block: Mapping[str, Any]) -> Iterator[Twin]:
    said: Sequence[object] = block["say"] if isinstance(block.get("say"), list) else [block.get("say")]
    for number, text in enumerate(said):
        if not isinstance(text, str):
            raise ConfigError(f"{document.at(index)}: say is a sentence or a list of sentences")
        source = document.at(index, "say", number)
        yield Twin(source, text, block.get("intent"), block.get("slots") or {}, block.get("area"))
