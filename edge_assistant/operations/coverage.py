"""How much is answered, and how much of it is right, at every threshold: the coverage/precision curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

THRESHOLDS: Final = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
ANSWERABLE: Final = "answerable"
_SURE: Final = 1.96
"""Standard deviations of a 95 % interval."""


class Weighed(NamedTuple):
    """One labelled question: its kind, how sure the answer was (0 where there was none), whether it was right."""

    kind: str
    confidence: float
    right: float


def share(count: float, total: int) -> tuple[float, float, float]:
    """Return a share with the bounds of its 95 % interval (Wilson 1927)."""
    if not total:
        return 0.0, 0.0, 1.0
    part, spread = count / total, _SURE**2 / total
    middle = (part + spread / 2) / (1 + spread)
    reach = math.sqrt(spread * part * (1 - part) + spread**2 / 4) / (1 + spread)
    return part, max(0.0, middle - reach), min(1.0, middle + reach)


def answered(weighed: Sequence[Weighed], kind: str, threshold: float) -> tuple[int, int]:
    """Return how many questions of a kind are answered, and how many there are."""
    own = [one for one in weighed if one.kind == kind]
    return sum(one.confidence > 0 and one.confidence >= threshold for one in own), len(own)


def right(weighed: Sequence[Weighed], threshold: float) -> tuple[float, int]:
    """Return how many answerable questions are answered right, and how many there are."""
    own = [one for one in weighed if one.kind == ANSWERABLE]
    return sum(one.right for one in own if one.confidence > 0 and one.confidence >= threshold), len(own)


def precision(weighed: Sequence[Weighed], threshold: float) -> tuple[float, int]:
    """Return how many answers are right, and how many there are."""
    said = [one for one in weighed if one.confidence > 0 and one.confidence >= threshold]
    return sum(one.right for one in said if one.kind == ANSWERABLE), len(said)


def coverage(weighed: Sequence[Weighed], wanted: float) -> float:
    """Return the largest share of all questions that can be answered with the wanted precision."""
    sizes = [size for one in weighed for hits, size in [precision(weighed, one.confidence)] if hits >= wanted * size]
    return max(sizes, default=0) / len(weighed) if weighed else 0.0


def curve(weighed: Sequence[Weighed], thresholds: Sequence[float] = THRESHOLDS) -> list[str]:
    """Return a table in lines: for every threshold what is right, how precise it is, what else is answered."""
    kinds = sorted({one.kind for one in weighed} - {ANSWERABLE})
    lines = ["  threshold  right of answerable    precision              " + "  ".join(f"{kind:>22}" for kind in kinds)]
    for threshold in thresholds:
        counts = [right(weighed, threshold), precision(weighed, threshold)]
        counts += [answered(weighed, kind, threshold) for kind in kinds]
        lines.append(f"  {threshold:9.2f}  " + "  ".join(f"{_told(*count):>22}" for count in counts))
    return lines


def _told(count: float, total: int) -> str:
    part, low, high = share(count, total)
    return f"{part:.2f} ({low:.2f}–{high:.2f}) {count:g}/{total}"
