"""Teach a small router what a large model knows about whose job a sentence is.

    python -m scripts.distil collect HOME --out turns.jsonl
    python -m scripts.distil own LANGUAGE --out own.jsonl
    python -m scripts.distil ask turns.jsonl own.jsonl --teacher http://127.0.0.1:8080/v1 --model NAME --out soft.jsonl
    python -m scripts.distil train soft.jsonl --out router.json [--gold routing.jsonl]

`collect` takes the questions that the cloud answered out of a history: not one that was private or broke off. Their
passages are those that the policy let go to the cloud. What looks like personal data is masked by patterns; names and
street addresses are not recognised, so read the file before you give it to anybody. `own` draws sentences from this
project's own rules and starter questions, whose job is known. `ask` has a teacher choose, keeps how likely each
choice was, and goes on where it was stopped. `train` compares hard labels with the teacher's soft ones on patterns
that the student has not seen, and writes the best. English only: the shipped embedder reads nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy

from edge_assistant.config import shipped
from edge_assistant.phrasing.examples import Examples, Sampler
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from scripts.student import Head, Lesson, taught

if TYPE_CHECKING:
    from scripts.student import Array

JOBS: Final = ("home", "fact", "other")
PROMPT: Final = """Whose job is a sentence that somebody says to a device at home? Reply with one word:
home: an order to lights, heating, blinds, locks or other devices of this home, or a question how they are;
fact: a question for a fact, an explanation or instructions that a document or an encyclopedia could hold;
other: small talk, a wish for a text, or a job for a calendar, mail, shopping, travel, weather or music service."""
SHOWN: Final = (
    ("make the hall brighter", "home"),
    ("why do my plants turn yellow?", "fact"),
    ("book me a seat on the train", "other"),
    ("are the blinds closed", "home"),
    ("good morning to you", "other"),
    ("what is the boiling point of water", "fact"),
)
"""Examples that the teacher is shown, since one of few parameters does not follow a description alone."""
UNHEARD: Final = 3.0
"""How much less likely than the least likely word that was told a choice is that was not told."""
MASKS: Final = (
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "<mail>"),
    (re.compile(r"\bhttps?://\S+"), "<link>"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "<account>"),
    (re.compile(r"(?<![A-Za-z0-9])\+?\d(?:[ ()/.-]?\d){6,}(?![A-Za-z0-9])"), "<number>"),
)
"""Mail and web addresses, bank accounts, and numbers of seven digits and more, such as those of telephones."""
LESSONS: Final = (
    *(Lesson(1.0, 0.0), Lesson(1.0, 0.5), Lesson(1.0, 1.0), Lesson(2.0, 0.5), Lesson(2.0, 1.0)),
    *(Lesson(4.0, 0.5), Lesson(4.0, 1.0)),
)
HELD: Final = 0.3
"""The share of patterns that are kept from the student, to choose among lessons and to measure."""


def masked(text: str) -> str:
    """Return a text without what looks like personal data."""
    for pattern, mark in MASKS:
        text = pattern.sub(mark, text)
    return text


def collected(history: History, limit: int = 100_000) -> Iterator[dict[str, Any]]:
    """Yield the turns that the cloud answered and that nobody kept private, masked, each question once."""
    seen = set()
    for turn in history.latest(limit):
        told = turn.receipt
        if turn.private or told["tier"] != "cloud" or not told["complete"] or turn.question in seen:
            continue
        seen.add(turn.question)
        yield {
            "text": masked(turn.question),
            "group": told["id"],
            "passages": [masked(source["text"]) for source in told["sources"]],
            "answer": masked(told["text"]),
            "tier": told["tier"],
        }


def own(language: str, each: int, seed: int = 5) -> Iterator[dict[str, Any]]:
    """Yield sentences of our own rules and starter questions with the job that is theirs."""
    chance = random.Random(seed)
    examples = Examples(shipped("rules") / language / "examples", language)
    homes = [examples.home(chance) for _ in range(20)]
    acts = [(act, *pattern) for act, patterns in sorted(examples.acts.items()) for pattern in patterns]
    for job, chosen in (
        ("home", [one for one in acts if one[0] != "none"]),
        ("other", [one for one in acts if one[0] == "none"]),
    ):
        for _, pattern, parts in chance.sample(chosen, min(each, len(chosen))):
            text = Sampler(examples, chance.choice(homes), chance).draw(pattern, parts)
            yield {"text": text, "group": pattern, "job": job}
    asked = sorted(starter_questions(shipped("knowledge_base") / language))
    yield from ({"text": text, "group": text, "job": "fact"} for text in chance.sample(asked, min(each, len(asked))))


def starter_questions(folder: Path) -> set[str]:
    """Return the questions that stand as headings in the starter documents."""
    headings = (line for path in folder.rglob("*.md") for line in path.read_text(encoding="utf-8").splitlines())
    return {line.lstrip("# ") for line in headings if line.startswith("## ") and line.endswith(("?", "？"))}


def asked(rows: Sequence[Mapping[str, Any]], teacher: str, model: str, key: str | None) -> Iterator[dict[str, Any]]:
    """Yield every row with the teacher's logits of the jobs."""
    import httpx

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(timeout=120, headers=headers, trust_env=False) as client:
        for row in rows:
            told = client.post(f"{teacher}/chat/completions", json=_question(row["text"], model))
            told.raise_for_status()
            choice = told.json()["choices"][0]
            yield {**row, "logits": leanings(choice["logprobs"]["content"][0]["top_logprobs"]), "teacher": model}


