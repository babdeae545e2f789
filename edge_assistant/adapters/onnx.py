"""Embeddings from any sentence-transformers folder that holds an ONNX file: onnxruntime and tokenizers, no PyTorch."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_assistant.adapters import needs
from edge_assistant.adapters.embedder_folder import (
    Digests,
    Kind,
    Pooling,
    Preprocessing,
    languages_read,
    read_json,
    stamp,
)
from edge_assistant.errors import TierError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from edge_assistant.types import FloatArray

Open: TypeAlias = Callable[[Path, Any, Sequence[str]], Any]
"""Makes a session of a file and options, on the first of these processors that can."""
FILES: Final = (
    "model_int8.onnx",
    "onnx/model_qint8_arm64.onnx",
    "onnx/model_int8.onnx",
    "onnx/model_quantized.onnx",
    "model.onnx",
    "onnx/model.onnx",
)
"""The names of ONNX files, the smallest first."""
_PROVIDERS: Final = {
    "TensorrtExecutionProvider": "TensorRT",
    "CUDAExecutionProvider": "CUDA",
    "CPUExecutionProvider": "the CPU",
}
"""What onnxruntime can compute on, the fastest first, and what people call it."""
_BATCH: Final = 32
_ROOM: Final = _BATCH * 256**2
"""The most pairs of tokens in a batch: attention takes memory for each of them, 100 MB at this size."""
_EXTERNAL: Final = b"\x0a\x08location\x12"
"""How a tensor in an ONNX file says that its numbers lie in another file, which nobody has verified."""
_EIGHT_BITS: Final = b"DynamicQuantizeLinear"
"""The operation that every file of 8-bit weights and 32-bit activations holds; GPUs hand it back to the CPU."""
_log = logging.getLogger(__name__)


class OnnxEmbedder:
    """Satisfies `Embedder`. Not for two threads at once; its own threads are few, since others work here too."""

    def __init__(
        self,
        folder: Path,
        threads: int | None = None,
        seen: Path | None = None,
        *,
        providers: Sequence[str] | None = None,
        open_session: Open | None = None,
    ) -> None:
        """Open a folder; the weights are read at first use. `seen` is a file that remembers hashes by size and time.

        `providers` are those of this machine; without them onnxruntime is asked. Raises `TierError`.
        """
        self.folder = folder
        self._digests = Digests(seen)
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._providers = providers
        self._open = open_session or _open
        file = next((folder / name for name in FILES if (folder / name).is_file()), None)
        if file is None:
            raise TierError(f"{folder}: there is no embedding model here")
        self._file = file
        self.preprocessing = Preprocessing.read(folder)

    @cached_property
    def stamp(self) -> str:
        """Return a hash of the weights and of everything that decides what is fed to them."""
        tokenizer = self._digests.of(self.folder / "tokenizer.json")
        return stamp(self._digests.of(self._file), tokenizer, repr(self.preprocessing))

    @cached_property
    def dimension(self) -> int:
        return int(read_json(self.folder / "config.json", {}).get("hidden_size") or self._embed(["x"]).shape[1])

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Return which of our languages it reads: what the folder says, else what its tokenizer has words for."""
        return languages_read(self.folder, self._tokenizer)

    @property
    def about(self) -> str:
        """Say what it is and what it runs on; loads it."""
        session, _ = self._session
        return f"{self.folder.name} on {_PROVIDERS.get(session.get_providers()[0], session.get_providers()[0])}"

    def embed(self, texts: Sequence[str], kind: Kind) -> FloatArray:
        """Return one float32 row per text; texts of like length share a batch. Raises `TierError`."""
        import numpy

        prefix = self.preprocessing.prefix(kind)
        lengths = [min(len(text), self.preprocessing.longest) for text in texts]
        rows = numpy.empty((len(texts), self.dimension), dtype=numpy.float32)
        for places in _batches(lengths):
            rows[places] = self._embed([prefix + texts[place] for place in places])
        return rows

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        import numpy

        batch = self._tokenizer.encode_batch(list(texts))
        mask = numpy.array([text.attention_mask for text in batch], dtype=numpy.int64)
        inputs = {"input_ids": numpy.array([text.ids for text in batch], dtype=numpy.int64), "attention_mask": mask}
        inputs["token_type_ids"] = numpy.zeros_like(mask)
        session, wanted = self._session
        try:
            states = session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0]
        except _refusals() as error:
            raise TierError(f"{self._file}: this is not a model that embeds texts") from error
        rows = _pooled(states, mask, self.preprocessing.pooling)
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True) if self.preprocessing.normalize else rows

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = read_tokenizer(self.folder, self._digests)
        tokenizer.enable_truncation(self.preprocessing.longest)
        padding = tokenizer.padding or {}
        token = padding.get("pad_token") or next(
            (name for name in ("[PAD]", "<pad>") if tokenizer.token_to_id(name) is not None), "[PAD]"
        )
        tokenizer.enable_padding(pad_id=padding.get("pad_id", tokenizer.token_to_id(token) or 0), pad_token=token)
        return tokenizer

    @cached_property
    def _session(self) -> tuple[Any, set[str]]:
        with needs("onnxruntime"):
            import onnxruntime
        self._digests.verify(self._file)
        external, eight_bits = _found(self._file, _EXTERNAL, _EIGHT_BITS)
        if external:
            raise TierError(f"{self._file}: models that keep their weights in a second file are not supported")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if _overflows():
            options.add_session_config_entry("session.x64quantprecision", "1")
        here = onnxruntime.get_available_providers() if self._providers is None else self._providers
        usable = ["CPUExecutionProvider"] if eight_bits else [one for one in _PROVIDERS if one in here]
        session = self._session_on(usable, options)
        return session, {put.name for put in session.get_inputs()}

    def _session_on(self, providers: Sequence[str], options: Any) -> Any:
        """Open the model on the first processor that takes it; a driver that is broken costs speed, not the search."""
        for place, provider in enumerate(providers):
            try:
                return self._open(self._file, options, providers[place:])
            except _refusals() as error:
                reason = error
                _log.warning("%s cannot be used: %s", _PROVIDERS[provider], str(error).partition("\n")[0])
        raise TierError(f"{self._file}: this is not a model that onnxruntime can run") from reason


