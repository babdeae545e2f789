"""Sentences that others wrote and packaged: read from where pip put them, and made rules of their own pack."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from edge_assistant.rules.draft import Rules, Template
from edge_assistant.rules.files import cached


@dataclass(frozen=True, slots=True)
class Pack:
    """A package of sentences, and what we know of it."""

    name: str
    distribution: str
    module: str
    files: Mapping[str, str]
    """Where the sentences of each language are, inside the module."""
    credit: str
    checks: Mapping[str, str]
    """What may be caught by each open slot of the pack: the name of a check."""

    @property
    def folder(self) -> Path | None:
        """Return where the package is installed; nothing of it is imported."""
        found = find_spec(self.module)
        places = list(found.submodule_search_locations or ()) if found else []
        return Path(places[0]) if places else None

    @property
    def version(self) -> str | None:
        """Return the version that is installed, if one is."""
        try:
            return version(self.distribution)
        except PackageNotFoundError:
            return None


PACKS: Final[Mapping[str, Pack]] = {
    "home-assistant": Pack(
        "home-assistant",
        "home-assistant-intents",
        "home_assistant_intents",
        {"en": "data/en.json", "zh": "data/zh-CN.json"},
        "sentences of Home Assistant by the contributors of OHF-Voice/intents, CC BY 4.0",
        {
            "message": "message",
            "search_query": "title",
            "zone": "zone",
            "timer_name": "label",
            "timer_command": "order",
            "shopping_list_item": "item",
            "todo_list_item": "item",
        },
    )
}
"""Every pack that there is a reader for, by the name it has in the settings."""


def read_pack(pack: Pack, language: str, cache: Path | None = None) -> Rules | None:
    """Return the rules of a pack in one language; None where it is not installed or does not know the language.

    What is broken in it is left out and reported: it is the work of others, and stops nothing.
    """
    folder, file = pack.folder, pack.files.get(language)
    if folder is None or file is None:
        return None
    path = folder / file
    try:
        content = path.read_bytes()
    except OSError as error:
        return Rules(language, pack=pack.name, skipped=(f"{path}: {(error.strerror or str(error)).lower()}",))
    kept = cache / f"rules-{language}.{pack.name}.json" if cache is not None else None
    return cached(kept, content, lambda: _rules(pack, language, path, content))


def _rules(pack: Pack, language: str, path: Path, content: bytes) -> Rules:
    from hassil.parser import ParseError

    try:
        said = json.loads(content)
        return Rules(
            language,
            tuple(_templates(pack, said["intents"])),
            said.get("expansion_rules", {}),
            {name: _without_words(listed) for name, listed in said.get("lists", {}).items()},
            {name: pack.checks[name] for name, listed in said["lists"].items() if listed.get("wildcard")},
            ignore_whitespace=bool(said.get("settings", {}).get("ignore_whitespace", False)),
            files=(str(path),),
            pack=pack.name,
        ).prepared()
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError, IndexError, ParseError) as error:
        reason = f"{path}: these sentences cannot be used: {type(error).__name__}: {error}"
        return Rules(language, pack=pack.name, skipped=(reason,))


def _templates(pack: Pack, intents: Mapping[str, Any]) -> Iterator[Template]:
    for intent, blocks in intents.items():
        for block in blocks["data"]:
            source = f"{pack.name}:{intent}:{block.get('metadata', {}).get('slot_combination', '')}"
            for text in block["sentences"]:
                yield Template(
                    intent,
                    text,
                    source,
                    block.get("slots", {}),
                    block.get("requires_context", {}),
                    block.get("excludes_context", {}),
                    block.get("response"),
                )


def _without_words(listed: dict[str, Any]) -> dict[str, Any]:
    """Numbers in words are read as digits before anything is matched."""
    return {**listed, "range": {**listed["range"], "words": False}} if "range" in listed else listed
