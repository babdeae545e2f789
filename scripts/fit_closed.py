"""Fit how sure a model on the device may be of a fact that it remembers. The tables keep numbers only, no text.

    python -m scripts.fit_closed LANGUAGE MODEL --kept answers.jsonl [--kb KB_FOLDER] [--sample 120]

Asked are facts that most people know, of common_facts.jsonl, and up to --sample obscure ones: questions of KB_FOLDER
whose answer stands in none of its documents, but is known (`world_answers`). What MODEL said is kept as fit_device
keeps it; with --again nothing new is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.calibration import Table
from edge_assistant.knowledge.closed_book import is_fact, knows_nothing
from edge_assistant.models.confidence import likelihood
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.models.rung import Pinned, Rung
from edge_assistant.tiers.device import DeviceTier
from edge_assistant.types import Query
from scripts.fit_answerability import auroc, digest, error_of, fit, rows_of
from scripts.fit_device import Kept, found, kept_as, some

COMMON = Path(__file__).parent / "common_facts.jsonl"
FOLDS = 10
RIDGE = 3.0
FEATURES = ("likely", "least likely", "all likely")
"""The kind of what is asked, the length of the answer and its first token added nothing on held-out questions."""


@dataclass(frozen=True)
class Fact:
    """A question about the world, and what is right."""

    kind: Literal["common", "obscure"]
    question: str
    answers: Sequence[str]


@dataclass(frozen=True)
class Case:
    """What a model said to a fact: how likely it found that, and whether it is right."""

    kind: Literal["common", "obscure"]
    features: dict[str, float]
    right: float


def main() -> None:
    """Ask, fit, print what it is worth on questions that the table has not seen, write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("language")
    parser.add_argument("model")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--kb", type=Path)
    parser.add_argument("--sample", type=int, default=120)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--again", action="store_true", help="ask nothing new")
    parser.add_argument("--dry", action="store_true", help="write no table")
    options = parser.parse_args()
    facts = list(facts_of(options.language, options.kb, options.sample))
    cases = asyncio.run(gathered(facts, options))
    held = held_out(cases)
    report(cases, held)
    if not options.dry:
        worth = round(auroc(held, [case.right for case in cases]), 4)
        origin = {"questions": len(cases), "model": options.model, "data": digest(COMMON)}
        print(kept_as("closed", found(options.model)[0], options.language, table_of(cases, origin), worth))


def facts_of(language: str, kb: Path | None, sample: int) -> Iterator[Fact]:
    """Yield the common facts, then the obscure ones, in an order in which each beginning is a fair sample."""
    for row in rows_of(COMMON):
        if row["language"] == language:
            yield Fact("common", row["question"], row["answers"])
    rows = [row for row in rows_of(kb / "questions.jsonl") if row.get("world_answers")] if kb else []
    random.Random(4).shuffle(rows)
    for row in [row for row in rows if is_fact(row["question"])][:sample]:
        yield Fact("obscure", row["question"], row["world_answers"])


async def gathered(facts: Sequence[Fact], options: argparse.Namespace) -> list[Case]:
    described, file = found(options.model)
    loading = Loading(2048, threads=options.threads or physical_cores())
    model = None if options.again else LlamaModel(file, loading=loading)
    rung = Rung(described, file, Kept(model, options.kept), context=2048)
    cases = [case async for case in cases_of(facts, rung, options.language)]
    if model is not None:
        await model.close()
    return cases


async def cases_of(facts: Sequence[Fact], rung: Rung, language: str) -> AsyncIterator[Case]:
    """Yield what became of each question; not those whose answer is not kept, is none, or was cut."""
    tier = DeviceTier(Pinned(rung))
    for fact in facts:
        try:
            text, spoken = await tier.recalled(rung, Query(fact.question, language))
        except KeyError:
            continue
        if spoken is not None and spoken.ended == "stop" and not knows_nothing(text):
            yield Case(fact.kind, some(likelihood(spoken), FEATURES), float(is_told(text, fact.answers)))


def is_told(text: str, answers: Sequence[str]) -> bool:
    """Return whether a text says an answer to the letter.

    SQuAD's rule takes half of an answer for the whole, which is for sentences, and not for names and numbers.
    """
    spelled = [rf"(?<![0-9a-z]){re.escape(answer.lower())}(?![0-9a-z])" for answer in answers]
    return any(re.search(pattern, text.lower()) for pattern in spelled)


def table_of(cases: Sequence[Case], origin: dict[str, object]) -> Table:
    """Fit on common and obscure facts as though both were asked equally often."""
    counts = Counter(case.kind for case in cases)
    evenly = [case for case in cases for _ in range(round(max(counts.values()) / counts[case.kind]))]
    return fit([case.features for case in evenly], [case.right for case in evenly], origin, RIDGE)


def held_out(cases: Sequence[Case]) -> list[float]:
    """Return the probability of every case from a table that has not seen it."""
    order, held = random.Random(7).sample(range(len(cases)), len(cases)), [0.0] * len(cases)
    for fold in range(FOLDS):
        unseen = set(order[fold::FOLDS])
        table = table_of([case for place, case in enumerate(cases) if place not in unseen], {})
        for place in unseen:
            held[place] = table.probability(cases[place].features)
    return held


def report(cases: Sequence[Case], held: Sequence[float]) -> None:
    """Print for common and obscure facts how well right is told from wrong, and what is right at each probability."""
    for kind in ("common", "obscure", None):
        both = [(sure, case.right) for sure, case in zip(held, cases, strict=True) if kind in (None, case.kind)]
        rights = [right for _, right in both]
        worth = f"{auroc(*zip(*both, strict=True)):.3f}" if 0 < sum(rights) < len(rights) else "-"
        error = error_of([sure for sure, _ in both], rights) if both else 0.0
        print(f"{kind or 'all'}: {len(both)} answers, {sum(rights):.0f} right, AUROC {worth}, error {error:.3f}")
        for low, high in ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 0.7), (0.7, 1.01)):
            within = [right for sure, right in both if low <= sure < high]
            print(f"  {low:.2f} to {high:.2f}: {len(within):3} answers, {numpy.sum(within):.0f} right")


if __name__ == "__main__":
    main()
