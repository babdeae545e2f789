"""Fit the tables that turn what speaks for a quotation into a probability. Labels only; no text is kept.

    python -m scripts.fit_answerability KB_FOLDER LANGUAGE [--others routing.jsonl] [--pairs pairs.jsonl]

The trees need scikit-learn: `pip install 'edge-assistant[calibrate]'`. What is fitted is read without it.

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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.calibration import Split, Table, Tree
from edge_assistant.knowledge.answering import by_score, candidates, told
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.evidence import Question
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.likeness import likeness
from edge_assistant.knowledge.quote import quoted
from edge_assistant.knowledge.standing import Candidate, meaning, standing
from edge_assistant.knowledge.units import Unit
from edge_assistant.storage.database import Database

TABLES = Path(__file__).parent.parent / "edge_assistant/knowledge/tables"
MODEL = Path(__file__).parent.parent / "models/all-MiniLM-L6-v2"
LOTS = (60, 60, 60, 300)
FOLDS = 5
RIDGE = 50.0
"""Weights of features scaled to one; held out, .02 to .05 of an inverse ridge part right from wrong best."""
PAIRS_RIDGE = 10.0
"""The same for pairs of questions, of which there are few: less parts those that are alike too sharply."""
LONGEST = {"en": 40, "zh": 80}
"""Words, or unspaced characters, of an answer that is not yet a recital."""
PIECE = re.compile(r"[\u3400-\u9fff]|(?!\b(?:an?|the)\b)[^\W\u3400-\u9fff]+")
Near: TypeAlias = Callable[[str, str], float]
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


TREES = {"max_iter": 200, "max_depth": 2, "learning_rate": 0.05, "min_samples_leaf": 60, "l2_regularization": 10}
"""As many as the held-out AUROC rose with; deeper ones gained nothing.

English: being right .828 becomes .840, and .852 with the nearness of what is said. Chinese: .937 and .940, not enough.
"""
RISING = ("passage", "sentence", "around", "worth", "lead", "meaning", "cosine")
FALLING = ("gap", "name missing", "opposite", "number missing")
"""What may only speak for an answer, or against one, in every tree: chance in the data must not turn it round."""


@dataclass(frozen=True)
class Sample:
    """One question put to one lot of documents."""

    group: str
    kind: str
    question: Question
    answers: Sequence[str]
    seen: list[tuple[Unit, Found, dict[str, float]]]
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
    parser.add_argument("--trees", action="store_true", help="add trees to what tells whether the chosen one answers")
    options = parser.parse_args()
    name = f"{options.language}{'.words' if options.words and options.language == 'en' else ''}"
    samples = [
        sample
        for sample in gather(options.kb, options.language, options.others, dense=not options.words)
        if sample.seen
    ]
    embedder = OnnxEmbedder(MODEL)
    vector = cache(lambda text, kind: embedder.embed([text], kind)[0])
    dense = options.language == "en" and not options.words
    for near in (None, lambda asked, said: float(vector(asked, "query") @ vector(said, "passage")))[: 1 + dense]:
        held, labels = cross_fit(samples, near, options.trees)
        report(samples, held, labels)
        origin = {"data": digest(options.kb / "questions.jsonl"), **worth_of(samples, held, labels)}
        choose, answers = fit_both(samples, origin, near, options.trees)
        if near is None:
            write(f"choose.{name}", choose)
        write(f"{'meaning' if near else 'answers'}.{name}", answers)
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
        question=question,
        answers=row["answers"],
        seen=seen,
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


def whole(sample: Sample, choose: Table, near: Near | None = None) -> tuple[dict[str, float], float]:
    """Return the features of what would be said, and whether it is right."""
    weighed = [Candidate(unit, one, row, choose.probability(row)) for unit, one, row in sample.seen]
    best, text = told(sample.question, weighed)
    features = standing(sample.question, weighed, best, text, sample.found)
    label = right(text, sample.answers, LONGEST.get(sample.question.language, LONGEST["en"]))
    return meaning(features, near(sample.question.text, text)) if near else features, label


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


def boosted(rows: Sequence[dict[str, float]], labels: Sequence[float], logistic: Table) -> Table:
    """Return the mean of a logistic table and of boosted trees, as log-odds."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    names = list(rows[0])
    bounds = [(name in RISING) - (name in FALLING) for name in names]
    model = HistGradientBoostingClassifier(**TREES, monotonic_cst=bounds, early_stopping=False, random_state=1)
    model.fit(numpy.array([[row[name] for name in names] for row in rows]), labels)
    trees = tuple(tree_of(grown[0].nodes, 0, names) for grown in model._predictors)
    intercept = 0.5 * (logistic.intercept + float(model._baseline_prediction.item()))
    weights = {name: round(0.5 * weight, 4) for name, weight in logistic.weights.items()}
    return Table(round(intercept, 4), weights, logistic.origin, trees)


