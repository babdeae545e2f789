"""GGUF files of a few bytes, whole as far as their headers tell."""

from __future__ import annotations

import struct

_TEXT, _U32 = 8, 4


def tiny_gguf(weights: bytes = b"", *, name: str = "tiny") -> bytes:
    """Return a file with one row of 8-bit weights, padded to whole numbers of them."""
    weights += bytes(-len(weights) % 32)
    facts = [
        _text("general.architecture", "llama"),
        _text("general.name", name),
        _number("llama.block_count", 1),
        _number("llama.context_length", 512),
        _number("llama.embedding_length", 32),
        _number("llama.attention.head_count", 1),
    ]
    tensors = [_string("output.weight") + struct.pack("<IQIQ", 1, len(weights), 24, 0)]  # 24: whole numbers of 8 bits
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join((*facts, *tensors))
    return head + bytes(-len(head) % 32) + weights


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _text(key: str, value: str) -> bytes:
    return _string(key) + struct.pack("<I", _TEXT) + _string(value)


def _number(key: str, value: int) -> bytes:
    return _string(key) + struct.pack("<II", _U32, value)
