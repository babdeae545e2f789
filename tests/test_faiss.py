"""The vector index: exact neighbours under the numbers of the rows."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.errors import TierError


def filled() -> FaissIndex:
    index = FaissIndex(4)
    index.add(numpy.array([7, 9, 1_000_000_007]), numpy.eye(4, dtype=numpy.float32)[:3])
    return index


def test_the_nearest_comes_first_and_missing_ones_are_minus_one() -> None:
    scores, ids = filled().search(numpy.array([[0, 1, 0.5, 0]], dtype=numpy.float32), 5)

    assert ids[0].tolist() == [9, 1_000_000_007, 7, -1, -1]
    assert scores[0, 0] == pytest.approx(1.0)


def test_what_is_removed_is_not_found() -> None:
    index = filled()

    index.remove(numpy.array([9, 12345]))

    assert sorted(index.ids.tolist()) == [7, 1_000_000_007]


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    content = filled().write(tmp_path / "index.faiss")

    again = FaissIndex.read((tmp_path / "index.faiss").read_bytes(), 4)

    assert content == (tmp_path / "index.faiss").read_bytes()
    assert again.ids.tolist() == filled().ids.tolist()


def test_bytes_that_are_no_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TierError, match="not one that FAISS can read"):
        FaissIndex.read(b"nonsense nonsense nonsense", 4)
    with pytest.raises(TierError, match="4 dimensions, not 8"):
        FaissIndex.read(filled().write(tmp_path / "x"), 8)
