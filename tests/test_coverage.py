"""How much is answered, and how much of it is right, at every threshold."""

from __future__ import annotations

import pytest

from edge_assistant.operations.coverage import Weighed, answered, coverage, curve, precision, right, share

SET = (
    Weighed("answerable", 0.9, 1.0),
    Weighed("answerable", 0.7, 1.0),
    Weighed("answerable", 0.6, 0.0),
    Weighed("answerable", 0.0, 0.0),
    Weighed("near_miss", 0.8, 0.0),
    Weighed("near_miss", 0.2, 0.0),
)


def test_counts_at_a_threshold() -> None:
    assert right(SET, 0.7) == (2.0, 4)
    assert answered(SET, "near_miss", 0.7) == (1, 2)
    assert precision(SET, 0.7) == (2.0, 3)


def test_what_was_not_answered_is_not_answered_at_any_threshold() -> None:
    assert answered(SET, "answerable", 0.0) == (3, 4)


@pytest.mark.parametrize(("wanted", "most"), [(1.0, 1 / 6), (0.66, 3 / 6), (0.4, 5 / 6), (0.0, 5 / 6)])
def test_the_most_that_can_be_answered_with_a_precision(wanted: float, most: float) -> None:
    assert coverage(SET, wanted) == pytest.approx(most)


def test_nothing_covers_nothing() -> None:
    assert coverage((), 0.9) == 0.0


def test_a_share_has_the_bounds_of_wilson() -> None:
    part, low, high = share(8, 10)

    assert (part, round(low, 3), round(high, 3)) == (0.8, 0.49, 0.943)
    assert share(0, 0) == (0.0, 0.0, 1.0)


def test_the_curve_has_a_line_for_every_threshold_with_counts() -> None:
    heading, *lines = curve(SET, (0.5, 0.85))

    assert "near_miss" in heading
    assert [line.split()[0] for line in lines] == ["0.50", "0.85"]
    assert [told for told in ("2/4", "2/4", "1/2") if told in lines[0]] == ["2/4", "2/4", "1/2"]
    assert "0/2" in lines[1]
