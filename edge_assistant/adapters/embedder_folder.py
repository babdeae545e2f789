"""What a folder with an embedding model says about its own use: pooling, prefixes, length, languages, hashes."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from edge_assistant.errors import ConfigError, TierError
from edge_assistant.languages import IDEOGRAPH, LANGUAGES
from edge_assistant.models.stored import digest

Pooling = Literal["mean", "cls", "max"]
Kind = Literal["query", "passage"]
_ENOUGH: Final = {"en": 5_000, "zh": 3_000}
"""How many words or characters of a language a tokenizer must hold to read it; MiniLM's holds 244 ideographs."""
_LATIN: Final = re.compile(r"[A-Za-z]{3,}")


@dataclass(frozen=True, slots=True)
class Family:
    """What the publisher's page says of a family of models, for folders whose own files leave it out."""

    name: str
    """A pattern of the names it is published under."""
    query: str = ""
    passage: str = ""
    pooling: Pooling = "mean"


_SEARCHING: Final = "Represent this sentence for searching relevant passages: "
FAMILIES: Final = (
    Family(
        r"e5-.*instruct",
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
    ),
    Family(r"(^|[-_/])e5[-_]", "query: ", "passage: "),
    Family(r"bge-(small|base|large)-zh", "为这个句子生成表示以用于检索相关文章：", pooling="cls"),
    Family(r"bge-(small|base|large)-en|mxbai-embed|arctic-embed-\w+(-v1\.5)?$", _SEARCHING, pooling="cls"),
    Family(r"bge-m3", pooling="cls"),
    Family(r"arctic-embed-.*-v2", "query: ", pooling="cls"),
    Family(r"nomic-embed", "search_query: ", "search_document: "),
)
"""Tried in order, against the names a folder goes by; from the publishers' model cards."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How texts become vectors, by the folder's own files or, where these are silent, by its family."""

    pooling: Pooling
    normalize: bool
    longest: int
    prompts: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Preprocessing:
        """Read it from the folder's configuration files. Raises `ConfigError`."""
        modules = read_json(folder / "modules.json", [])
        kinds = {str(module["type"]).rsplit(".", 1)[-1]: folder / module["path"] for module in modules}
        if unknown := kinds.keys() - {"Transformer", "Pooling", "Normalize"}:
            raise ConfigError(f"{folder}: the model has a part that is not supported: {', '.join(sorted(unknown))}")
        family = _family(folder)
        pooling = read_json(kinds.get("Pooling", folder / "1_Pooling") / "config.json", None)
        prompts = read_json(folder / "config_sentence_transformers.json", {}).get("prompts") or {}
        if not any(prompts.values()):
            prompts = {"query": family.query, "passage": family.passage}
        return cls(
            family.pooling if pooling is None else _pooling(folder, pooling),
            not modules or "Normalize" in kinds,
            _longest(folder),
            prompts,
        )

    def prefix(self, kind: Kind) -> str:
        """Return what is put before a text of this kind."""
        other = "document" if kind == "passage" else kind
        return self.prompts.get(kind) or self.prompts.get(other) or ""


def languages_read(folder: Path, tokenizer: Any) -> tuple[str, ...]:
    """Return which of our languages a model reads: what its folder says, else what its tokenizer has words for."""
    stated = _stated_languages(folder)
    return _legible(list(tokenizer.get_vocab())) if stated is None else stated


def _stated_languages(folder: Path) -> tuple[str, ...] | None:
    """Return which of our languages the folder says that the model reads, or None where it says nothing."""
    named = read_json(folder / "origin.json", {}).get("languages") or read_json(folder / "config.json", {}).get(
        "language"
    )
    if not isinstance(named, list):
        return None
    return tuple(language for language in LANGUAGES if language in named)


def _legible(pieces: Sequence[str]) -> tuple[str, ...]:
    """Return which of our languages a tokenizer with these pieces has words for."""
    counts = {
        "en": sum(1 for piece in pieces if _LATIN.fullmatch(piece.lstrip("▁Ġ#"))),
        "zh": len({ideograph for piece in pieces for ideograph in IDEOGRAPH.findall(piece)}),
    }
    return tuple(language for language in LANGUAGES if counts[language] >= _ENOUGH[language])


class Digests:
    """The sha256 of files, remembered as long as their size and time of change stay the same."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, tuple[str, str]] = _remembered(path) if path else {}

    def of(self, file: Path) -> str:
        """Return the sha256 of a file. Raises `TierError`."""
        try:
            status = file.stat()
            mark = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
            known = self._known.get(str(file))
            if known and known[0] == mark:
                return known[1]
            fresh = digest(file)
        except OSError as error:
            raise TierError(f"{file}: {error.strerror}") from error
        self._known[str(file)] = (mark, fresh)
        self._remember()
        return fresh

    def verify(self, file: Path) -> None:
        """Refuse a file whose folder recorded another hash for it. Raises `TierError`."""
        promised = read_json(file.parent / "origin.json", {}).get("sha256", {}).get(file.name)
        if promised and promised != self.of(file):
            raise TierError(f"{file}: the file is damaged (its sha256 is not the recorded one)")

    def _remember(self) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(self._known), encoding="utf-8")
            fresh.replace(self._path)


def _remembered(path: Path) -> dict[str, tuple[str, str]]:
    """Return what was remembered; what cannot be read is found out again."""
    try:
        return {str(file): (str(mark), str(digest)) for file, (mark, digest) in read_json(path, {}).items()}
    except (ConfigError, ValueError, TypeError, AttributeError):
        return {}


def stamp(*parts: str) -> str:
    """Return what identifies the vectors that are made from these parts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def read_json(path: Path, otherwise: Any) -> Any:
    """Read a JSON file, or return `otherwise` where there is none. Raises `ConfigError`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return otherwise
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: this file cannot be read as JSON") from error


def _family(folder: Path) -> Family:
    origin, config = read_json(folder / "origin.json", {}), read_json(folder / "config.json", {})
    names = (origin.get("repository"), config.get("_name_or_path"), folder.resolve().name)
    found = (
        family for name in names if name for family in FAMILIES if re.search(family.name, str(name), re.IGNORECASE)
    )
    return next(found, Family(""))


def _pooling(folder: Path, settings: Mapping[str, Any]) -> Pooling:
    modes: tuple[tuple[str, Pooling], ...] = (
        ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_cls_token", "cls"),
        ("pooling_mode_max_tokens", "max"),
    )
    chosen = [pooling for key, pooling in modes if settings.get(key) or settings.get("pooling_mode") == pooling]
    others = [key for key, on in settings.items() if key.startswith("pooling_mode_") and on is True]
    if len(chosen) != 1 or len(others) > 1:
        raise ConfigError(f"{folder}: this way of pooling is not supported")
    return chosen[0]


def _longest(folder: Path) -> int:
    """Return how many tokens the model reads: what sentence-transformers set, else what its tokenizer says."""
    chosen = read_json(folder / "sentence_bert_config.json", {}).get("max_seq_length")
    stated = read_json(folder / "tokenizer_config.json", {}).get("model_max_length") or 512
    return int(chosen or min(stated, 512))
