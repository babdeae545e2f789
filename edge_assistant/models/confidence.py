"""How sure a model may be of an answer, from passages or from memory: tables fitted on labelled questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from edge_assistant.calibration import Table, shipped
from edge_assistant.errors import ConfigError
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.spoken import Spoken

Size = Literal["tiny", "small", "large"]
_SIZES: Final[tuple[tuple[float, Size], ...]] = ((0.3, "tiny"), (1.2, "small"))
"""Below how many billion parameters a model is taken for one of those that were measured: 135M, 0.5B, 1.5B."""
_UNLIKELY: Final = -6.0
"""The log-probability below which a token is simply unlikely."""


class Belief(Protocol):
    """How far a model is to be believed."""

    def before(self, language: str, promise: Mapping[str, float]) -> float:
        """Return the probability that an answer will be right."""
        ...

    def after(self, language: str, features: Mapping[str, float], spoken: Spoken | None) -> float:
        """Return the probability that an answer is right."""
        ...

    def remembered(self, language: str, features: Mapping[str, float], spoken: Spoken | None) -> float | None:
        """Return the probability that an answer without passages is right; None where nothing is heard of it."""
        ...


class Confidence:
    """What is known of models of one size: how often they are right, by what is seen before and after they speak.

    Satisfies `Belief`.
    """

    def __init__(self, described: ModelFile) -> None:
        self._size = size(described)

    def before(self, language: str, promise: Mapping[str, float]) -> float:
        """Return the probability that an answer will be right."""
        return _table("before", self._size, language).probability(promise)

    def after(self, language: str, features: Mapping[str, float], spoken: Spoken | None) -> float:
        """Return the probability that an answer is right; a model that tells no likelihoods has a table of its own."""
        heard = likelihood(spoken)
        table = _table("after" if heard else "unheard", self._size, language)
        return table.probability({**features, **heard})

    def remembered(self, language: str, features: Mapping[str, float], spoken: Spoken | None) -> float | None:
        """Return the probability that an answer without passages is right; None where no likelihoods are told."""
        heard = likelihood(spoken)
        return _table("closed", self._size, language).probability({**features, **heard}) if heard else None


def size(described: ModelFile) -> Size:
    """Return which of the measured models one is like; one of unknown size is taken for small."""
    billions = described.billions or _SIZES[-1][0] / 2
    return next((name for below, name in _SIZES if billions < below), "large")


def likelihood(spoken: Spoken | None) -> dict[str, float]:
    """Return how likely a model found its own tokens; nothing where it does not say."""
    if spoken is None or not spoken.likelihoods:
        return {}
    tokens = [max(_UNLIKELY, one) for one in spoken.likelihoods]
    return {
        "likely": sum(tokens) / len(tokens),
        "least likely": min(tokens),
        "first likely": tokens[0],
        "all likely": max(2 * _UNLIKELY, sum(tokens)),
        "cut": float(spoken.ended != "stop"),
    }


def _table(when: str, size: Size, language: str) -> Table:
    """Return the table for a size and a language, else that for English, else that of a small model."""
    names: Sequence[str] = (f"{when}.{size}.{language}", f"{when}.{size}.en", f"{when}.small.en")
    for name in names:
        try:
            return shipped("models", name)
        except ConfigError:
            continue
    raise ConfigError(f"there is no calibration table {names[0]} in models")
