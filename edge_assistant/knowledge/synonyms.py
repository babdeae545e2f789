"""Words that people use for one another, from a file that anybody can write: one group a line, with commas between."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Final

from edge_assistant.knowledge.words import tokens

_BETWEEN: Final = re.compile(r"\s*[,，、;；]\s*")
_LAST_SPACED: Final = "\u2fff"


class Synonyms:
    """Groups of words that may stand for one another; the first of a group stands for all."""

    def __init__(self, groups: Sequence[Sequence[str]] = ()) -> None:
        self._groups = [tuple(group) for group in groups if len(group) > 1]
        self._first = {word.lower(): group for group in self._groups for word in group}

    @classmethod
    def read(cls, text: str) -> Synonyms:
        """Read a file's text: empty lines and what follows a # are passed over."""
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return cls([[word for word in _BETWEEN.split(line) if word] for line in lines if line])

    def __add__(self, other: Synonyms) -> Synonyms:
        return Synonyms([*self._groups, *other._groups])

    def plain(self, text: str) -> str:
        """Return a text with every word of a group replaced by the first of it, so that two texts can be compared."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._first[found[0].lower()][0], text)

    def as_said(self, text: str, frequency: Callable[[str], int]) -> str:
        """Return a text with every word of a group replaced by that of the group which is said most often."""

        def commonest(found: re.Match[str]) -> str:
            group = self._first[found[0].lower()]
            here = (found[0], *(word for word in group if word.lower() != found[0].lower()))
            return max(here, key=lambda word: min((frequency(token) for token in tokens(word)), default=0))

        return self._pattern.sub(commonest, text) if self._pattern else text

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        """Find whole words, and unspaced words anywhere; the longest first."""
        words = sorted(self._first, key=lambda word: -len(word))
        return re.compile("|".join(map(_whole, words)), re.IGNORECASE) if words else None


def _whole(word: str) -> str:
    begin = "" if word[0] > _LAST_SPACED else r"(?<![a-zA-Z0-9])"
    end = "" if word[-1] > _LAST_SPACED else r"(?![a-zA-Z0-9])"
    return f"{begin}{re.escape(word)}{end}"


@lru_cache(maxsize=1)
def shipped() -> Synonyms:
    """Return the groups that come with this package: words for what is done to things and files."""
    return Synonyms.read(
        files("edge_assistant.knowledge").joinpath("tables").joinpath("synonyms.txt").read_text("utf-8")
    )
