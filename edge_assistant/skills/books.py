"""The rulebooks of this installation: the shipped rules with the user's over them, read when first needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from edge_assistant import slot_checks
from edge_assistant.phrasing.stage import Phrasing
from edge_assistant.rule_files import read_rules
from edge_assistant.rule_packs import PACKS, read_pack
from edge_assistant.rulebook import Rulebook
from edge_assistant.skills import CHECKS

_log = logging.getLogger(__name__)


class Rulebooks:
    """One rulebook for each language."""

    def __init__(self, folders: Sequence[Path], cache: Path | None = None, packs: Sequence[str] = ()) -> None:
        self._folders = tuple(folders)
        self._cache = cache
        self._packs = [PACKS[name] for name in packs]
        self._books: dict[str, Rulebook] = {}

    def __call__(self, language: str) -> Rulebook:
        """Return the rules of a language. Raises `ConfigError`."""
        if language not in self._books:
            rules = read_rules(language, self._folders, {**slot_checks.CHECKS, **CHECKS}, self._cache)
            packs = [found for pack in self._packs if (found := read_pack(pack, language, self._cache))]
            for reason in (*rules.skipped, *(reason for pack in packs for reason in pack.skipped)):
                _log.warning("not in use: %s", reason)
            self._books[language] = Rulebook(rules, CHECKS, packs, Phrasing(language))
        return self._books[language]
