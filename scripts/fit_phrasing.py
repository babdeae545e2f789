"""Fit how sure the second stage of the rules is, on labelled sets, and write its table for one language."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from edge_assistant.calibration import Table
from edge_assistant.config import shipped
from edge_assistant.operations.evaluate.commands import Homes, frame, speaker_area
from edge_assistant.phrasing.stage import Phrasing
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import CHECKS
from edge_assistant.skills.books import Rulebooks

ROOT: Final = Path(__file__).parents[1]
SETS: Final = ("routing/routing_{}*.jsonl", "commands/commands_{}*.jsonl")
PULL: Final = 0.02
"""How much the slope is drawn to one, since there are few rows."""


@dataclass(frozen=True)
class Case:
    """The log odds of an act that the stage took, and whether its intent is a right one."""

    logit: float
    right: float


def taken(folder: Path, language: str) -> Iterator[Case]:
    """Yield what the second stage takes of the labelled sets, in the homes that they name."""
    plain = Table(0.0, {"logit": 1.0}, {})
    stage = Phrasing(language, certainty=lambda _: plain, asking=0.0)
    read = Rulebooks((shipped("rules"),), None, ("home-assistant",))(language)
    book = Rulebook(read.rules, CHECKS, read.packs[1:], stage)
    homes = Homes(json.loads((folder / "commands" / "homes.json").read_text("utf-8")))
    for row in rows(folder, language):
        home = homes.of(row)
        match = book.match(row["text"], home, speaker_area(row, home))
        if match is not None and match.probability is not None:
            accepted = row["accept"] if "accept" in row else [row["intent"]]
            logit = math.log(match.probability / (1 - match.probability))
            yield Case(logit, float(frame(match)["intent"] in accepted))


def rows(folder: Path, language: str) -> Iterator[dict[str, Any]]:
    for pattern in SETS:
        for path in sorted(folder.glob(pattern.format(language))):
            for line in path.read_text("utf-8").splitlines():
                yield json.loads(line)


def fitted(cases: Sequence[Case]) -> tuple[float, float]:
    """Return the intercept and the slope that make the cases most likely."""
    intercept, slope = 0.0, 1.0
    for _ in range(3000):
        off = [(_sure(intercept, slope, case.logit) - case.right, case.logit) for case in cases]
        intercept -= 0.5 * sum(error for error, _ in off) / len(cases)
        slope -= 0.2 * (sum(error * logit for error, logit in off) / len(cases) + PULL * (slope - 1.0))
    return intercept, slope


def _sure(intercept: float, slope: float, logit: float) -> float:
    return 1 / (1 + math.exp(-(intercept + slope * logit)))


def error(pairs: Sequence[tuple[float, float]], bins: int = 5) -> float:
    """Return the expected calibration error over bins with as many cases each."""
    ordered = sorted(pairs)
    edges = [len(ordered) * number // bins for number in range(bins + 1)]
    lots = [ordered[start:end] for start, end in pairwise(edges)]
    return sum(abs(sum(sure - right for sure, right in lot)) for lot in lots) / len(ordered)


def main() -> None:
    """Fit one language, each case also by a table that has not seen it, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("language")
    options = parser.parse_args()
    cases = list(taken(options.folder, options.language))
    intercept, slope = fitted(cases)
    unseen = [
        (_sure(*fitted([*cases[:index], *cases[index + 1 :]]), case.logit), case.right)
        for index, case in enumerate(cases)
    ]
    origin = {
        "rows": len(cases),
        "right": int(sum(case.right for case in cases)),
        "error before": round(error([(_sure(0, 1, case.logit), case.right) for case in cases]), 4),
        "error, each row unseen": round(error(unseen), 4),
        "data": sha256("".join(row["text"] for row in rows(options.folder, options.language)).encode()).hexdigest()[
            :16
        ],
        "sets": "routing and commands, by intent",
        "date": date.today().isoformat(),
    }
    table = {"intercept": round(intercept, 4), "weights": {"logit": round(slope, 4)}, "origin": origin}
    path = ROOT / "edge_assistant" / "phrasing" / "tables" / f"certainty.{options.language}.json"
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(path.read_text("utf-8"))


if __name__ == "__main__":
    main()