def read_tokenizer(folder: Path, digests: Digests) -> Any:
    """Return the tokenizer of a folder. Raises `TierError`."""
    with needs("tokenizers"):
        from tokenizers import Tokenizer
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    file = folder / "tokenizer.json"
    digests.verify(file)
    if not read_json(file, None):
        raise TierError(f"{file}: there is no tokenizer here")
    return Tokenizer.from_file(str(file))


def _open(file: Path, options: Any, providers: Sequence[str]) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(str(file), options, providers=list(providers))


def _found(file: Path, *marks: bytes) -> list[bool]:
    """Tell which of these stand in a file, without holding it in memory."""
    with file.open("rb") as content, mmap(content.fileno(), 0, access=ACCESS_READ) as mapped:
        return [mapped.find(mark) >= 0 for mark in marks]


def _overflows(processor: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether products of 8-bit numbers may be added in 16 bits, which signed weights overflow.

    x86-64 does so without VNNI. Where it has VNNI the numbers are the same, and the safe way takes 1.4 times as long.
    """
    try:
        return "vnni" not in processor.read_text(encoding="utf-8")
    except OSError:
        return True


def _refusals() -> tuple[type[Exception], ...]:
    """Return what onnxruntime raises about a model: a family without a common ancestor of its own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (
        RuntimeError,
        ValueError,
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoSuchFile,
        state.NotImplemented,
    )


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts of like length; these are characters, of which a token has one or more."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == _BATCH or (len(batch) + 1) * lengths[place] ** 2 > _ROOM):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _pooled(states: NDArray[numpy.float32], mask: NDArray[numpy.int64], pooling: Pooling) -> FloatArray:
    """Return one row per text of the states of its tokens; some models hand out finished rows."""
    import numpy

    if states.ndim == 2:
        return numpy.asarray(states, dtype=numpy.float32)
    if pooling == "cls":
        return numpy.asarray(states[:, 0], dtype=numpy.float32)
    if pooling == "max":
        return numpy.asarray(numpy.where(mask[..., None] > 0, states, -numpy.inf).max(axis=1), dtype=numpy.float32)
    weights = mask[..., None].astype(numpy.float32)
    return numpy.asarray((states * weights).sum(axis=1) / weights.sum(axis=1), dtype=numpy.float32)