def leanings(told: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return the log-probability of each job; one that was not told is less likely than all that were."""
    known: dict[str, float] = {}
    for one in told:
        word = str(one["token"]).strip().lower()
        known[word] = max(known.get(word, -math.inf), float(one["logprob"]))
    least = min(float(one["logprob"]) for one in told) - UNHEARD
    return [known.get(job, least) for job in JOBS]


def _question(text: str, model: str) -> dict[str, Any]:
    shown = [(role, said) for pair in SHOWN for role, said in zip(("user", "assistant"), pair, strict=True)]
    turns = (("system", PROMPT), *shown, ("user", text))
    messages = [{"role": role, "content": said} for role, said in turns]
    return {
        **{"model": model, "messages": messages, "max_tokens": 1, "temperature": 0},
        **{"logprobs": True, "top_logprobs": 20},
    }


def embedded(texts: Sequence[str]) -> Array:
    """Return what the student sees of texts: the shipped embedding, (n, 384)."""
    from edge_assistant.adapters.onnx import OnnxEmbedder

    return OnnxEmbedder(shipped("models") / "all-MiniLM-L6-v2").embed(texts, "query")


def is_held(group: str) -> bool:
    """Return whether a pattern is kept from the student."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < HELD


def train(rows: Sequence[Mapping[str, Any]], gold: Sequence[Mapping[str, Any]], out: Path | None) -> list[str]:
    """Fit a student by every lesson, write the one that does best on held-out patterns, and return a table."""
    seen = [row for row in rows if not is_held(row["group"])]
    held = [row for row in rows if is_held(row["group"]) and "job" in row]
    features, apart, strange = (embedded([row["text"] for row in some]) for some in (seen, held, gold))
    logits = numpy.array([row["logits"] for row in seen])
    teacher = [int(place) for place in logits.argmax(axis=1)]
    lines = [f"{len(seen)} sentences to learn from, {len(held)} of other patterns, {len(gold)} labelled by others"]
    lines.append("lesson                     | held out: right, log loss | others: right, home or not AUROC")
    found = []
    for lesson in LESSONS:
        head = taught(features, teacher, logits, JOBS, lesson)
        right, surprise = worth(head.probabilities(apart), [row["job"] for row in held])
        found.append((surprise, lesson, head))
        name = f"temperature {lesson.temperature:.0f}, share {lesson.share:.1f}" if lesson.share else "hard labels"
        lines.append(f"{name:<26} | {right:.3f} {surprise:.3f} | {on_gold(head, strange, gold)}")
    said = numpy.exp(numpy.array([row["logits"] for row in held]))
    right, surprise = worth(said / said.sum(axis=1, keepdims=True), [row["job"] for row in held])
    lines.append(f"{'the teacher':<26} | {right:.3f} {surprise:.3f} |")
    surprise, lesson, best = min(found, key=lambda one: one[0])
    lines.append(f"best on held-out patterns: temperature {lesson.temperature:.0f}, share {lesson.share:.1f}")
    if out is not None:
        origin = {"sentences": len(seen), "temperature": lesson.temperature, "share": lesson.share}
        best.write(out, {**origin, "teacher": rows[0]["teacher"], "log loss held out": round(surprise, 4)})
    return lines


def worth(probabilities: Array, jobs: Sequence[str]) -> tuple[float, float]:
    """Return the share that is right, and the mean log loss in nats."""
    places = [JOBS.index(job) for job in jobs]
    own_share = probabilities[range(len(places)), places]
    return float((probabilities.argmax(axis=1) == places).mean()), float(-numpy.log(own_share + 1e-9).mean())


def on_gold(head: Head, features: Array, gold: Sequence[Mapping[str, Any]]) -> str:
    """Return how a head does on sentences of others, by their kinds: device, question, or neither."""
    if not gold:
        return ""
    kinds = {"device": "home", "question": "fact"}
    jobs = [kinds.get(row["kind"], "other") for row in gold]
    probabilities = head.probabilities(features)
    right, _ = worth(probabilities, jobs)
    return f"{right:.3f} {auroc(probabilities[:, 0], [job == 'home' for job in jobs]):.3f}"


def auroc(scores: Array, positive: Sequence[bool]) -> float:
    """Return the probability that a positive one scores above a negative one; ties count half."""
    wanted = numpy.array(positive)
    if wanted.all() or not wanted.any():
        return 0.5
    _, place, count = numpy.unique(scores, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(count) - (count - 1) / 2)[place]
    ours = int(wanted.sum())
    return float((ranks[wanted].sum() - ours * (ours + 1) / 2) / (ours * (len(wanted) - ours)))


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> None:
    """Collect, draw, ask or train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("collect", "own", "ask", "train"))
    parser.add_argument("what", nargs="+", help="a home, a language, or files of rows")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, default=120, help="sentences of each job that are drawn")
    parser.add_argument("--teacher", default="http://127.0.0.1:8080/v1")
    parser.add_argument("--model", default="teacher")
    parser.add_argument("--key")
    parser.add_argument("--gold", type=Path, help="sentences labelled by others, to measure on")
    options = parser.parse_args()
    if options.step == "train":
        rows = [row for name in options.what for row in rows_of(Path(name))]
        gold = [row for row in rows_of(options.gold) if row["kind"] != "assistant"] if options.gold else []
        print("\n".join(train(rows, gold, options.out)))
        return
    if options.step == "ask":
        known = {row["text"] for row in rows_of(options.out)} if options.out.exists() else set()
        left = [row for name in options.what for row in rows_of(Path(name)) if row["text"] not in known]
        made = asked(left, options.teacher, options.model, options.key)
    elif options.step == "own":
        made = own(options.what[0], options.each)
    else:
        made = collected(History(Database(Path(options.what[0]) / "assistant.db")))
    with options.out.open("a", encoding="utf-8") as lines:
        for count, row in enumerate(made, 1):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            lines.flush()
            print(f"{count} rows", end="\r", file=sys.stderr)


if __name__ == "__main__":
    main()
