"""The peer of every bench that embeds: onnxruntime and tokenizers as their manuals show them, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy

from edge_assistant.config import shipped

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

MODEL: Final = shipped("models") / "all-MiniLM-L6-v2"
BATCH: Final = 32


class Raw:
    """The shipped model with as many threads as ours has; mean of the states, of unit length."""

    def __init__(self) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(4, os.cpu_count() or 1)
        # Threads that spin after a run would slow the way that is timed next.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            str(MODEL / "model_int8.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._wanted = {put.name for put in self._session.get_inputs()}
        self._tokenizer: Any = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
        self._tokenizer.enable_truncation(256)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return one row per text, of one batch."""
        batch = self._tokenizer.encode_batch(list(texts))
        mask = numpy.array([text.attention_mask for text in batch], dtype=numpy.int64)
        ids = numpy.array([text.ids for text in batch], dtype=numpy.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(mask)}
        states = self._session.run(None, {name: value for name, value in inputs.items() if name in self._wanted})[0]
        weights = mask[..., None].astype(numpy.float32)
        rows = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return numpy.asarray(rows / numpy.linalg.norm(rows, axis=1, keepdims=True), dtype=numpy.float32)

    def embed_all(self, texts: Sequence[str]) -> None:
        """Embed texts sorted by length, in batches, and throw the vectors away."""
        order = sorted(texts, key=len)
        for start in range(0, len(order), BATCH):
            self.embed(order[start : start + BATCH])
