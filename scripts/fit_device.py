"""Fit how sure a model on the device may be of an answer from passages. The tables keep numbers only, no text.

    python -m scripts.fit_device KB_FOLDER LANGUAGE MODEL --kept answers.jsonl [--sample 300] [--index FOLDER]

KB_FOLDER is that of fit_answerability. The knowledge tier finds, the device tier asks; what MODEL said to a prompt is
kept by the prompt's hash, so that this can be stopped, and fitted again when the features have changed. With --again
nothing new is asked: a question whose answer is not kept is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
import tempfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.calibration import Table
from edge_assistant.config import Config
from edge_assistant.knowledge.answered import promise
from edge_assistant.knowledge.excerpts import shown
from edge_assistant.models.catalog import Catalog, ModelFile
from edge_assistant.models.confidence import likelihood, size
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.models.rung import LocalModel, Pinned, Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.operations.coverage import Weighed, coverage, curve
from edge_assistant.operations.evaluate.rightness import is_right
from edge_assistant.tiers.device import DeviceTier, weighable, worth_asking
from edge_assistant.tiers.knowledge import KnowledgeTier
from edge_assistant.types import Limits, Message, Query
from scripts.fit_answerability import auroc, digest, fit, rows_of
from scripts.fit_judge import filled

TABLES = Path(__file__).parent.parent / "edge_assistant/models/tables"
FOLDS = 5
RIDGE = 10.0
"""Of 5, 20 and 60 it made no difference beyond chance on held-out articles."""
FEWEST = 20
"""Right answers from which features can be weighed."""
SHARES = {"answerable": 0.45, "near_miss": 0.30, "fact_absent": 0.13, "topic_absent": 0.12}
AFTER = (
    *("quotation", "covered", "quoted", "in place", "near", "verbatim", "length", "restates", "name missing"),
    *("holds", "lacks", "nothing new"),
)
HEARD = ("likely", "least likely", "all likely")
BEFORE = ("quotation", "covered", "name missing", "question")


@dataclass(frozen=True)
class Case:
    """One question with what is known of it before and after it was answered."""

    kind: str
    group: str
    promised: dict[str, float]
    features: dict[str, float]
    heard: dict[str, float]
    said: bool
    right: float
    quotation_right: float
    seconds: float


Way: TypeAlias = Callable[[dict[str, float], Case], tuple[float, float]]
"""How sure an answer is, and whether it is right, by the held-out probabilities of a case."""


class Kept:
    """A model whose answers are kept, by the hash of what it was asked. Satisfies `LocalModel`."""

    def __init__(self, model: LocalModel | None, file: Path) -> None:
        self._model = model
        self._file = file
        self._known = {row["key"]: row for row in rows_of(file)} if file.exists() else {}

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        known = self._known.get(key(messages)) or await self._asked(messages, limits)
        yield known["text"]
        told(Spoken(**{**known["spoken"], "likelihoods": tuple(known["spoken"]["likelihoods"])}))

    async def _asked(self, messages: Sequence[Message], limits: Limits) -> dict[str, Any]:
        if self._model is None:
            raise KeyError("this answer is not kept")
        told: list[Spoken] = []
        text = "".join([word async for word in self._model.stream(messages, limits, told.append)])
        row = {"key": key(messages), "text": text, "spoken": asdict(told[0])}
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
        self._known[row["key"]] = row
        return row

    async def count(self, messages: Sequence[Message]) -> int:
        """Count nothing: two passages fit every context."""
        return 0


def main() -> None:
    """Ask, fit, print what it is worth on articles that the tables have not seen, write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kb", type=Path)
    parser.add_argument("language")
    parser.add_argument("model")
    parser.add_argument("--kept", type=Path, required=True)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--index", type=Path, help="keep the indexed documents here")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--again", action="store_true", help="ask nothing new")
    parser.add_argument("--dry", action="store_true", help="write no tables")
    options = parser.parse_args()
    cases = asyncio.run(gathered(options))
    read = [case for case in cases if case.features]
    described, file = found(options.model)
    report(cases, read, Rung(described, file, Kept(None, options.kept)))
    if not options.dry:
        write(read, described, digest(options.kb / "questions.jsonl"), options.language)