def tree_of(nodes: Any, at: int, names: Sequence[str]) -> Tree:
    """Return a fitted tree as the tables keep it, with half of what its leaves add."""
    node = nodes[at]
    if node["is_leaf"]:
        return round(0.5 * float(node["value"]), 5)
    low, high = (tree_of(nodes, node[side], names) for side in ("left", "right"))
    return Split(names[node["feature_idx"]], round(float(node["num_threshold"]), 5), low, high)


def cross_fit(samples: Sequence[Sample], near: Near | None, trees: bool) -> tuple[list[float], list[float]]:
    """Return for every question a probability, and whether it was right, from tables that have not seen its article."""
    folds = [zlib.crc32(sample.group.encode()) % FOLDS for sample in samples]
    held: dict[int, tuple[float, float]] = {}
    for fold in range(FOLDS):
        seen = [sample for sample, other in zip(samples, folds, strict=True) if other != fold]
        choose, answers = fit_both(seen, {}, near, trees)
        for place, sample in enumerate(samples):
            if folds[place] == fold:
                features, label = whole(sample, choose, near)
                held[place] = (answers.probability(features), label)
    probabilities, labels = zip(*(held[place] for place in range(len(samples))), strict=True)
    return list(probabilities), list(labels)


def fit_both(
    samples: Sequence[Sample], origin: dict[str, object], near: Near | None, trees: bool
) -> tuple[Table, Table]:
    """Fit which sentence to choose, then whether the chosen one answers."""
    chosen = [sample for sample in samples if sample.full and any(sample.right)]
    choose = fit(
        [row for sample in chosen for _, _, row in sample.seen],
        [label for sample in chosen for label in sample.right],
        {**origin, "questions": len(chosen)},
        ridge=1.0,
    )
    rows, labels = zip(*(whole(sample, choose, near) for sample in samples), strict=True)
    answers = fit(rows, labels, {**origin, "questions": len(rows)})
    return choose, boosted(rows, labels, answers) if trees else answers


def worth_of(samples: Sequence[Sample], held: Sequence[float], labels: Sequence[float]) -> dict[str, object]:
    """Return what held-out probabilities are worth, with the bounds of 95 % by drawing articles again and again."""
    articles: dict[str, list[int]] = {}
    for place, sample in enumerate(samples):
        articles.setdefault(sample.group, []).append(place)
    chance, drawn = numpy.random.default_rng(7), []
    for _ in range(200):
        places = [place for group in chance.choice(list(articles), len(articles)) for place in articles[group]]
        drawn.append(auroc([held[place] for place in places], [labels[place] for place in places]))
    bounds = [round(float(bound), 4) for bound in numpy.quantile(drawn, (0.025, 0.975))]
    return {"auroc": round(auroc(held, labels), 4), "auroc 95 %": bounds, "error": round(error_of(held, labels), 4)}


def error_of(held: Sequence[float], labels: Sequence[float]) -> float:
    """Return the calibration error in ten bins."""
    bins = numpy.minimum(numpy.array(held) * 10, 9).astype(int)
    apart = numpy.array(held) - numpy.array(labels)
    return sum(abs(float(apart[bins == low].sum())) for low in range(10)) / len(held)


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
        error = error_of([row[0] for row in rows], [row[1] for row in rows])
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
        origin: dict[str, object] = {"pairs": len(rows), "data": digest(path), "auroc": round(auroc(held, labels), 4)}
        table = fit(rows, labels, origin, PAIRS_RIDGE)
        write(name, Table(table.intercept, {**table.weights, **FIXED}, table.origin))


def held_out(rows: Sequence[dict[str, float]], labels: Sequence[float]) -> list[float]:
    """Return a probability for every pair from a table that has not seen it."""
    held = [0.0] * len(rows)
    for fold in range(FOLDS):
        seen = [place for place in range(len(rows)) if place % FOLDS != fold]
        table = fit([rows[place] for place in seen], [labels[place] for place in seen], {}, PAIRS_RIDGE)
        for place in range(fold, len(rows), FOLDS):
            held[place] = table.probability(rows[place])
    return held


def write(name: str, table: Table) -> None:
    TABLES.mkdir(exist_ok=True)
    kept = {"intercept": table.intercept, "weights": dict(table.weights), "origin": dict(table.origin)}
    text = json.dumps(kept, indent=1)
    if table.trees:
        text = text[:-2] + ',\n "trees": [\n' + ",\n".join(json.dumps(tree) for tree in table.trees) + "\n ]\n}"
    (TABLES / f"{name}.json").write_text(text + "\n", encoding="utf-8")


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
