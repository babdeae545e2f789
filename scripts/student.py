"""A student of few weights: a linear head over an embedding, taught by a teacher's soft answers.

The loss is that of Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015, arXiv 1503.02531):
a share of the cross-entropy to the hard label, and T² times a share of the Kullback-Leibler divergence between what
teacher and student say at the temperature T.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[numpy.floating[Any]]"

STEPS: Final = 400
RATE: Final = 0.05
RIDGE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a student is taught; `share` 0 is hard labels alone, 1 is the teacher alone."""

    temperature: float = 2.0
    share: float = 0.7


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of one row per class, the last number of a row being its bias."""

    classes: tuple[str, ...]
    weights: Array

    def probabilities(self, features: Array) -> Array:
        """Return (n, classes) for (n, dimensions)."""
        return softened(_with_one(features) @ self.weights.T, 1.0)

    def write(self, path: Path, origin: Mapping[str, object]) -> None:
        """Write a table of numbers, and where they come from."""
        rows = [[round(float(number), 5) for number in row] for row in self.weights]
        kept = {"classes": self.classes, "weights": rows, "origin": origin}
        path.write_text(json.dumps(kept, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Head:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(kept["classes"]), numpy.array(kept["weights"], dtype=numpy.float32))


def softened(logits: Array, temperature: float) -> Array:
    """Return the probabilities of (n, classes) logits at a temperature."""
    scaled = logits / temperature
    powers = numpy.exp(scaled - scaled.max(axis=1, keepdims=True))
    return numpy.asarray(powers / powers.sum(axis=1, keepdims=True))


def loss(logits: Array, hard: Array, teacher: Array, lesson: Lesson) -> float:
    """Return the mean loss of a student's logits; `hard` is one-hot, `teacher` are logits, all (n, classes)."""
    now, warm = softened(logits, 1.0), softened(logits, lesson.temperature)
    taught = softened(teacher, lesson.temperature)
    task = -(hard * numpy.log(now + 1e-12)).sum(axis=1).mean()
    apart = (taught * (numpy.log(taught + 1e-12) - numpy.log(warm + 1e-12))).sum(axis=1).mean()
    return float((1 - lesson.share) * task + lesson.share * lesson.temperature**2 * apart)


def slope(logits: Array, hard: Array, teacher: Array, lesson: Lesson) -> Array:
    """Return the derivative of `loss` by the logits."""
    task = softened(logits, 1.0) - hard
    apart = softened(logits, lesson.temperature) - softened(teacher, lesson.temperature)
    both = (1 - lesson.share) * task + lesson.share * lesson.temperature * apart
    return numpy.asarray(both / len(logits))


def taught(features: Array, hard: Sequence[int], teacher: Array, classes: Sequence[str], lesson: Lesson) -> Head:
    """Fit a head to (n, dimensions) features by Adam, over all rows at once."""
    inputs, labels = _with_one(features), numpy.eye(len(classes), dtype=numpy.float32)[list(hard)]
    weights = numpy.zeros((len(classes), inputs.shape[1]))
    mean, square = numpy.zeros_like(weights), numpy.zeros_like(weights)
    for step in range(1, STEPS + 1):
        logits = inputs @ weights.T
        gradient = slope(logits, labels, teacher, lesson).T @ inputs + RIDGE * weights
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        weights -= RATE * (mean / (1 - 0.9**step)) / (numpy.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return Head(tuple(classes), numpy.asarray(weights, dtype=numpy.float32))


def _with_one(features: Array) -> Array:
    return numpy.hstack([features, numpy.ones((len(features), 1), dtype=numpy.float32)])
