"""GGUF files as small as they may be, for tests: a header of one's own, and zeros for weights."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | Sequence[str] | Sequence[int]"
TINY: Mapping[str, Value] = {
    "general.architecture": "llama",
    "general.name": "Tiny",
    "general.file_type": 2,
    "llama.block_count": 2,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "llama.feed_forward_length": 128,
    "llama.context_length": 2048,
    "tokenizer.ggml.tokens": ("a", "b", "吗"),
    "tokenizer.chat_template": "{{ messages }}",
}
WEIGHTS: Sequence[tuple[str, tuple[int, ...], int, int]] = (
    ("token_embd.weight", (64, 3), 2, 108),
    ("blk.0.attn_q.weight", (64, 64), 0, 16384),
)
"""Name, shape, number of the type, bytes."""


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def value(said: Value) -> bytes:
    """Return a value with its type, as GGUF writes it: whole numbers as u32, arrays by their first entry."""
    if isinstance(said, bool):
        return struct.pack("<I?", 7, said)
    if isinstance(said, int):
        return struct.pack("<II", 4, said)
    if isinstance(said, float):
        return struct.pack("<If", 6, said)
    if isinstance(said, str):
        return struct.pack("<I", 8) + text(said)
    if all(isinstance(entry, str) for entry in said):
        return struct.pack("<IIQ", 9, 8, len(said)) + b"".join(text(str(entry)) for entry in said)
    return struct.pack("<IIQ", 9, 4, len(said)) + b"".join(struct.pack("<I", int(entry)) for entry in said)


def header(
    said: Mapping[str, Value] = TINY,
    tensors: Sequence[tuple[str, tuple[int, ...], int, int]] = WEIGHTS,
    version: int = 3,
) -> bytes:
    """Return a header up to where the weights begin."""
    keys = b"".join(text(key) + value(entry) for key, entry in said.items())
    told, offset = b"", 0
    for name, shape, kind, size in tensors:
        told += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)
        offset += -(-size // 32) * 32
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(said)) + keys + told
    return head + b"\0" * (-len(head) % 32)


def write(
    path: Path,
    said: Mapping[str, Value] = TINY,
    tensors: Sequence[tuple[str, tuple[int, ...], int, int]] = WEIGHTS,
) -> Path:
    """Write a whole file; its weights are a hole in it, so that a model of gigabytes takes no space."""
    size = sum(-(-tensor[3] // 32) * 32 for tensor in tensors)
    with path.open("wb") as file:
        file.write(header(said, tensors))
        file.truncate(file.tell() + size)
    return path
