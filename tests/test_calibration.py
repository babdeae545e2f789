"""Features become probabilities by tables that say where they came from."""

from __future__ import annotations

import pytest

from edge_assistant.calibration import Table, shipped
from edge_assistant.errors import ConfigError

SHIPPED = (
    "choose.en",
    "choose.en.words",
    "choose.zh",
    "answers.en",
    "meaning.en",
    "answers.en.words",
    "answers.zh",
    "likeness",
    "likeness.words",
)


def test_a_table_weighs_what_it_knows() -> None:
    table = Table(0.0, {"near": 2.0, "far": -2.0}, {})

    assert table.probability({}) == 0.5
    assert table.probability({"near": 1.0, "unknown": 9.0}) == pytest.approx(0.8808, abs=1e-4)
    assert table.probability({"far": 1e9}) < 1e-9


def test_a_tree_adds_what_its_leaf_says() -> None:
    trees = '[["near", 0.5, -1.0, ["far", 0.0, 0.5, 3]], 0.5]'
    table = Table.read(f'{{"intercept": 0.0, "weights": {{}}, "origin": {{}}, "trees": {trees}}}')

    assert table.probability({"near": 1.0}) == pytest.approx(0.7311, abs=1e-4)
    assert table.probability({"near": 1.0, "far": 0.1}) == pytest.approx(0.9707, abs=1e-4)
    assert table.probability({"near": 0.5, "far": 0.1}) == pytest.approx(0.3775, abs=1e-4)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_table_says_where_it_came_from(name: str) -> None:
    table = shipped("knowledge", name)

    assert {"date", "data"} <= table.origin.keys()
    assert "questions" in table.origin or "pairs" in table.origin
    assert all(abs(weight) < 50 for weight in table.weights.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"intercept": 1, "weights": {"a": "x"}, "origin": {}}',
        '{"intercept": 1, "weights": {}, "origin": {}, "trees": ["a"]}',
        '{"intercept": 1, "weights": {}, "origin": {}, "trees": [["a", 1, 2]]}',
        '{"intercept": 1, "weights": {}, "origin": {}, "trees": ' + "[" * 5000 + "]" * 5000 + "}",
    ],
)
def test_what_is_not_a_table_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a calibration table"):
        Table.read(text)


def test_a_missing_table_is_named() -> None:
    with pytest.raises(ConfigError, match="no calibration table xx"):
        shipped("knowledge", "xx")
