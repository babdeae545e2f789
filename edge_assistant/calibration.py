"""Features turned into a probability: logistic tables, fitted on labelled questions, kept as small JSON files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from edge_assistant.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Table:
    """A logistic model: what each feature weighs, and where it came from."""

    intercept: float
    weights: Mapping[str, float]
    origin: Mapping[str, object]
    """How many questions it was fitted on, when, the hash of the data, and its AUROC on questions it had not seen."""

    @classmethod
    def read(cls, text: str) -> Table:
        """Read the JSON of a fitted table. Raises `ConfigError`."""
        try:
            kept = json.loads(text)
            weights = {str(name): float(weight) for name, weight in kept["weights"].items()}
            return cls(float(kept["intercept"]), weights, dict(kept["origin"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError("this is not a calibration table") from error

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability of being right; a feature that the table does not weigh is passed over."""
        score = self.intercept + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))


@lru_cache(maxsize=16)
def shipped(room: str, name: str) -> Table:
    """Return a table that came with a room of this package. Raises `ConfigError` where there is none."""
    try:
        return Table.read(
            files(f"edge_assistant.{room}").joinpath("tables").joinpath(f"{name}.json").read_text("utf-8")
        )
    except (OSError, ModuleNotFoundError) as error:
        raise ConfigError(f"there is no calibration table {name} in {room}") from error


def log_odds(probability: float) -> float:
    """Return a probability as log-odds, which add up; none is quite certain."""
    kept = min(0.999, max(0.001, probability))
    return math.log(kept / (1.0 - kept))
