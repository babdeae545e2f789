"""Embeddings from any sentence-transformers folder that holds an ONNX file: onnxruntime and tokenizers, no PyTorch."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from edge_assistant.adapters import needs
from edge_assistant.errors import ConfigError, TierError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from edge_assistant.types import FloatArray

Pooling = Literal["mean", "cls", "max"]
_NAMES: Final = (
    "model_int8.onnx",
    "onnx/model_qint8_arm64.onnx",
    "onnx/model_int8.onnx",
    "model.onnx",
    "onnx/model.onnx",
)
_BATCH: Final = 32
_EXTERNAL: Final = b"\x0a\x08location\x12"
"""How a tensor in an ONNX file says that its numbers lie in another file, which nobody has verified."""


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What a sentence-transformers folder says about its own use."""

    pooling: Pooling
    normalize: bool
    longest: int
    prompts: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Preprocessing:
        """Read it from the folder's configuration files. Raises `ConfigError`."""
        modules = _json(folder / "modules.json", [])
        kinds = {str(module["type"]).rsplit(".", 1)[-1]: folder / module["path"] for module in modules}
        if unknown := kinds.keys() - {"Transformer", "Pooling", "Normalize"}:
            raise ConfigError(f"{folder}: the model has a part that is not supported: {', '.join(sorted(unknown))}")
        pooling = _json(kinds.get("Pooling", folder / "1_Pooling") / "config.json", {"pooling_mode_mean_tokens": True})
        longest = _json(folder / "sentence_bert_config.json", {}).get("max_seq_length") or 512
        prompts = _json(folder / "config_sentence_transformers.json", {}).get("prompts") or {}
        return cls(_pooling(folder, pooling), not modules or "Normalize" in kinds, int(longest), prompts)

    def prefix(self, kind: Literal["query", "passage"]) -> str:
        """Return what is put before a text of this kind."""
        other = "document" if kind == "passage" else kind
        return self.prompts.get(kind) or self.prompts.get(other) or ""


class OnnxEmbedder:
    """Satisfies `Embedder`. Not for two threads at once; its own threads are few, since others work here too."""

    def __init__(self, folder: Path, threads: int | None = None, seen: Path | None = None) -> None:
        """Open a folder; the weights are read at first use. `seen` is a file that remembers hashes by size and time."""
        self.folder = folder
        self._digests = Digests(seen)
        self._file = next((folder / name for name in _NAMES if (folder / name).is_file()), None)
        self._threads = threads or min(4, os.cpu_count() or 1)
        if self._file is None:
            raise TierError(f"{folder}: there is no embedding model here")
        self.preprocessing = Preprocessing.read(folder)

    @cached_property
    def stamp(self) -> str:
        """Return a hash of the weights and of everything that decides what is fed to them."""
        assert self._file is not None, "checked when it was opened"
        parts = [
            self._digests.of(self._file),
            self._digests.of(self.folder / "tokenizer.json"),
            repr(self.preprocessing),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def dimension(self) -> int:
        return int(_json(self.folder / "config.json", {}).get("hidden_size") or self.embed(["x"], "query").shape[1])

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> FloatArray:
        """Return one float32 row per text; texts of like length share a batch. Raises `TierError`."""
        import numpy

        prefix = self.preprocessing.prefix(kind)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        rows = numpy.empty((len(texts), self.dimension), dtype=numpy.float32)
        for places in _batches(order):
            rows[places] = self._embed([prefix + texts[place] for place in places])
        return rows

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        import numpy

        batch = self._tokenizer.encode_batch(list(texts))
        mask = numpy.array([text.attention_mask for text in batch], dtype=numpy.int64)
        inputs = {"input_ids": numpy.array([text.ids for text in batch], dtype=numpy.int64), "attention_mask": mask}
        inputs["token_type_ids"] = numpy.zeros_like(mask)
        session, wanted = self._session
        states = session.run(None, {name: value for name, value in inputs.items() if name in wanted})[0]
        rows = _pooled(states, mask, self.preprocessing.pooling)
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True) if self.preprocessing.normalize else rows

    @cached_property
    def _tokenizer(self) -> Any:
        with needs("tokenizers"):
            from tokenizers import Tokenizer
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        file = self.folder / "tokenizer.json"
        self._verify(file)
        if not _json(file, None):
            raise TierError(f"{file}: there is no tokenizer here")
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.enable_truncation(self.preprocessing.longest)
        padding = tokenizer.padding or {}
        tokenizer.enable_padding(pad_id=padding.get("pad_id", 0), pad_token=padding.get("pad_token", "[PAD]"))
        return tokenizer

    @cached_property
    def _session(self) -> tuple[Any, set[str]]:
        with needs("onnxruntime"):
            import onnxruntime
        assert self._file is not None, "checked when it was opened"
        self._verify(self._file)
        weights = self._file.read_bytes()
        if _EXTERNAL in weights:
            raise TierError(f"{self._file}: models that keep their weights in a second file are not supported")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Without VNNI, x86-64 adds pairs of products in 16 bits, which signed 8-bit weights overflow.
        options.add_session_config_entry("session.x64quantprecision", "1")
        try:
            session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
        except _refusals() as error:
            raise TierError(f"{self._file}: this is not a model that onnxruntime can run") from error
        return session, {put.name for put in session.get_inputs()}

    def _verify(self, file: Path) -> None:
        promised = _json(self.folder / "origin.json", {}).get("sha256", {}).get(file.name)
        if promised and promised != self._digests.of(file):
            raise TierError(f"{file}: the file is damaged (its sha256 is not the recorded one)")


class Digests:
    """The sha256 of files, remembered as long as their size and time of change stay the same."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, list[str]] = _json(path, {}) if path else {}

    def of(self, file: Path) -> str:
        """Return the sha256 of a file. Raises `TierError`."""
        try:
            status = file.stat()
            mark = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
            known = self._known.get(str(file))
            if known and known[0] == mark:
                return known[1]
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise TierError(f"{file}: {error.strerror}") from error
        self._known[str(file)] = [mark, digest]
        self._remember()
        return digest

    def _remember(self) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            fresh = self._path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(self._known), encoding="utf-8")
            fresh.replace(self._path)


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


def _batches(order: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(order), _BATCH):
        yield list(order[start : start + _BATCH])


def _pooled(states: NDArray[numpy.float32], mask: NDArray[numpy.int64], pooling: Pooling) -> FloatArray:
    import numpy

    if pooling == "cls":
        return numpy.asarray(states[:, 0], dtype=numpy.float32)
    if pooling == "max":
        return numpy.asarray(numpy.where(mask[..., None] > 0, states, -numpy.inf).max(axis=1), dtype=numpy.float32)
    weights = mask[..., None].astype(numpy.float32)
    return numpy.asarray((states * weights).sum(axis=1) / weights.sum(axis=1), dtype=numpy.float32)


def _pooling(folder: Path, settings: Mapping[str, Any]) -> Pooling:
    modes: tuple[tuple[str, Pooling], ...] = (
        ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_cls_token", "cls"),
        ("pooling_mode_max_tokens", "max"),
    )
    chosen = [pooling for key, pooling in modes if settings.get(key)]
    if len(chosen) != 1:
        raise ConfigError(f"{folder}: this way of pooling is not supported")
    return chosen[0]


def _json(path: Path, otherwise: Any) -> Any:
    """Read a JSON file, or return `otherwise` where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return otherwise
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: this file cannot be read as JSON") from error
