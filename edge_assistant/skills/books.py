"""The rulebooks of this installation: the shipped rules, the user's over them, the packs beside them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic

from edge_assistant.errors import ConfigError
from edge_assistant.phrasing.stage import Phrasing
from edge_assistant.rules import slot_checks
from edge_assistant.rules.files import read_rules
from edge_assistant.rules.packs import PACKS, read_pack
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import CHECKS
from edge_assistant.watched import Watched, in_background

_log = logging.getLogger(__name__)


class Rulebooks:
    """One rulebook for each language, read when first needed, and again when its files change."""

    def __init__(
        self,
        folders: Sequence[Path],
        cache: Path | None = None,
        packs: Sequence[str] = (),
        clock: Callable[[], float] = monotonic,
        begin: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._folders = tuple(folders)
        self._cache = cache
        self._packs = [PACKS[name] for name in packs]
        self._clock = clock
        self._begin = begin
        self._books: dict[str, Watched[Rulebook]] = {}

    def __call__(self, language: str) -> Rulebook:
        """Return the rules of a language. Raises `ConfigError`."""
        return self._watched(language)()

    def trouble(self, language: str) -> str | None:
        """Return why the rules of a language as the files say them now are not in use."""
        return self._watched(language).trouble

    def _watched(self, language: str) -> Watched[Rulebook]:
        if language not in self._books:
            self._books[language] = Watched(
                lambda: self._files(language), lambda last: self._read(language, last), self._clock, self._begin
            )
        return self._books[language]

    def _files(self, language: str) -> Iterator[Path]:
        for folder in self._folders:
            yield from (folder / language).glob("*.yaml")
        for pack in self._packs:
            if (place := pack.folder) and language in pack.files:
                yield place / pack.files[language]

    def _read(self, language: str, last: Rulebook | None) -> Rulebook:
        """Read everything; what worked before must not be lost by a mistake in a file."""
        rules = read_rules(language, self._folders, {**slot_checks.CHECKS, **CHECKS}, self._cache)
        packs = [found for pack in self._packs if (found := read_pack(pack, language, self._cache))]
        book = Rulebook(rules, CHECKS, packs, Phrasing(language))
        if last is not None and len(book.skipped) > len(last.skipped):
            raise ConfigError("; ".join(book.skipped))
        for reason in book.skipped:
            _log.warning("not in use: %s", reason)
        return book
