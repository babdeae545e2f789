"""Which act a sentence asks for: a linear model over hashed features, small enough to need no library."""

from __future__ import annotations

import json
import math
from array import array
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from zlib import decompress
from zlib import error as ZlibError

from edge_assistant.errors import ConfigError
from edge_assistant.phrasing.features import features, places
from edge_assistant.phrasing.spotting import Phrase


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned from the examples of one language."""

    classes: tuple[str, ...]
    weights: array[int]
    """One row of a signed byte per class for every place of a feature."""
    scale: float
    vocabulary: frozenset[str]
    lexicon: tuple[Phrase, ...]
    questions: tuple[Phrase, ...] = ()
    """What the words of questions about states mean."""
    fillers: frozenset[str] = frozenset()
    """Words of such questions that mean nothing."""

    @classmethod
    def read(cls, text: str) -> Model:
        """Read a table. Raises `ConfigError`."""
        try:
            kept = json.loads(text)
            weights = array("b", decompress(b64decode(kept["weights"])))
            return cls(
                tuple(kept["classes"]),
                weights,
                float(kept["scale"]),
                frozenset(kept["vocabulary"]),
                _phrases(kept["lexicon"]),
                _phrases(kept["questions"]),
                frozenset(kept["fillers"]),
            )
        except (ValueError, TypeError, KeyError, ZlibError) as error:
            raise ConfigError("this is not a table of free phrasings") from error

    def probabilities(self, row: Sequence[str]) -> Mapping[str, float]:
        """Return how probable each act is for a row of words and placeholders."""
        count = len(self.classes)
        sums = [0] * count
        for place in places(features(row, self.vocabulary), len(self.weights) // count):
            sums = [a + b for a, b in zip(sums, self.weights[place * count : (place + 1) * count], strict=True)]
        top = max(sums)
        shares = [math.exp((value - top) * self.scale) for value in sums]
        total = sum(shares)
        return {name: share / total for name, share in zip(self.classes, shares, strict=True)}


def _phrases(listed: Iterable[tuple[Sequence[str], str, str]]) -> tuple[Phrase, ...]:
    return tuple(Phrase(tuple(words), kind, value) for words, kind, value in listed)


@lru_cache(maxsize=4)
def shipped(language: str) -> Model | None:
    """Return the model that came with the package; none where nobody has trained one for the language."""
    try:
        return Model.read(
            files("edge_assistant.phrasing").joinpath("tables").joinpath(f"{language}.json").read_text("utf-8")
        )
    except FileNotFoundError:
        return None
