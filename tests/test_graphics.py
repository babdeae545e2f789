"""Doctor proves that the graphics processor is used: by the worker's own facts, and by the rate that others reach."""

from __future__ import annotations

import pytest

from edge_assistant.errors import TierError
from edge_assistant.models.boards import Machine
from edge_assistant.models.catalog import ModelFile, Speed
from edge_assistant.operations.graphics import judged

CARD = Machine(graphics="NVIDIA GeForce RTX 3090")
USED = {"graphics": True, "graphics_layers": 29, "layers": 29}
MODEL = ModelFile(
    name="r1-7b", file="m.gguf", size=100, speeds=(Speed(board="rtx-3090", tokens=119.77, source="somebody"),)
)


def test_a_rate_as_others_reach_it_proves_the_graphics_processor() -> None:
    told = judged(MODEL, 101, -1, USED, CARD, [MODEL])

    assert told == "29 of 29 layers on the graphics processor; others reached 120 on rtx-3090 (somebody)"


def test_a_rate_of_a_third_says_that_it_is_not_used() -> None:
    with pytest.raises(TierError, match=r"29 of 29 layers .*, and yet 40 tokens/s where others reached 120 on rtx"):
        judged(MODEL, 40, -1, USED, CARD, [MODEL])


def test_a_build_without_it_is_said_with_the_way_out() -> None:
    with pytest.raises(TierError, match=r"llama\.cpp finds none: build for it with: make setup GPU=cuda"):
        judged(MODEL, 40, 99, {"graphics": False, "graphics_layers": 0, "layers": 29}, CARD, [MODEL])


def test_one_that_could_be_used_is_named() -> None:
    told = judged(MODEL, 40, 0, {**USED, "graphics_layers": 0}, CARD, [MODEL])

    assert told.startswith("the graphics processor is not used: device.gpu_layers = -1 places every layer there; ")


def test_another_model_is_measured_by_its_size() -> None:
    twice = ModelFile(name="r1-14b", file="m.gguf", size=200)

    told = judged(twice, 55, -1, USED, CARD, [MODEL, twice])

    assert told.endswith("about 60 should be reached on rtx-3090 (r1-7b, somebody)")


def test_nothing_is_said_where_there_is_nothing_to_say() -> None:
    facts = {"graphics": False, "graphics_layers": 0, "layers": 29}

    assert judged(MODEL, 40, 0, facts, Machine(), [MODEL]) == ""
