"""Embeddings without a network: one vector per word piece, averaged. The format of model2vec; numpy and tokenizers."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.adapters.embedder_folder import (
    Digests,
    Kind,
    languages_read,
    read_json,
    stamp,
)
from edge_assistant.adapters.onnx import read_tokenizer
from edge_assistant.errors import TierError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from edge_assistant.types import FloatArray

FILE: Final = "model.safetensors"
_TYPES: Final = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "i1", "I32": "<i4", "I64": "<i8"}


class StaticEmbedder:
    """Satisfies `Embedder` in a few megabytes and microseconds; the order of words is lost on it."""

    def __init__(self, folder: Path, seen: Path | None = None) -> None:
        """Open a folder of model2vec; the vectors stay on the disk until they are looked up. Raises `TierError`."""
        self.folder = folder
        self._digests = Digests(seen)
        if not (folder / FILE).is_file():
            raise TierError(f"{folder}: there is no embedding model here")
        self._longest = int(read_json(folder / "config.json", {}).get("max_length") or 512)

    @cached_property
    def stamp(self) -> str:
        """Return a hash of the vectors and of everything that decides which are averaged."""
        files = (self.folder / FILE, self.folder / "tokenizer.json")
        return stamp(*(self._digests.of(file) for file in files), "static", str(self._longest))

    @property
    def dimension(self) -> int:
        return int(self._tensors["embeddings"].shape[1])

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return which of our languages it reads: what the folder says, else what its tokenizer has words for."""
        return languages_read(self.folder, self._tokenizer)

    @property
    def about(self) -> str:
        """Say what it is and what it runs on."""
        return f"{self.folder.name}, {len(self._tensors['embeddings']):,} static vectors on the CPU"

    def embed(self, texts: Sequence[str], kind: Kind) -> FloatArray:
        """Return one float32 row per text, zero for a text of which no piece is known. Raises `TierError`."""
        import numpy

        rows = numpy.zeros((len(texts), self.dimension), dtype=numpy.float32)
        for row, text in zip(rows, self._tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True):
            ids = numpy.array([piece for piece in text.ids if piece != self._unknown], dtype=numpy.int64)
            if len(ids):
                row[:] = self._mean(ids)
        return rows

    def _mean(self, ids: NDArray[numpy.int64]) -> FloatArray:
        import numpy

        tensors = self._tensors
        vectors = tensors["embeddings"][tensors["mapping"][ids] if "mapping" in tensors else ids]
        weighed = vectors * tensors["weights"][ids, None] if "weights" in tensors else vectors
        mean = weighed.mean(axis=0, dtype=numpy.float32)
        return numpy.asarray(mean / (numpy.linalg.norm(mean) or 1.0), dtype=numpy.float32)

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = read_tokenizer(self.folder, self._digests)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._longest)
        return tokenizer

    @cached_property
    def _unknown(self) -> int | None:
        """Return the number of the piece that stands for whatever the tokenizer does not know."""
        names = ("[UNK]", "<unk>", "<UNK>")
        return next((number for name in names if (number := self._tokenizer.token_to_id(name)) is not None), None)

    @cached_property
    def _tensors(self) -> Mapping[str, NDArray[Any]]:
        file = self.folder / FILE
        self._digests.verify(file)
        tensors = read_safetensors(file)
        if "embedding.weight" in tensors:  # sentence-transformers calls it so
            tensors["embeddings"] = tensors.pop("embedding.weight")
        if "embeddings" not in tensors or tensors["embeddings"].ndim != 2:
            raise TierError(f"{file}: there are no static vectors in it")
        pieces = len(tensors.get("mapping", tensors["embeddings"]))
        if pieces < self._tokenizer.get_vocab_size():
            raise TierError(f"{file}: it has vectors for {pieces:,} word pieces, and the tokenizer knows more")
        return tensors


def read_safetensors(file: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file, left on the disk until they are used. Raises `TierError`."""
    import numpy

    try:
        with file.open("rb") as content:
            (length,) = struct.unpack("<Q", content.read(8))
            header = json.loads(content.read(min(length, file.stat().st_size)))
        header.pop("__metadata__", None)
        return {
            name: numpy.memmap(
                file, _TYPES[entry["dtype"]], "r", 8 + length + entry["data_offsets"][0], tuple(entry["shape"])
            )
            for name, entry in header.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise TierError(f"{file}: this is not a file of tensors that can be read") from error
