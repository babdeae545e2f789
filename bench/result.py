"""What every bench prints: a table for people, and one JSON line for `scripts/benchmarks.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Result:
    """The one number that a bench is about, beside that of a peer or a physical limit in the same run."""

    bench: str
    ours: float
    peer: float
    unit: str
    better: Literal["higher", "lower"]

    @property
    def ratio(self) -> float:
        """Return how many times the peer's number ours is."""
        return round(self.ours / self.peer, 3) if self.peer else 0.0

    def line(self) -> str:
        """Return the JSON object that ends the output of a bench."""
        return json.dumps({**asdict(self), "ratio": self.ratio})


def report(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], result: Result) -> None:
    """Print a Markdown table under its title, and the result as the last line."""
    cells = [list(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    print(f"{title}\n")
    for row in (cells[0], rule, *cells[1:]):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print()
    print(result.line())
