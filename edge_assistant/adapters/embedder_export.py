"""An embedding model of sentence-transformers made into ONNX files, each compared with PyTorch before it is kept.

The graphs are of the standard set of operators, with as many texts and tokens as come: TensorRT takes fp32 and fp16
as they are, given a range of both sizes. The 8-bit file is for processors; graphics processors hand it back.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.adapters import needs
from edge_assistant.adapters.embedder_folder import Preprocessing
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.config import shipped
from edge_assistant.errors import InputError, StorageError
from edge_assistant.models.stored import digest

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray

EXTRA: Final = "edge-assistant[export]"
LEAST: Final = {"fp32": 0.9999, "fp16": 0.999, "int8": 0.96}
"""The least mean cosine between a text's vector and PyTorch's. Measured on all-MiniLM-L6-v2: docs/models.md."""
KEPT: Final = 0.99
"""The share of the 32-bit model's R@1 that the others must keep."""
_OPERATORS: Final = 17
_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
_ROOM: Final = 3
"""How many times the weights the folders and what is between may take, for each kind."""
_LEFT_OUT: Final = (
    *("*.bin", "*.safetensors", "*.onnx", "*.pt", "*.h5", "*.msgpack", "*.ot", "*.gguf", "onnx", "openvino"),
    "origin.json",
)
"""Files of weights, which the ONNX file replaces, and what is written anew."""
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Made:
    """One exported folder, and how near it is to PyTorch."""

    path: Path
    kind: str
    size: int
    cosine: float
    right_first: float
    """R@1 on questions whose document is known."""

    @property
    def name(self) -> str:
        return self.path.name

    def __str__(self) -> str:
        told = f"mean cosine to PyTorch {self.cosine:.4f}, R@1 {self.right_first:.4f}"
        return f"{self.name}: {self.size / _MEGABYTE:,.0f} MB, {told}"


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts to compare on: what is stored, what is asked, and the place of the right text for every question."""

    stored: Sequence[str]
    asked: Sequence[str]
    right: Sequence[int]

    @classmethod
    def read(cls, kb: Path | None) -> Sample:
        """Read documents.jsonl and questions.jsonl, or without a folder the starter cards. Raises `InputError`."""
        if kb is None:
            cards = _rows(shipped("knowledge_base") / "en" / "cards.jsonl")
            return cls([card["answer"] for card in cards], [card["question"] for card in cards], range(len(cards)))
        documents = _rows(kb / "documents.jsonl")
        places = {row["id"]: place for place, row in enumerate(documents)}
        asked = [row for row in _rows(kb / "questions.jsonl") if row.get("doc_id") in places]
        if not asked:
            raise InputError(f"{kb}: no question names its document")
        texts = [f"{row.get('title', '')}\n{row['text']}".strip() for row in documents]
        return cls(texts, [row["question"] for row in asked], [places[row["doc_id"]] for row in asked])


def export(
    folder: Path,
    target: Path,
    name: str,
    kinds: Sequence[str],
    kb: Path | None,
    *,
    least: Mapping[str, float] = LEAST,
) -> Iterator[Made]:
    """Write one folder per kind below `target`, called after name and kind, and yield it when it has been proven.

    Raises `InputError` for a model that cannot be exported or keeps too little, `MissingExtra` and `StorageError`.
    """
    unknown = next((kind for kind in kinds if kind not in least), None)
    if unknown is not None:
        raise InputError(f"there is no kind {unknown!r} of embedders; there are {', '.join(least)}")
    Preprocessing.read(folder)
    sample = Sample.read(kb)
    _check_space(folder, target, len(kinds))
    with tempfile.TemporaryDirectory(dir=target, prefix=".export-") as scratch:
        plain = Path(scratch) / "fp32"
        reference = _traced(folder, plain, [*sample.stored, *sample.asked])
        first = _right_first(reference, sample)
        for kind in kinds:
            made = plain if kind == "fp32" else _smaller(plain, Path(scratch) / kind, kind)
            proven = _proven(made, kind, reference, sample)
            _check(proven, least[kind], KEPT * first)
            yield _placed(proven, target / f"{name}-{kind}", folder)


def _traced(folder: Path, target: Path, texts: Sequence[str]) -> FloatArray:
    """Write the 32-bit graph with everything that stands beside it, and return what PyTorch makes of texts."""
    with needs(EXTRA):
        import torch
        from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"})
    inner = next(model.children()).auto_model.eval()
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    known = [one for one in _INPUTS if one != "token_type_ids" or hasattr(inner.config, "type_vocab_size")]
    axes = {one: {0: "texts", 1: "tokens"} for one in (*known, "last_hidden_state")}
    example = tuple(torch.ones((2, 7), dtype=torch.int64) for _ in known)
    torch.onnx.export(
        _plain(inner, known),
        example,
        str(target / "model.onnx"),
        input_names=known,
        output_names=["last_hidden_state"],
        dynamic_axes=axes,
        opset_version=_OPERATORS,
        dynamo=False,
    )
    vectors = model.encode(list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return _unit(vectors)


def _plain(inner: Any, names: Sequence[str]) -> Any:
    """Return a transformer as a function of arrays that hands out the states of its tokens: what a graph can be."""
    import torch

    class Plain(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, *arrays: Any) -> Any:
            return self.inner(**dict(zip(names, arrays, strict=True))).last_hidden_state

    return Plain()


def _smaller(plain: Path, target: Path, kind: str) -> Path:
    """Write the same folder with weights of fewer bits. fp16 keeps its inputs and outputs as they were."""
    shutil.copytree(plain, target, ignore=shutil.ignore_patterns("*.onnx", "origin.json"))
    if kind == "fp16":
        with needs(EXTRA):
            import onnx
            from onnxruntime.transformers.float16 import convert_float_to_float16
        made = convert_float_to_float16(onnx.load(str(plain / "model.onnx")), keep_io_types=True)
        onnx.save(made, str(target / "model.onnx"))
        return target
    with needs(EXTRA):
        from onnxruntime.quantization import QuantType, quantize_dynamic
    quantize_dynamic(
        plain / "model.onnx",
        target / "model_int8.onnx",
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    return target


def _proven(folder: Path, kind: str, reference: FloatArray, sample: Sample) -> Made:
    """Return how near a folder, embedding as the device does, is to PyTorch."""
    import numpy

    embedder = OnnxEmbedder(folder)
    stored = embedder.embed(sample.stored, "passage")
    vectors = _unit(numpy.concatenate([stored, embedder.embed(sample.asked, "query")]))
    cosine = float((vectors * reference).sum(axis=1).mean())
    size = next(folder.glob("*.onnx")).stat().st_size
    return Made(folder, kind, size, cosine, _right_first(vectors, sample))


def _check(made: Made, cosine: float, right_first: float) -> None:
    """Raise `InputError` where too much was lost."""
    if made.cosine < cosine or made.right_first < right_first:
        near = f"mean cosine {made.cosine:.4f}, and at least {cosine} is wanted"
        found = f"R@1 {made.right_first:.4f}, and at least {right_first:.4f}"
        raise InputError(f"{made.kind} keeps too little of the model: {near}; {found}; nothing was written")


def _placed(made: Made, target: Path, source: Path) -> Made:
    """Give a proven folder its name, with its hashes and where it came from."""
    files = [file for file in made.path.rglob("*") if file.is_file()]
    hashes = {str(file.relative_to(made.path)): digest(file) for file in files if file.name != "origin.json"}
    before = _origin(source)
    told = {"repository": before.get("repository", source.resolve().name), **before, "made_by": "models export"}
    worth = {"kind": made.kind, "cosine": round(made.cosine, 5), "recall_at_1": round(made.right_first, 4)}
    text = json.dumps({**told, **worth, "sha256": hashes}, indent=2, ensure_ascii=False) + "\n"
    (made.path / "origin.json").write_text(text, encoding="utf-8")
    kept = made.path.with_name(f"{made.path.name}.kept")
    shutil.copytree(made.path, kept)
    if target.exists():
        target.rename(kept.with_name(f"{kept.name}.before"))
    os.replace(kept, target)
    return Made(target, made.kind, made.size, made.cosine, made.right_first)


def _right_first(vectors: FloatArray, sample: Sample) -> float:
    """Return the share of questions whose text is the nearest of all; `vectors` are those stored, then asked."""
    import numpy

    stored, asked = vectors[: len(sample.stored)], vectors[len(sample.stored) :]
    return float(numpy.mean(numpy.argmax(asked @ stored.T, axis=1) == numpy.array(sample.right)))


def _unit(rows: FloatArray) -> FloatArray:
    import numpy

    return numpy.asarray(rows / numpy.linalg.norm(rows, axis=1, keepdims=True), dtype=numpy.float32)


def _check_space(folder: Path, target: Path, kinds: int) -> None:
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        weights = sum(file.stat().st_size for file in folder.rglob("*") if file.suffix in (".safetensors", ".bin"))
        available = shutil.disk_usage(target).free
    except OSError as error:
        raise StorageError(f"{target}: {(error.strerror or type(error).__name__).lower()}") from error
    if available < (needed := weights * _ROOM * kinds):
        asked, there = f"{needed / _MEGABYTE:,.0f} MB", f"{available / _MEGABYTE:,.0f} MB"
        raise StorageError(f"{folder.name} needs up to {asked}, and {there} are free in {target}")


def _origin(folder: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads((folder / "origin.json").read_text(encoding="utf-8"))
        return kept
    except (OSError, ValueError):
        return {}


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: this is no file of questions or documents, one JSON object a line") from error
