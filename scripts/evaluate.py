"""What `make eval` runs: predict every labelled set of a folder, score it, print one table."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / ".cache" / "eval"

FIGURES: Final[Mapping[str, Mapping[str, str]]] = {
    "commands": {"intent": "intent_accuracy", "frame": "frame_accuracy", "fired right": "intent_precision_when_fired"},
    "routing": {
        "false fires": "false_positive_rate_must_not_fire",
        "device right": "device_fired_right",
        "device wrong": "device_fired_wrong",
    },
    "actions": {"right": "action_accuracy", "right when fired": "precision_when_fired"},
    "kb": {
        "R@1": "retrieval.recall@1",
        "R@5": "retrieval.recall@5",
        "MRR": "retrieval.mrr@10",
        "AUROC": "answerability_auroc.all",
        "near": "answerability_auroc.vs_near_miss",
        "answered right": "answers.HasAns_right",
        "precision": "decision_at_own_threshold.precision_right_of_answered",
        "at 95 %": "risk_coverage.coverage_at_95.right_of_answerable",
    },
    "pairs": {"AUROC": "auroc", "recall at 99 %": "recall_at_precision_99", "at 95 %": "recall_at_precision_95"},
    "workload": {
        "right": "offline_coverage_of_graded",
        "wrong": "wrong_offline_of_graded",
        "of answerable": "offline_coverage_of_locally_answerable",
        "cache hits": "cache.hit_rate",
        "hits right": "cache.hits_right_of_graded",
    },
}
"""The main numbers of a task: how the table calls them, and where the scorer has them."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """One file of labelled rows, and what its task needs besides."""

    task: str
    gold: Path
    documents: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.gold.parent.name}/{self.gold.stem}" if self.task == "kb" else self.gold.stem


def labelled_sets(folder: Path) -> Iterator[LabelledSet]:
    """Find the sets of a folder by the names of its files, in the order of the table."""
    for task in ("commands", "routing", "actions"):
        for gold in sorted(folder.glob(f"{task}/{task}_*.jsonl")):
            yield LabelledSet(task, gold)
    for gold in sorted(folder.glob("kb_*/questions*.jsonl")):
        yield LabelledSet("kb", gold, gold.parent / "documents.jsonl")
    for gold in sorted(folder.glob("cache/paraphrase_*.jsonl")):
        yield LabelledSet("pairs", gold)
    for gold in sorted(folder.glob("workload/workload_*.jsonl")):
        yield LabelledSet("workload", gold, folder / gold.stem.replace("workload", "kb") / "documents.jsonl")


def predict(labelled: LabelledSet, predictions: Path, extra: Sequence[str]) -> None:
    """Let `edge-assistant eval` write the predictions of one set; leave with its complaint when it cannot."""
    homes = labelled.gold.parents[1] / "commands" / "homes.json"
    command = [sys.executable, "-m", "edge_assistant", "eval", labelled.task, str(labelled.gold)]
    command += ["--out", str(predictions)]
    command += ["--home-file", str(homes)] if homes.exists() else []
    if labelled.documents:
        index = RESULTS / "index" / labelled.documents.parent.name
        command += ["--documents", str(labelled.documents), "--index", str(index)]
    if code := subprocess.run([*command, *extra], cwd=ROOT).returncode:
        sys.exit(code)


def score(labelled: LabelledSet, predictions: Path, scorer: Path) -> Mapping[str, Any]:
    """Return the metrics that the scorer of the folder finds."""
    scores = predictions.with_suffix(".json")
    command = [sys.executable, str(scorer), labelled.task, str(labelled.gold), str(predictions), "--json", str(scores)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    metrics: Mapping[str, Any] = json.loads(scores.read_text(encoding="utf-8"))["metrics"]
    return metrics


def line(name: str, task: str, metrics: Mapping[str, Any]) -> list[str]:
    """Return one line of the table: the set, its rows, its main numbers, its latency."""
    found = ((title, _at(metrics, path)) for title, path in FIGURES[task].items())
    figures = "  ".join(f"{title} {value:.3f}" for title, value in found if value is not None)
    latency = metrics.get("latency_ms") or {}
    return [name, str(metrics["n"]), figures, *(f"{latency.get(key, 0):.1f}" for key in ("p50", "p95"))]


def show(lines: Sequence[Sequence[str]]) -> None:
    """Print the table."""
    table = [["set", "rows", "main numbers", "p50 ms", "p95 ms"], *lines]
    name, rows, figures, median, slow = (max(len(line[column]) for line in table) for column in range(5))
    for cells in table:
        print(
            "{:<{}}  {:>{}}  {:<{}}  {:>{}}  {:>{}}".format(
                cells[0], name, cells[1], rows, cells[2], figures, cells[3], median, cells[4], slow
            )
        )


def main() -> None:
    """Evaluate the sets of a folder, or those whose name contains one of the words given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.environ.get("EVAL_FOLDER"), help="else that of EVAL_FOLDER")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the names of the sets to evaluate")
    parser.add_argument("--tiers", help="the tiers of the workloads, separated by commas")
    options = parser.parse_args()
    if not options.folder:
        parser.error("name the folder of the labelled sets, or set EVAL_FOLDER to it")
    folder = Path(options.folder).resolve()
    if not (folder / "score.py").exists():
        parser.error(f"{folder}: there is no score.py here")
    chosen = [found for found in labelled_sets(folder) if any(word in found.name for word in options.only)]
    show(list(evaluated(chosen, folder / "score.py", ["--tiers", options.tiers] if options.tiers else [])))


def evaluated(chosen: Sequence[LabelledSet], scorer: Path, extra: Sequence[str]) -> Iterator[list[str]]:
    """Predict and score each set, keep everything as JSON, and yield the lines of the table."""
    rmtree(RESULTS / "index", ignore_errors=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    metrics = {}
    for labelled in chosen:
        print(f"{labelled.task}: {labelled.name}", file=sys.stderr)
        predictions = RESULTS / f"{labelled.name.replace('/', '_')}.jsonl"
        predict(labelled, predictions, extra if labelled.task == "workload" else ())
        for name, file in outcomes(labelled, predictions):
            metrics[name] = score(labelled, file, scorer)
            yield line(name, labelled.task, metrics[name])
    (RESULTS / "summary.json").write_text(json.dumps(metrics, ensure_ascii=False, indent=1), encoding="utf-8")


def outcomes(labelled: LabelledSet, predictions: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is scored: what the user is told, and of a workload also what is told without drafts."""
    yield labelled.name, predictions
    if labelled.task == "workload":
        sure = predictions.with_suffix(".sure.jsonl")
        rows = map(json.loads, predictions.read_text(encoding="utf-8").splitlines())
        sure.write_text("".join(json.dumps(without_draft(row), ensure_ascii=False) + "\n" for row in rows), "utf-8")
        yield f"{labelled.name}, no drafts", sure


def without_draft(prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a prediction as it would be if an answer below its tier's threshold were not given."""
    return {**prediction, "tier": "abstain", "answer": ""} if prediction.get("draft") else prediction


def _at(metrics: Mapping[str, Any], path: str) -> float | None:
    """Return the number at a dotted path, where rates and means keep theirs under `value`."""
    found: Any = metrics
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    found = found.get("value") if isinstance(found, Mapping) else found
    return float(found) if isinstance(found, int | float) else None


if __name__ == "__main__":
    main()
