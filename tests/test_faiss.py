"""The vector index: exact neighbours under the numbers of the rows."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
import pytest

from edge_assistant.adapters import faiss as faiss_adapter
from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.errors import TierError

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray


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


def test_vectors_are_handed_out_by_their_ids() -> None:
    index = filled()

    ids, vectors = index.of([1_000_000_007, 12345, 7])
    assert ids.tolist() == [1_000_000_007, 7]
    assert vectors.tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    index.remove(numpy.array([7]))
    index.add(numpy.array([3]), numpy.array([[0, 0, 0, 1]], dtype=numpy.float32))
    assert index.of([7, 3])[1].tolist() == [[0, 0, 0, 1]]
    assert [part.shape[0] for part in FaissIndex(4).of([7])] == [0, 0]


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    digest = filled().write(tmp_path / "index.faiss")

    again = FaissIndex.read(BytesIO((tmp_path / "index.faiss").read_bytes()), 4)

    assert digest == hashlib.sha256((tmp_path / "index.faiss").read_bytes()).hexdigest()
    assert again.ids.tolist() == filled().ids.tolist()


def test_bytes_that_are_no_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TierError, match="not one that FAISS can read"):
        FaissIndex.read(BytesIO(b"nonsense nonsense nonsense"), 4)
    filled().write(tmp_path / "index.faiss")
    with pytest.raises(TierError, match="4 dimensions, not 8"):
        FaissIndex.read(BytesIO((tmp_path / "index.faiss").read_bytes()), 8)


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> tuple[FaissIndex, FloatArray]:
    """An index of as many vectors as make it compact; a thousand of them do for a test."""
    monkeypatch.setattr(faiss_adapter, "FLAT_MOST", 1000)
    vectors = numpy.random.default_rng(0).standard_normal((3000, 32)).astype(numpy.float32)
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    index = FaissIndex(32)
    for start in range(0, 3000, 500):
        index.add(numpy.arange(start, start + 500) + 7_000_000_000, vectors[start : start + 500])
    return index, vectors


def recall(index: FaissIndex, vectors: FloatArray, alive: IntArray) -> float:
    """Return the share of the ten nearest that a search finds, for a hundred of the vectors."""
    exact = numpy.argsort(-(vectors[:100] @ vectors[alive].T), axis=1)[:, :10]
    _, found = index.search(vectors[:100], 10)
    wanted = alive[exact] + 7_000_000_000
    return float(numpy.mean([len(set(a) & set(b)) / 10 for a, b in zip(wanted.tolist(), found.tolist(), strict=True)]))


def test_many_vectors_are_kept_in_fewer_bits_and_found_nearly_as_well(crowd: tuple[FaissIndex, FloatArray]) -> None:
    index, vectors = crowd

    assert index.compact
    assert recall(index, vectors, numpy.arange(3000)) >= 0.95
    assert len(index.ids) == 3000


def test_what_is_removed_from_many_is_not_found_and_hides_nobody(crowd: tuple[FaissIndex, FloatArray]) -> None:
    index, vectors = crowd
    nearest = numpy.argsort(-(vectors[0] @ vectors.T))[:900]

    index.remove(nearest + 7_000_000_000)

    alive = numpy.setdiff1d(numpy.arange(3000), nearest)
    _, found = index.search(vectors[:1], 10)
    assert set(found[0].tolist()) <= set((alive + 7_000_000_000).tolist())
    assert sorted(index.ids.tolist()) == (alive + 7_000_000_000).tolist()
    assert index.worn


def test_a_compact_index_comes_back_from_disk_with_what_it_forgot(
    tmp_path: Path, crowd: tuple[FaissIndex, FloatArray]
) -> None:
    index, vectors = crowd
    index.remove(numpy.arange(10) + 7_000_000_000)
    index.write(tmp_path / "index.faiss")

    again = FaissIndex.read(BytesIO((tmp_path / "index.faiss").read_bytes()), 32)
    again.add(numpy.array([5]), vectors[:1])

    assert again.compact
    assert len(again.ids) == 2991
    assert again.search(vectors[:1], 3)[1][0, 0] == 5
    ids, near = again.of([7_000_000_009, 7_000_000_010, 5])
    assert ids.tolist() == [7_000_000_010, 5]
    assert float((near * vectors[[10, 0]]).sum(axis=1).min()) > 0.99


def test_a_sample_makes_it_compact_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_adapter, "FLAT_MOST", 100)
    vectors = numpy.random.default_rng(0).standard_normal((400, 8)).astype(numpy.float32)

    assert FaissIndex(8, vectors).compact
    assert not FaissIndex(8, vectors[:50]).compact
    assert FaissIndex(8, vectors).search(vectors[:1], 3)[1].tolist() == [[-1, -1, -1]]
