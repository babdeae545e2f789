"""Nearest neighbours with FAISS: exact inner products, under the ids of the rows in SQLite."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_assistant.adapters import needs
from edge_assistant.errors import TierError

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray


def _faiss() -> Any:
    with needs("faiss-cpu"):
        import faiss
    # One question is compared on one thread: waking the others costs more than they save.
    faiss.omp_set_num_threads(1)
    return faiss


class FaissIndex:
    """Satisfies `VectorIndex`; one thread at a time."""

    def __init__(self, dimension: int, index: Any = None) -> None:
        faiss = _faiss()
        self._index = faiss.IndexIDMap(faiss.IndexFlatIP(dimension)) if index is None else index

    @classmethod
    def read(cls, content: bytes, dimension: int) -> FaissIndex:
        """Return the index that `write` made of these bytes, which the caller has verified. Raises `TierError`."""
        import numpy

        try:
            index = _faiss().deserialize_index(numpy.frombuffer(content, dtype=numpy.uint8))
        except RuntimeError as error:
            raise TierError("the stored index is not one that FAISS can read") from error
        if index.d != dimension:
            raise TierError(f"the stored index has {index.d} dimensions, not {dimension}")
        return cls(dimension, index)

    def write(self, path: Path) -> bytes:
        """Write it to a new file that is on the disk when this returns, and return what was written."""
        content = bytes(_faiss().serialize_index(self._index))
        with path.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        return content

    @property
    def ids(self) -> IntArray:
        """Return every id it holds."""
        import numpy

        return numpy.asarray(_faiss().vector_to_array(self._index.id_map), dtype=numpy.int64)

    def add(self, ids: IntArray, vectors: FloatArray) -> None:
        """Take in vectors of shape (len(ids), dimension)."""
        self._index.add_with_ids(vectors, ids)

    def remove(self, ids: IntArray) -> None:
        """Forget these ids; unknown ones are no error."""
        self._index.remove_ids(ids)

    def search(self, vectors: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Return scores and ids, each of shape (len(vectors), k), best first; id -1 where there are fewer."""
        scores, ids = self._index.search(vectors, k)
        return scores, ids
