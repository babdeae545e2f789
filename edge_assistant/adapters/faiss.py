"""Nearest neighbours with FAISS by inner product, under the ids of the rows in SQLite: exact, or compact and re-ranked.

Up to `FLAT_MOST` vectors are compared one by one. More of them are scanned in four bits per two dimensions
(product quantisation, SIMD), and the best thousand are compared again in eight bits per dimension. Measured by
bench/knowledge.py with 100,000 vectors of 384 random dimensions, which is the worst case, on a busy 2-core x86 machine:

| kind                | on disk | p50    | recall@10 |
| ------------------- | ------- | ------ | --------- |
| raw IndexFlatIP     | 154 MB  | 6.7 ms | 1         |
| PQ192x4fs, then SQ8 | 49 MB   | 1.4 ms | .986      |
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from edge_assistant.adapters import needs
from edge_assistant.errors import TierError

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray

FLAT_MOST: Final = 20_000
"""Vectors that are compared one by one."""
_COMPARED_AGAIN: Final = 1000
_WORN: Final = 0.2
"""The share of forgotten vectors from which on an index is better made again."""
_BUFFER: Final = 1 << 20


def _faiss() -> Any:
    with needs("faiss-cpu"):
        import faiss
    # One question is compared on one thread: waking the others costs more than they save.
    faiss.omp_set_num_threads(1)
    return faiss


class FaissIndex:
    """Satisfies `VectorIndex`; one thread at a time."""

    def __init__(self, dimension: int, sample: FloatArray | None = None, index: Any = None) -> None:
        """Make an empty index; a `sample` of the vectors to come makes it compact from the beginning."""
        self._dimension = dimension
        self._gone = 0
        self._places: tuple[IntArray, IntArray] | None = None
        if index is not None:
            self._index = index
        elif sample is not None and len(sample) > FLAT_MOST and dimension % 2 == 0:
            self._index = _compact(dimension, sample)
        else:
            self._index = _flat(dimension)

    @classmethod
    def read(cls, stream: IO[bytes], dimension: int) -> FaissIndex:
        """Return the index that `write` made of this stream, which the caller has verified. Raises `TierError`."""
        faiss = _faiss()
        try:
            index = faiss.read_index(faiss.PyCallbackIOReader(stream.read, _BUFFER))
        except RuntimeError as error:
            raise TierError("the stored index is not one that FAISS can read") from error
        if index.d != dimension:
            raise TierError(f"the stored index has {index.d} dimensions, not {dimension}")
        read = cls(dimension, index=index)
        read._gone = int((read._numbers() < 0).sum())
        return read

    def write(self, path: Path) -> str:
        """Write it to a new file that is on the disk when this returns, and return its sha256."""
        faiss, digest = _faiss(), hashlib.sha256()
        with path.open("wb") as stream:

            def keep(content: bytes) -> int:
                digest.update(content)
                return stream.write(content)

            faiss.write_index(self._index, faiss.PyCallbackIOWriter(keep, _BUFFER))
            stream.flush()
            os.fsync(stream.fileno())
        return digest.hexdigest()

    @property
    def ids(self) -> IntArray:
        """Return every id it holds."""
        numbers = self._numbers()
        return numbers[numbers >= 0]

    @property
    def compact(self) -> bool:
        """Return whether vectors are kept in fewer bits than they came in."""
        return not isinstance(self._inner(), _faiss().IndexFlat)

    @property
    def worn(self) -> bool:
        """Return whether so much was forgotten that it is better made again."""
        return bool(self._gone > _WORN * self._index.ntotal)

    def add(self, ids: IntArray, vectors: FloatArray) -> None:
        """Take in vectors of shape (len(ids), dimension); too many of them to compare one by one are made compact."""
        self._places = None
        self._index.add_with_ids(vectors, ids)
        if self.compact or self._index.ntotal <= FLAT_MOST or self._dimension % 2:
            return
        known, numbers = self._inner().reconstruct_n(0, self._index.ntotal), self._numbers()
        self._index = _compact(self._dimension, known)
        self._index.add_with_ids(known, numbers)

    def remove(self, ids: IntArray) -> None:
        """Forget these ids; unknown ones are no error."""
        import numpy

        self._places = None
        if not self.compact:
            self._index.remove_ids(ids)
            return
        faiss = _faiss()
        numbers = faiss.rev_swig_ptr(self._index.id_map.data(), self._index.id_map.size())
        forgotten = numpy.isin(numbers, ids)
        numbers[forgotten] = -1
        self._gone += int(forgotten.sum())

    def search(self, vectors: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Return scores and ids, each of shape (len(vectors), k), best first; id -1 where there are fewer."""
        wanted = k
        while True:
            scores, ids = self._nearest(vectors, min(wanted, self._index.ntotal))
            if wanted >= self._index.ntotal or not self._gone or int((ids >= 0).sum(axis=1).min()) >= k:
                return _best(scores, ids, k)
            wanted *= 4

    def of(self, ids: Iterable[int]) -> tuple[IntArray, FloatArray]:
        """Return those of these ids that it holds, with their vectors as it keeps them."""
        import numpy

        wanted = numpy.fromiter(ids, dtype=numpy.int64)
        numbers, places = self._sorted()
        at = numpy.minimum(numpy.searchsorted(numbers, wanted), max(0, len(numbers) - 1))
        held = numbers[at] == wanted if len(numbers) else numpy.zeros(len(wanted), dtype=bool)
        inner = self._inner()
        stored = _faiss().downcast_index(inner.refine_index) if hasattr(inner, "refine_index") else inner
        return wanted[held], stored.reconstruct_batch(places[at[held]])

    def _sorted(self) -> tuple[IntArray, IntArray]:
        """Return every id in order, and where its vector lies."""
        if self._places is None:
            numbers = self._numbers()
            places = numbers.argsort(kind="stable")
            self._places = numbers[places], places
        return self._places

    def _nearest(self, vectors: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        inner = self._inner()
        if hasattr(inner, "k_factor"):
            inner.k_factor = max(1.0, _COMPARED_AGAIN / max(1, k))
        scores, ids = self._index.search(vectors, max(1, k))
        return scores, ids

    def _inner(self) -> Any:
        return _faiss().downcast_index(self._index.index)

    def _numbers(self) -> IntArray:
        import numpy

        return numpy.asarray(_faiss().vector_to_array(self._index.id_map), dtype=numpy.int64)


def _flat(dimension: int) -> Any:
    faiss = _faiss()
    return faiss.IndexIDMap(faiss.IndexFlatIP(dimension))


def _compact(dimension: int, sample: FloatArray) -> Any:
    faiss = _faiss()
    coarse = faiss.IndexPQFastScan(dimension, dimension // 2, 4, faiss.METRIC_INNER_PRODUCT)
    fine = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIDMap(faiss.IndexRefine(coarse, fine))
    index.train(sample)
    return index


def _best(scores: FloatArray, ids: IntArray, k: int) -> tuple[FloatArray, IntArray]:
    """Move the forgotten to the end, and make it as many as were asked for."""
    import numpy

    if ids.shape[1] == k and ids.min(initial=0) >= 0:
        return scores, ids
    order = numpy.argsort(ids < 0, axis=1, kind="stable")[:, :k]
    scores, ids = numpy.take_along_axis(scores, order, 1), numpy.take_along_axis(ids, order, 1)
    missing = ((0, 0), (0, k - ids.shape[1]))
    return numpy.pad(scores, missing), numpy.pad(ids, missing, constant_values=-1)
