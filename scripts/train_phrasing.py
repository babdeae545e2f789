"""Fit the model of free phrasings on sentences drawn from our own examples, and write its table."""

from __future__ import annotations

import argparse
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final
from zlib import compress

import numpy as np
import numpy.typing as npt

from edge_assistant.phrasing.examples import Examples, Sampler
from edge_assistant.phrasing.features import features, places
from edge_assistant.phrasing.spotting import Phrase, Spotter

ROOT: Final = Path(__file__).parents[1]
DIMENSIONS: Final = 1 << 14
EACH: Final = {"none": 90, "": 40}
"""Sentences drawn from one pattern."""
DROPPED: Final = {"none": 0.25, "": 0.015}
"""How many words of a sentence nobody foresaw, so that strange words speak against a request."""


def drawn(examples: Examples, random: Random) -> list[tuple[str, list[str]]]:
    """Return the acts and the rows of words of drawn sentences."""
    rooms = [examples.home(random) for _ in range(40)]
    spotters = [(home, Spotter(examples.language, examples.lexicon())) for home in rooms]
    found: dict[tuple[str, str], list[str]] = {}
    for act, patterns in examples.acts.items():
        for pattern, parts in patterns:
            for _ in range(EACH.get(act, EACH[""])):
                home, spotter = random.choice(spotters)
                text = Sampler(examples, home, random).draw(pattern, parts)
                row = spotter.spot(text, home).row()
                if row:
                    found[act, " ".join(row)] = row
    return [(act, row) for (act, _), row in found.items()]


def fit(
    rows: list[list[int]], labels: npt.NDArray[np.int64], classes: int, epochs: int = 14
) -> npt.NDArray[np.float32]:
    """Fit a multinomial logistic model by Adagrad, with a little decay."""
    generator = np.random.default_rng(7)
    weights = np.zeros((DIMENSIONS + 1, classes), np.float32)
    squares = np.full_like(weights, 1e-4)
    widest = max(map(len, rows))
    table = np.full((len(rows), widest), DIMENSIONS, np.int64)
    for index, row in enumerate(rows):
        table[index, : len(row)] = row
    for epoch in range(epochs):
        order = generator.permutation(len(rows))
        for start in range(0, len(order), 128):
            batch = order[start : start + 128]
            used = table[batch]
            scores = weights[used].sum(axis=1)
            scores -= scores.max(axis=1, keepdims=True)
            shares = np.exp(scores)
            shares /= shares.sum(axis=1, keepdims=True)
            shares[np.arange(len(batch)), labels[batch]] -= 1.0
            touched, inverse = np.unique(used, return_inverse=True)
            slope = np.zeros((len(touched), classes), np.float32)
            np.add.at(slope, inverse.reshape(used.shape), shares[:, None, :])
            slope = slope / len(batch) + 2e-5 * weights[touched]
            squares[touched] += slope**2
            weights[touched] -= 0.08 * slope / np.sqrt(squares[touched])
            weights[DIMENSIONS] = 0.0
        print(f"epoch {epoch}", end="\r")
    return weights[:DIMENSIONS]


def plain(phrases: Sequence[Phrase]) -> list[list[str | list[str]]]:
    """Return phrases as they are written."""
    return [[list(phrase.words), phrase.kind, phrase.value] for phrase in phrases]


def main() -> None:
    """Train one language and write its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language")
    options = parser.parse_args()
    random = Random(3)
    examples = Examples(ROOT / "rules" / options.language / "examples", options.language)
    samples = drawn(examples, random)
    counts = Counter(word for act, row in samples if act != "none" for word in row)
    common = Counter(word for act, row in samples if act == "none" for word in row)
    vocabulary = sorted(
        {word for word in counts if word[0] != "<"}
        | {word for word, count in common.items() if count > 3 and word[0] != "<"}
    )
    known = frozenset(vocabulary)
    classes = sorted(examples.acts)
    rows, labels = [], []
    for act, row in samples:
        for _ in range(2):
            rate = DROPPED.get(act, DROPPED[""])
            changed = ["?" if word[0] != "<" and random.random() < rate else word for word in row]
            rows.append(places(features(changed, known), DIMENSIONS))
            labels.append(classes.index(act))
    marks = np.array(labels)
    held = np.array([random.random() < 0.1 for _ in rows])
    weights = fit([row for row, out in zip(rows, held, strict=True) if not out], marks[~held], len(classes))
    scale = float(np.abs(weights).max()) / 127
    small = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
    scores = np.array([small[row].astype(np.int64).sum(axis=0) for row, out in zip(rows, held, strict=True) if out])
    right = (scores.argmax(axis=1) == marks[held]).mean()
    print(f"{len(rows)} rows, {len(vocabulary)} words, right on held out {right:.4f}")
    questions, fillers = examples.asking()
    table = {
        "language": options.language,
        "classes": classes,
        "scale": scale,
        "vocabulary": vocabulary,
        "lexicon": plain(examples.lexicon()),
        "questions": plain(questions),
        "fillers": fillers,
        "weights": b64encode(compress(small.tobytes(), 9)).decode(),
    }
    path = ROOT / "edge_assistant" / "phrasing" / "tables" / f"{options.language}.json"
    path.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
