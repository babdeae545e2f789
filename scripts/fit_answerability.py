"""Fit the tables that turn what speaks for a quotation into a probability. Labels only; no text is kept.

    python scripts/fit_answerability.py KB_FOLDER LANGUAGE [--others routing.jsonl] [--pairs pairs.jsonl]

KB_FOLDER holds documents.jsonl (id, title, text) and questions.jsonl (question, answers, answerable, doc_id).
The documents are searched all together and in small lots, because people's libraries are small; questions whose
document is not in the lot, and the sentences of --others (chat, orders), have no answer there.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import random
import re
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.calibration import Table
from edge_assistant.knowledge.answering import by_score, candidates, summary
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.likeness import likeness
from edge_assistant.knowledge.quote import quoted
from edge_assistant.storage.database import Database

TABLES = Path(__file__).parent.parent / "edge_assistant/knowledge/tables"
MODEL = Path(__file__).parent.parent / "models/all-MiniLM-L6-v2"
LOTS = (60, 60, 60, 300)
FOLDS = 5
RIDGE = 50.0
"""Weights of features scaled to one; held out, .02 to .05 of an inverse ridge part right from wrong best."""
LONGEST = {"en": 40, "zh": 80}
"""Words, or unspaced characters, of an answer that is not yet a recital."""
PIECE = re.compile(r"[\u3400-\u9fff]|(?!\b(?:an?|the)\b)[^\W\u3400-\u9fff]+")
FIXED = {
    "negated": -1.5,
    "numbers": -2.5,
    "order": -2.5,
    "few": -1.0,
    "missing": -1.2,
    "other kind": -2.0,
    "exchanged": -2.5,
    "other thing": -2.5,
    "opposite": -2.5,
    "strange": -4.0,
}
"""Too rare in the pairs to be fitted, too dangerous to be left out: the opposite question is not the same question."""


@dataclass(frozen=True)
class Sample:
    """One question put to one lot of documents."""

    group: str
    kind: str
    features: list[dict[str, float]]
    right: list[float]
    found: list[Found]
    full: bool


def main() -> None:
    """Gather the features, fit, print what the tables are worth on folds they have not seen, write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kb", type=Path)
    parser.add_argument("language")
    parser.add_argument("--others", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--words", action="store_true", help="search by words alone, as without an embedder")
    options = parser.parse_args()
    name = f"{options.language}{'.words' if options.words and options.language == 'en' else ''}"
    samples = [
        sample
        for sample in gather(options.kb, options.language, options.others, dense=not options.words)
        if sample.features
    ]
    held, labels = cross_fit(samples)
    report(samples, held, labels)
    origin = {"data": digest(options.kb / "questions.jsonl"), "auroc": round(auroc(held, labels), 4)}
    choose, answers = fit_both(samples, origin)
    write(f"choose.{name}", choose)
    write(f"answers.{name}", answers)
    if options.pairs:
        fit_pairs(options.pairs)


def gather(kb: Path, language: str, others: Path | None, *, dense: bool) -> Iterator[Sample]:
    """Yield every question against all documents, then some against small lots of them."""
    documents, questions = rows_of(kb / "documents.jsonl"), rows_of(kb / "questions.jsonl")
    strange = [
        {"id": row["id"], "question": row["text"], "answers": [], "kind": "other", "doc_id": None}
        for row in (rows_of(others) if others else [])
        if row["kind"] in ("chat", "oos", "device", "assistant")
    ]
    chance = random.Random(7)
    embedder = OnnxEmbedder(MODEL)
    for lot in (None, *LOTS):
        kept = documents if lot is None else chance.sample(documents, lot)
        with tempfile.TemporaryDirectory() as folder:
            library = Library(
                Database(Path(folder) / "kb.db"),
                embedder=(lambda: embedder) if dense else None,
                index=FaissIndex,
                folder=Path(folder),
            )
            for row in kept:
                library.add(plain(row["id"], row["text"], language, row["title"]))
            here = {row["id"] for row in kept}
            asked = questions + chance.sample(strange, min(len(strange), 150))
            if lot is not None:
                inside = [row for row in questions if (row.get("doc_id") or row.get("related_doc_id")) in here]
                outside = [row for row in questions if row.get("doc_id") and row["doc_id"] not in here]
                asked = inside + chance.sample(outside, min(len(outside), len(inside) // 2))
                asked += chance.sample(strange, min(len(strange), len(inside) // 2))
            for row in asked:
                yield sample_of(library, row, language, full=lot is None)


def sample_of(library: Library, row: dict[str, Any], language: str, *, full: bool) -> Sample:
    found = by_score(library.find(row["question"], 10, language))
    question = library.question(row["question"], language)
    seen = list(candidates(question, found))
    return Sample(
        group=str(row.get("doc_id") or row.get("related_doc_id") or row["id"]).rsplit("-", 1)[0],
        kind=row["kind"],
        features=[features for _, _, features in seen],
        right=[
            right(quoted(unit, question.terms, language), row["answers"], LONGEST.get(language, LONGEST["en"]))
            for unit, _, _ in seen
        ],
        found=found,
        full=full,
    )


def right(text: str, answers: Sequence[str], most: int) -> float:
    """Return whether a text is one of the answers, or holds one and is short.

    Unspaced characters count one by one: pairs of them would not find an answer inside a longer run.
    """
    said = PIECE.findall(text.lower())
    return float(any(_same(said, PIECE.findall(answer.lower()), most) for answer in answers))


def _same(said: Sequence[str], answer: Sequence[str], most: int) -> bool:
    if not said or not answer:
        return False
    shared = sum((Counter(said) & Counter(answer)).values())
    if 2 * shared >= 0.5 * (len(said) + len(answer)):
        return True
    return len(said) <= most and f" {' '.join(answer)} " in f" {' '.join(said)} "


def whole(sample: Sample, choose: Table) -> tuple[dict[str, float], float]:
    worths = [choose.probability(row) for row in sample.features]
    best = int(numpy.argmax(worths))
    return summary(sample.features[best], worths, sample.found), sample.right[best]


def fit(
    rows: Sequence[dict[str, float]], labels: Sequence[float], origin: dict[str, object], ridge: float = RIDGE
) -> Table:
    """Fit by iteratively reweighted least squares, with a ridge on features of one scale."""
    names = [name for name in rows[0] if numpy.ptp([row[name] for row in rows]) > 0]
    raw = numpy.array([[row[name] for name in names] for row in rows])
    middle, scale = raw.mean(axis=0), raw.std(axis=0)
    matrix = numpy.hstack([(raw - middle) / scale, numpy.ones((len(raw), 1))])
    target = numpy.array(labels)
    penalty = numpy.diag([ridge] * len(names) + [0.0])
    weights = numpy.zeros(len(names) + 1)
    for _ in range(15):
        chance = 1 / (1 + numpy.exp(-matrix @ weights))
        slope = matrix.T @ (target - chance) - penalty @ weights
        curve = (matrix.T * (chance * (1 - chance))) @ matrix + penalty
        weights = weights + numpy.linalg.solve(curve, slope)
    slopes = weights[:-1] / scale
    fitted = {name: round(float(weight), 4) for name, weight in zip(names, slopes, strict=True)}
    intercept = round(float(weights[-1] - slopes @ middle), 4)
    return Table(intercept, fitted, {**origin, "date": datetime.date.today().isoformat()})


def cross_fit(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    """Return for every question a probability, and whether it was right, from tables that have not seen its article."""
    folds = [zlib.crc32(sample.group.encode()) % FOLDS for sample in samples]
    held: dict[int, tuple[float, float]] = {}
    for fold in range(FOLDS):
        seen = [sample for sample, other in zip(samples, folds, strict=True) if other != fold]
        choose, answers = fit_both(seen, {})
        for place, sample in enumerate(samples):
            if folds[place] == fold:
                features, label = whole(sample, choose)
                held[place] = (answers.probability(features), label)
    probabilities, labels = zip(*(held[place] for place in range(len(samples))), strict=True)
    return list(probabilities), list(labels)


def fit_both(samples: Sequence[Sample], origin: dict[str, object]) -> tuple[Table, Table]:
    """Fit which sentence to choose, then whether the chosen one answers."""
    chosen = [sample for sample in samples if sample.full and any(sample.right)]
    choose = fit(
        [row for sample in chosen for row in sample.features],
        [label for sample in chosen for label in sample.right],
        {**origin, "questions": len(chosen)},
        ridge=1.0,
    )
    rows, labels = zip(*(whole(sample, choose) for sample in samples), strict=True)
    return choose, fit(rows, labels, {**origin, "questions": len(rows)})


def report(samples: Sequence[Sample], held: Sequence[float], labels: Sequence[float]) -> None:
    """Print how well the held-out probabilities part right from wrong, and answerable from not."""
    for title, full in (("all documents", True), ("small lots", False)):
        rows = [(p, y, one.kind) for p, y, one in zip(held, labels, samples, strict=True) if one.full is full]
        right = auroc([row[0] for row in rows], [row[1] for row in rows])
        print(f"{title}: {len(rows)} questions, AUROC of being right {right:.3f}")
        for kind in sorted({row[2] for row in rows} - {"answerable"}) if full else ():
            print(f"  answerable against {kind}: {parted(rows, {kind}):.3f}, mean p {mean_of(rows, kind):.2f}")
        if full:
            print(f"  answerable against all these: {parted(rows, {row[2] for row in rows} - {'other'}):.3f}")
        bins = [[r for r in rows if low <= 10 * r[0] < low + 1 + (low == 9)] for low in range(10)]
        error = sum(abs(sum(r[0] - r[1] for r in lot)) for lot in bins) / len(rows)
        if full:
            told = [row for row in rows if row[2] != "other"]
            easy = [row for row in told if row[2] != "near_miss"]
            print(f"  given at 95 % precision: {given(told):.3f}, without near misses {given(easy):.3f}")
        sure = [row[1] for row in rows if row[0] >= 0.6]
        print(f"  calibration error {error:.3f}; at .6 or more: {len(sure)}, right {sum(sure) / max(1, len(sure)):.3f}")


def parted(rows: Sequence[tuple[float, float, str]], kinds: set[str]) -> float:
    """Return the AUROC of answerable questions against these kinds."""
    both = [row for row in rows if row[2] in kinds | {"answerable"}]
    return auroc([row[0] for row in both], [float(row[2] == "answerable") for row in both])


def given(rows: Sequence[tuple[float, float, str]], precision: float = 0.95) -> float:
    """Return the share of answerable questions answered right where the surest answers hold this precision."""
    labels = [row[1] for row in sorted(rows, key=lambda row: -row[0])]
    rights = numpy.cumsum(labels)
    held = [int(right) for place, right in enumerate(rights) if right >= precision * (place + 1)]
    return max(held, default=0) / sum(row[2] == "answerable" for row in rows)


def mean_of(rows: Sequence[tuple[float, float, str]], kind: str) -> float:
    return float(numpy.mean([row[0] for row in rows if row[2] == kind]))


def fit_pairs(path: Path) -> None:
    """Fit when two questions are the same, with and without an embedder."""
    pairs = rows_of(path)
    vectors = OnnxEmbedder(MODEL).embed([row[side] for row in pairs for side in "ab"], "query")
    cosines = (vectors[::2] * vectors[1::2]).sum(axis=1)
    labels = [float(row["same"]) for row in pairs]
    for name, dense in (("likeness", True), ("likeness.words", False)):
        rows = [
            {
                key: value
                for key, value in likeness(row["a"], row["b"], float(cosine) if dense else None).items()
                if key not in FIXED
            }
            for row, cosine in zip(pairs, cosines, strict=True)
        ]
        held = held_out(rows, labels)
        print(f"{name}: {len(rows)} pairs, AUROC {auroc(held, labels):.3f}")
        table = fit(rows, labels, {"pairs": len(rows), "data": digest(path), "auroc": round(auroc(held, labels), 4)})
        write(name, Table(table.intercept, {**table.weights, **FIXED}, table.origin))


def held_out(rows: Sequence[dict[str, float]], labels: Sequence[float]) -> list[float]:
    """Return a probability for every pair from a table that has not seen it."""
    held = [0.0] * len(rows)
    for fold in range(FOLDS):
        seen = [place for place in range(len(rows)) if place % FOLDS != fold]
        table = fit([rows[place] for place in seen], [labels[place] for place in seen], {}, ridge=1.0)
        for place in range(fold, len(rows), FOLDS):
            held[place] = table.probability(rows[place])
    return held


def write(name: str, table: Table) -> None:
    TABLES.mkdir(exist_ok=True)
    kept = {"intercept": table.intercept, "weights": dict(table.weights), "origin": dict(table.origin)}
    (TABLES / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def auroc(scores: Sequence[float], labels: Sequence[float]) -> float:
    """Return the probability that a right one outranks a wrong one; ties count one half."""
    order = numpy.argsort(scores, kind="stable")
    ranks = numpy.empty(len(scores))
    ranks[order] = numpy.arange(1, len(scores) + 1)
    values = numpy.array(scores)
    for value in numpy.unique(values):
        ranks[values == value] = ranks[values == value].mean()
    truth = numpy.array(labels) > 0
    positive, negative = truth.sum(), (~truth).sum()
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


if __name__ == "__main__":
    main()