def found(name: str) -> tuple[ModelFile, Path]:
    home = Config.read().home
    return Catalog.usual(home).find(name, home / "models")


async def gathered(options: argparse.Namespace) -> list[Case]:
    """Ask the sample's questions, and return what became of each."""
    with tempfile.TemporaryDirectory() as folder:
        library = filled(options.kb, options.language, options.index or Path(folder))
        knowledge = KnowledgeTier(lambda: library, threshold=2.0)
        try:
            return [case async for case in cases_of(knowledge, options)]
        finally:
            knowledge.close()


async def cases_of(knowledge: KnowledgeTier, options: argparse.Namespace) -> AsyncIterator[Case]:
    described, file = found(options.model)
    loading = Loading(2048, threads=options.threads or physical_cores())
    model = None if options.again else LlamaModel(file, loading=loading)
    rung = Rung(described, file, Kept(model, options.kept), context=2048)
    tier = DeviceTier(Pinned(rung), limits=Limits(max_tokens=64))
    for row in ordered(rows_of(options.kb / "questions.jsonl"))[: options.sample]:
        passed_on = await knowledge.consider(Query(row["question"], options.language))
        query = tier.useful(rung, Query(row["question"], options.language, passages=getattr(passed_on, "passages", ())))
        try:
            yield await case_of(tier, rung, query, row)
        except KeyError:
            continue
    if model is not None:
        await model.close()


async def case_of(tier: DeviceTier, rung: Rung, query: Query, row: dict[str, Any]) -> Case:
    document = row.get("doc_id") or row.get("related_doc_id")
    group = str(document).rsplit("-", 1)[0] if document else str(row["id"])
    if not query.passages:
        return Case(row["kind"], group, {}, {}, {}, False, 0.0, 0.0, 0.0)
    heard = await tier.heard(rung, query)
    answers = row["answers"] if row["kind"] == "answerable" else []
    return Case(
        kind=row["kind"],
        group=group,
        promised=promise(query.text, shown(query).passages),
        features=weighable(query, heard),
        heard=likelihood(heard.spoken),
        said=bool(heard.text),
        right=float(is_right(heard.text, answers)),
        quotation_right=float(is_right(query.passages[0].quotation, answers)),
        seconds=heard.spoken.reading + heard.spoken.speaking if heard.spoken else 0.0,
    )


