"""The user's own list of models, written: one entry more, in place of an earlier one of its name."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Final

from edge_assistant.errors import ConfigError, StorageError
from edge_assistant.models.catalog import MANIFEST, Catalog, ModelFile

_ENTRY: Final = re.compile(r"^(?=\[\[(?:model|embedder)\]\])", re.MULTILINE)
"""Where an entry begins; its tables below it belong to it."""
_WRITTEN: Final = {
    *("name", "family", "billions", "quantization", "licence", "context", "languages", "memory", "file", "size"),
    *("sha256", "right"),
}


def enter(folder: Path, model: ModelFile) -> Path:
    """Write a model into the list of a folder, and return the list. Raises `ConfigError` and `StorageError`."""
    path, fresh = folder / MANIFEST, folder / f".{MANIFEST}.new"
    try:
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        fresh.touch(mode=0o600)
        fresh.write_text(_without(kept, model.name) + _entry(model), encoding="utf-8")
        if model.name not in {listed.name for listed in Catalog.read((fresh,))}:
            raise ConfigError(f"{path}: {model.name} cannot be added to this file")
        os.replace(fresh, path)
    except OSError as error:
        raise StorageError(f"{path}: {(error.strerror or type(error).__name__).lower()}") from error
    finally:
        fresh.unlink(missing_ok=True)
    return path


def _without(text: str, name: str) -> str:
    """Return the list without the entry of a name, everything else as it was."""
    line = re.compile(rf"^name\s*=\s*(['\"]){re.escape(name)}\1\s*(#.*)?$", re.MULTILINE)
    kept = "".join(part for part in _ENTRY.split(text) if not (_ENTRY.match(part) and line.search(part)))
    return kept.rstrip("\n") + "\n\n" if kept.strip() else ""


def _entry(model: ModelFile) -> str:
    said = model.model_dump(include=_WRITTEN, exclude_defaults=True, mode="json")
    return "[[model]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in said.items())


def _toml(value: object) -> str:
    """Return a value as TOML writes it; its texts are those of JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
