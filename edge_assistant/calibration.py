"""Features turned into a probability: tables fitted on labelled questions, kept as small JSON files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

from edge_assistant.errors import ConfigError


class Split(NamedTuple):
    """A question to one feature: up to `most` is `low`, above it `high`."""

    feature: str
    most: float
    low: Tree
    high: Tree


Tree: TypeAlias = "float | Split"
"""What is added to the log-odds, by what the features are."""


@dataclass(frozen=True, slots=True)
class Table:
    """A logistic model, with trees where features matter together: what each adds, and where it came from."""

    intercept: float
    weights: Mapping[str, float]
    origin: Mapping[str, object]
    """How many questions it was fitted on, when, the hash of the data, and its AUROC on questions it had not seen."""
    trees: Sequence[Tree] = ()

    @classmethod
    def read(cls, text: str) -> Table:
        """Read the JSON of a fitted table. Raises `ConfigError`."""
        try:
            kept = json.loads(text)
            weights = {str(name): float(weight) for name, weight in kept["weights"].items()}
            trees = tuple(map(_tree, kept.get("trees", ())))
            return cls(float(kept["intercept"]), weights, dict(kept["origin"]), trees)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ConfigError("this is not a calibration table") from error

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability of being right; a feature that the table does not weigh is passed over."""
        score = self.intercept + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        score += sum(_leaf(tree, features) for tree in self.trees)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, score))))


def _tree(kept: object) -> Tree:
    if isinstance(kept, float | int):
        return float(kept)
    if not isinstance(kept, list):
        raise TypeError("a tree is a number or a list")
    feature, most, low, high = kept
    return Split(str(feature), float(most), _tree(low), _tree(high))


def _leaf(tree: Tree, features: Mapping[str, float]) -> float:
    while isinstance(tree, Split):
        tree = tree.low if features.get(tree.feature, 0.0) <= tree.most else tree.high
    return tree


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
