"""Fit what a model's Yes or No about a passage is worth beside the features. Labels and numbers only; no text is kept.

    python -m scripts.fit_judge KB_FOLDER LANGUAGE MODEL --kept leanings.jsonl [--ask 200]

KB_FOLDER is that of fit_answerability. MODEL is a name of the manifest; `--ask` puts up to so many new questions to
it, seconds each, drawn with a fixed seed. What it leaned to is kept by question and passage, so that this can be
stopped, and fitted again when the features have changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from edge_assistant import prompts
from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.calibration import Table
from edge_assistant.config import Config
from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.judging import features, shown
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.words import tokens
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.storage.database import Database
from scripts.fit_answerability import MODEL, auroc, digest, fit, rows_of, write

FOLDS = 5
RIDGE = 1.0
"""Two weights need no more, even of few cases; that of the features would pull them to zero."""
SHARES = {"answerable": 0.4, "near_miss": 0.4, "fact_absent": 0.1, "topic_absent": 0.1}
"""Half of a sample must have no answer, near misses above all: there the features know least."""


@dataclass(frozen=True)
class Case:
    """One question with the finding that the features would give, and which way the model leaned."""

    kind: str
    group: str
    confidence: float
    right: float
    answerable: float
    leaning: float


def main() -> None:
    """Ask, fit, print what the judge adds on folds that the tables have not seen, write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kb", type=Path)
    parser.add_argument("language")
    parser.add_argument("model")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--ask", type=int, default=0)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = filled(options.kb, options.language, Path(folder))
        asked = list(findings(library, options.kb, options.language))
        if options.ask:
            asyncio.run(ask(asked, options))
        cases = list(known(asked, options.kept))
    fair = balanced(cases, rows_of(options.kb / "questions.jsonl"))
    judge = fit([{"leaning": case.leaning} for case in fair], [case.answerable for case in fair], {}, RIDGE)
    print(f"manifest: {options.language} = {{ scale = {judge.weights['leaning']}, offset = {judge.intercept} }}")
    rows = [features(case.confidence, judge.probability({"leaning": case.leaning})) for case in fair]
    held = cross_fit(rows, [case.right for case in fair], [case.group for case in fair])
    report(fair, held)
    worth = round(auroc(held, [case.right for case in fair]), 4)
    origin = {"questions": len(cases), "data": digest(options.kb / "questions.jsonl"), "auroc": worth}
    table = fit(rows, [case.right for case in fair], {**origin, "model": options.model}, RIDGE)
    write(f"judged.{options.language}", table)
    print(f"undecided between {band(table, rows)}")


def filled(kb: Path, language: str, folder: Path) -> Library:
    """Index all documents."""
    library = Library(Database(folder / "kb.db"), embedder=lambda: OnnxEmbedder(MODEL), index=FaissIndex, folder=folder)
    for row in rows_of(kb / "documents.jsonl"):
        library.add(plain(row["id"], row["text"], language, row.get("title", "")))
    library.settle()
    return library


def findings(library: Library, kb: Path, language: str) -> Iterator[tuple[dict[str, Any], Finding]]:
    """Yield every question with what would be quoted, in an order in which each beginning is a fair sample."""
    for row in ordered(rows_of(kb / "questions.jsonl")):
        finding = library.answer(row["question"], language)
        if finding is not None:
            yield row, finding


