"""The 8-bit embedder thinks what the 32-bit one thought."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy

from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.config import shipped

MODEL = shipped("models") / "all-MiniLM-L6-v2"
GOLDEN = json.loads((Path(__file__).parent / "golden/embedder_cosines.json").read_text())


def test_texts_are_as_near_each_other_as_in_32_bits() -> None:
    rows = OnnxEmbedder(MODEL).embed(GOLDEN["texts"], "passage")

    assert numpy.abs(rows @ rows.T - numpy.array(GOLDEN["cosines"])).max() < 0.06


def test_every_text_has_the_neighbour_it_had_in_32_bits() -> None:
    rows = OnnxEmbedder(MODEL).embed(GOLDEN["texts"], "passage")

    def nearest(cosines: numpy.typing.NDArray[numpy.float32]) -> list[int]:
        return [int(place) for place in numpy.argmax(cosines - 2 * numpy.eye(len(cosines)), axis=1)]

    assert nearest(rows @ rows.T) == nearest(numpy.array(GOLDEN["cosines"]))


def test_the_shipped_files_are_the_recorded_ones() -> None:
    origin = json.loads((MODEL / "origin.json").read_text())

    for name, digest in origin["sha256"].items():
        assert hashlib.sha256((MODEL / name).read_bytes()).hexdigest() == digest
    assert origin["recall_at_1"]["int8"] >= 0.99 * origin["recall_at_1"]["fp32"]
    assert (MODEL / "LICENSE").read_text().lstrip().startswith("Apache License")
