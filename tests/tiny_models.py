"""Embedding models of a few words, real enough for onnxruntime and tokenizers."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from edge_assistant.adapters.onnx_writer import Graph

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "query", ":")
SIZES = {"input_ids": ("texts", "tokens"), "attention_mask": ("texts", "tokens")}


def tokenizer(folder: Path, words: Sequence[str] = WORDS) -> None:
    """Write a tokenizer that knows these words and puts a mark before and after a text."""
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.save(str(folder / "tokenizer.json"))


def vectors() -> NDArray[numpy.float32]:
    """Return one vector per word: no two alike."""
    return numpy.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(numpy.float32)


def onnx_folder(folder: Path, name: str = "model.onnx", **configuration: object) -> Path:
    """Write a folder whose model hands out the vector of each word; `configuration` goes into config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    states = graph.node("Gather", graph.constant("words", vectors()), "input_ids")
    file.write_bytes(graph.file(SIZES, states))
    (folder / "config.json").write_text(json.dumps({"hidden_size": 8, **configuration}))
    tokenizer(folder)
    return folder


def static_folder(folder: Path, **tensors: NDArray[Any]) -> Path:
    """Write a folder as model2vec does."""
    folder.mkdir(parents=True, exist_ok=True)
    header, content = {}, b""
    names = {"float32": "F32", "float16": "F16", "int8": "I8", "int64": "I64"}
    for name, values in ({"embeddings": vectors()} | tensors).items():
        start, content = len(content), content + values.tobytes()
        header[name] = {
            "dtype": names[values.dtype.name],
            "shape": list(values.shape),
            "data_offsets": [start, len(content)],
        }
    written = json.dumps({**header, "__metadata__": {"made": "here"}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(written)) + written + content)
    (folder / "config.json").write_text('{"model_type": "model2vec", "normalize": true}')
    tokenizer(folder)
    return folder


def unit(row: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    """Return a vector of the same direction and length one."""
    return numpy.asarray(row / numpy.linalg.norm(row), dtype=numpy.float32)