def ordered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mix the kinds by their shares."""
    chance, places = random.Random(4), []
    for kind, share in SHARES.items():
        own = [row for row in rows if row["kind"] == kind]
        chance.shuffle(own)
        places += [((number + chance.random()) / share, row["id"], row) for number, row in enumerate(own)]
    return [row for _, _, row in sorted(places, key=lambda place: place[:2])]


async def ask(asked: Sequence[tuple[dict[str, Any], Finding]], options: argparse.Namespace) -> None:
    """Put what was not asked before to the model, and keep which way it leaned."""
    home = Config.read().home
    _, file = Catalog.usual(home).find(options.model, home / "models")
    model = LlamaModel(file, loading=Loading(2048, options.threads or physical_cores()))
    before = kept(options.kept)
    new = [pair for pair in asked if key(*pair) not in before][: options.ask]
    with options.kept.open("a", encoding="utf-8") as lines:
        for row, finding in new:
            question = prompts.judging(row["question"], shown(finding), options.language)
            leaning = await model.leaning(question, prompts.YES_OR_NO[options.language])
            lines.write(json.dumps({"key": key(row, finding), "leaning": round(leaning, 3)}) + "\n")
            lines.flush()
    await model.close()


def known(asked: Sequence[tuple[dict[str, Any], Finding]], file: Path) -> Iterator[Case]:
    """Yield the questions whose leaning is known."""
    before = kept(file)
    for row, finding in asked:
        leaning = before.get(key(row, finding))
        if leaning is not None:
            document = row.get("doc_id") or row.get("related_doc_id")
            group = str(document).rsplit("-", 1)[0] if document else str(row["id"])
            truth = holds(finding.text, row["answers"])
            stated = holds(shown(finding), row["answers"])
            yield Case(row["kind"], group, finding.confidence, truth, stated, leaning)


def balanced(cases: Sequence[Case], rows: Sequence[dict[str, Any]]) -> list[Case]:
    """Repeat cases so that each kind has the share that it has among all questions, on which the features were fitted.

    A sample has more near misses than that, since they are what is to be learned.
    """
    there = Counter(str(row["kind"]) for row in rows)
    here = Counter(case.kind for case in cases)
    shares = {kind: there[kind] / count for kind, count in here.items()}
    least = min(shares.values())
    return [case for case in cases for _ in range(round(2 * shares[case.kind] / least))]


def holds(text: str, answers: Sequence[str]) -> float:
    """Return whether a text holds one of the answers, token by token."""
    said = f" {' '.join(tokens(text))} "
    return float(any(f" {' '.join(tokens(answer))} " in said for answer in answers if tokens(answer)))


def cross_fit(rows: Sequence[dict[str, float]], labels: Sequence[float], groups: Sequence[str]) -> list[float]:
    """Return a probability for every row from a table that has not seen its article."""
    folds = [zlib.crc32(group.encode()) % FOLDS for group in groups]
    held = [0.0] * len(rows)
    for fold in range(FOLDS):
        seen = [place for place, other in enumerate(folds) if other != fold]
        table = fit([rows[place] for place in seen], [labels[place] for place in seen], {}, RIDGE)
        for place, other in enumerate(folds):
            if other == fold:
                held[place] = table.probability(rows[place])
    return held


def key(row: dict[str, Any], finding: Finding) -> str:
    return f"{row['id']} {finding.found.stored.chunk.place}"


def kept(file: Path) -> dict[str, float]:
    return {row["key"]: float(row["leaning"]) for row in rows_of(file)} if file.exists() else {}


def report(cases: Sequence[Case], held: Sequence[float]) -> None:
    """Print how well each parts answerable questions from the others, by kind."""
    ways = {
        "features": [case.confidence for case in cases],
        "judge": [case.leaning for case in cases],
        "both": held,
    }
    print(f"{len(cases)} questions; right {sum(case.right for case in cases) / len(cases):.2f}")
    for name, scores in ways.items():
        line = [f"right {auroc(scores, [case.right for case in cases]):.3f}"]
        for kinds in ([kind] for kind in SHARES if kind != "answerable"):
            pairs = [
                (score, float(case.kind == "answerable"))
                for score, case in zip(scores, cases, strict=True)
                if case.kind in (*kinds, "answerable")
            ]
            if len({label for _, label in pairs}) == 2:
                line.append(f"{kinds[0]} {auroc(*zip(*pairs, strict=True)):.3f}")
        print(f"  {name:9} {', '.join(line)}")
    bins = [[pair for pair in zip(held, cases, strict=True) if int(min(9, 10 * pair[0])) == low] for low in range(10)]
    error = sum(abs(sum(p - case.right for p, case in lot)) for lot in bins) / len(cases)
    print(f"  calibration error {error:.3f}")


def band(table: Table, rows: Sequence[dict[str, float]], threshold: float = 0.6) -> str:
    """Return between which probabilities a verdict can lift a finding over the threshold, or push it under."""
    verdicts = numpy.quantile([row["judge"] for row in rows], (0.05, 0.95))
    goal = math.log(threshold / (1 - threshold)) - table.intercept
    edges = sorted((goal - table.weights["judge"] * verdict) / table.weights["cheap"] for verdict in verdicts)
    return " and ".join(f"{1 / (1 + math.exp(-edge)):.2f}" for edge in edges)


if __name__ == "__main__":
    main()