def ordered(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mix the kinds by their shares, in an order in which each beginning is a fair sample."""
    chance, places = random.Random(4), []
    for kind, share in SHARES.items():
        own = [row for row in rows if row["kind"] == kind]
        chance.shuffle(own)
        places += [((number + chance.random()) / share, row["id"], row) for number, row in enumerate(own)]
    return [row for _, _, row in sorted(places, key=lambda place: place[:2])]


def key(messages: Sequence[Message]) -> str:
    """Name a prompt by its hash, so that another prompt is asked anew."""
    return hashlib.sha256(json.dumps([[one.role, one.text] for one in messages]).encode()).hexdigest()


def some(features: dict[str, float], names: Sequence[str]) -> dict[str, float]:
    return {name: features.get(name, 0.0) for name in names}


def tables_of(cases: Sequence[Case], origin: dict[str, object]) -> dict[str, Table]:
    """Fit whether an answer will be right, and whether it is, with and without the likelihoods."""
    said = [case for case in cases if case.said]
    return {
        "before": fitted([some(case.promised, BEFORE) for case in cases], cases, origin),
        "after": fitted([some({**case.features, **case.heard}, AFTER + HEARD) for case in said], said, origin),
        "unheard": fitted([some(case.features, AFTER) for case in said], said, origin),
    }


def fitted(rows: Sequence[dict[str, float]], cases: Sequence[Case], origin: dict[str, object]) -> Table:
    """Fit a table; from a few right answers nothing is learned but how many they are."""
    rights = [case.right for case in cases]
    return fit(rows, rights, origin, RIDGE if sum(rights) >= FEWEST else RIDGE * 1e6)


def held_out(cases: Sequence[Case]) -> list[dict[str, float]]:
    """Return every probability of every case from tables that have not seen its article; and the quotation's own."""
    folds = [zlib.crc32(case.group.encode()) % FOLDS for case in cases]
    held: list[dict[str, float]] = [{} for _ in cases]
    for fold in range(FOLDS):
        tables = tables_of([case for case, other in zip(cases, folds, strict=True) if other != fold], {})
        for place, case in enumerate(cases):
            if folds[place] == fold:
                held[place] = {
                    "before": tables["before"].probability(case.promised),
                    "after": case.said * tables["after"].probability({**case.features, **case.heard}),
                    "unheard": case.said * tables["unheard"].probability(case.features),
                    "quotation": odds(case.promised["quotation"]),
                }
    return held


def report(cases: Sequence[Case], read: Sequence[Case], rung: Rung) -> None:
    """Print how well each probability tells right from wrong, and what is answered at every threshold."""
    held = held_out(read)
    print(f"{len(cases)} questions, {len(read)} with passages; {numpy.mean([c.seconds for c in read]):.2f} s each")
    for name in ("before", "after", "unheard"):
        both = [(one[name], case.right) for one, case in zip(held, read, strict=True) if case.said or name == "before"]
        print(f"  {name:10} AUROC {auroc(*zip(*both, strict=True)):.3f} over {len(both)}")

    def as_the_tiers_do(one: dict[str, float], case: Case) -> tuple[float, float]:
        asked = worth_asking(rung, one["before"], one["quotation"])
        return the_surer(one, case) if asked else (one["quotation"], case.quotation_right)

    unread = [Weighed(case.kind, 0.0, 0.0) for case in cases if not case.features]
    ways: dict[str, Way] = {
        "its words, always asked": lambda one, case: (one["after"], case.right),
        "its words, always believed": lambda one, case: (float(case.said), case.right),
        "the quotation": lambda one, case: (one["quotation"], case.quotation_right),
        "the surer of both, always asked": the_surer,
        "as the tiers do": as_the_tiers_do,
    }
    for name, way in ways.items():
        weighed = [Weighed(case.kind, *way(one, case)) for one, case in zip(held, read, strict=True)]
        print(name)
        print("\n".join(curve([*weighed, *unread])))
        print(f"  answered of all at 90 % precision: {coverage([*weighed, *unread], 0.9):.2f}")
    asked = sum(worth_asking(rung, one["before"], one["quotation"]) for one in held)
    print(f"asked: {asked} of {len(cases)}")


def the_surer(held: dict[str, float], case: Case) -> tuple[float, float]:
    """Return what the surer of the model and the quotation says."""
    if held["after"] > held["quotation"]:
        return held["after"], case.right
    return held["quotation"], case.quotation_right


def odds(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))


def write(read: Sequence[Case], described: ModelFile, data: str, language: str) -> None:
    held = held_out(read)
    TABLES.mkdir(exist_ok=True)
    origin = {"questions": len(read), "model": described.name, "data": data}
    for name, table in tables_of(read, origin).items():
        rights = [case.right for case in read]
        worth = round(auroc([one[name] for one in held], rights), 4) if sum(rights) >= FEWEST else 0.5
        print(kept_as(name, described, language, table, worth))


def kept_as(name: str, described: ModelFile, language: str, table: Table, worth: float) -> str:
    """Write a table for models of a size, and say what it is worth."""
    kept = {"intercept": table.intercept, "weights": table.weights, "origin": {**table.origin, "auroc": worth}}
    path = TABLES / f"{name}.{size(described)}.{language}.json"
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return f"{path.name}: AUROC {worth}"


if __name__ == "__main__":
    main()
