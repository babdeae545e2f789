"""Rule files, layer over layer: read, checked, and kept ready for the next start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Final

from edge_assistant.errors import ConfigError
from edge_assistant.rules.draft import Draft, RuleFile, Rules, Template

_FORMAT: Final = "11"


def read_rules(language: str, folders: Sequence[Path], checks: Collection[str], cache: Path | None = None) -> Rules:
    """Read the rules of one language from folders, the shipped one first; a later file of the same name replaces.

    A broken file of the user is left out and reported; a broken shipped file raises `ConfigError`.
    What was read is kept as JSON in `cache` under the hash of the files.
    """
    files = list(_files(language, folders))
    content = b"".join(f"\0{file.path}\0{len(file.content)}\0".encode() + file.content for file in files)
    kept = cache / f"rules-{language}.json" if cache is not None else None
    return cached(kept, f"{sorted(checks)}".encode() + content, lambda: _compiled(language, files, checks))


def cached(kept: Path | None, content: bytes, compiled: Callable[[], Rules]) -> Rules:
    """Return the rules that are kept in a file for this content, or compile them and keep them there."""
    key = hashlib.sha256(f"{_FORMAT} {_peer()}\0".encode() + content).hexdigest()
    return _recalled(kept, key) or _remembered(kept, key, compiled())


@cache
def _peer() -> str:
    return version("hassil")


def _files(language: str, folders: Sequence[Path]) -> Iterator[RuleFile]:
    for index, folder in enumerate(folders):
        if index and not folder.is_dir():
            raise ConfigError(f"{folder}: there is no such folder of rules")
        for path in sorted((folder / language).glob("*.yaml")):
            try:
                yield RuleFile(path, path.read_bytes() if path.stat().st_size <= 1_000_000 else b"\xff", index == 0)
            except OSError as error:
                raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from error


def _recalled(kept: Path | None, key: str) -> Rules | None:
    try:
        found = json.loads(kept.read_bytes()) if kept is not None else {}
        if found.get("key") != key:
            return None
        rules = found["rules"]
        templates = tuple(Template(*template) for template in rules.pop("templates"))
        frames = tuple((before, after, asks) for before, after, asks in rules.pop("frames"))
        return Rules(**rules | {"templates": templates, "frames": frames})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _remembered(kept: Path | None, key: str, rules: Rules) -> Rules:
    if kept is not None:
        partial = kept.with_suffix(f".{key[:8]}.part")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            plain = asdict(rules)
            plain["templates"] = [list(template.values()) for template in plain["templates"]]
            partial.write_text(json.dumps({"key": key, "rules": plain}, ensure_ascii=False), encoding="utf-8")
            partial.chmod(0o600)
            partial.replace(kept)
        except OSError:  # a cache that cannot be written is only slower
            with suppress(OSError):
                partial.unlink(missing_ok=True)
    return rules


def _compiled(language: str, files: Sequence[RuleFile], checks: Collection[str]) -> Rules:
    """Build the rules; as long as a file of the user breaks them, build them again without it."""
    refused: dict[Path, str] = {}
    while True:
        by_name: dict[str, RuleFile] = {}
        for file in files:
            if file.path not in refused:
                by_name[file.path.name] = file
        draft = Draft(language, checks)
        broken = next((found for file in by_name.values() if (found := draft.add(file))), None) or draft.check()
        if broken is None:
            return draft.rules(tuple(map(str, (file.path for file in by_name.values()))), tuple(refused.values()))
        file, reason = broken
        if file.own:
            raise ConfigError(reason)
        refused[file.path] = reason
