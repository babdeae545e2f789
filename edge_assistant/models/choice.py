"""Which models may be used: one line of the settings file, the choice before it, and what `auto` means."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from edge_assistant.errors import ConfigError, InputError, StorageError
from edge_assistant.models.catalog import Catalog, ModelFile

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

AUTO: Final = "auto"
"""The setting with which the ladder chooses."""
USUAL: Final = "qwen2.5-coder-0.5b"
"""The model that comes with the assistant, and that is meant where one has to be named."""
_TABLE: Final = re.compile(r"^[ \t]*\[[ \t]*device[ \t]*\][ \t]*(#.*)?$", re.MULTILINE)
_NEXT: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)
_LINE: Final = re.compile(r"^[ \t]*model[ \t]*=.*$", re.MULTILINE)


def candidates(
    catalog: Catalog, folder: Path, chosen: str, listed: Sequence[str] = ()
) -> tuple[tuple[ModelFile, Path], ...]:
    """Return the models that may run, with where their files lie: the chosen one, or those for `auto`.

    Where none lies here, it is the usual one, whose absence can be told. Raises `ConfigError`.
    """
    if chosen != AUTO:
        return (catalog.find(chosen, folder),)
    if listed:
        return tuple(catalog.find(name, folder) for name in listed)
    here = tuple((model, model.path(folder)) for model in catalog.installed(folder) if model.free)
    return here or (catalog.find(USUAL, folder),)


def named(chosen: str) -> str:
    """Return the model that a setting means where one has to be named."""
    return USUAL if chosen == AUTO else chosen


def choose(settings: Path, remembered: Path, name: str, before: str) -> None:
    """Write a model's name into the settings file, and the one before it into another, for `rollback`.

    Raises `ConfigError` when the file is written in a way that cannot be changed safely, and `StorageError`.
    """
    try:
        text = settings.read_text(encoding="utf-8") if settings.exists() else ""
        changed = _changed(settings, text, name)
        _write(remembered, f"{before}\n")
        _write(settings, changed)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{settings}: {error.reason}") from error
    except OSError as error:
        raise StorageError(f"{settings}: {(error.strerror or type(error).__name__).lower()}") from error


def chosen_before(remembered: Path) -> str:
    """Return the model that was in use before the last choice. Raises `InputError`."""
    try:
        return remembered.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError("no other model was in use before") from error


def _changed(settings: Path, text: str, name: str) -> str:
    """Return the file's text with ``model`` of ``[device]`` set, and nothing else touched."""
    wanted = _parsed(settings, text)
    wanted["device"] = {**wanted.get("device", {}), "model": name}
    changed = _with_line(text, f"model = {json.dumps(name, ensure_ascii=False)}")
    try:
        if tomllib.loads(changed) == wanted:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError(f"{settings}: please set device.model = {json.dumps(name)} there yourself; its layout is unusual")


def _parsed(settings: Path, text: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{settings}: {error}") from error
    return parsed


def _with_line(text: str, line: str) -> str:
    table = _TABLE.search(text)
    if table is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[device]\n{line}\n"
    following = _NEXT.search(text, table.end())
    end = following.start() if following else len(text)
    old = _LINE.search(text, table.end(), end)
    if old is None:
        return f"{text[: table.end()]}\n{line}{text[table.end() :]}"
    return f"{text[: old.start()]}{line}{text[old.end() :]}"


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole, so that a power cut leaves the old one or the new one."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
