"""GGUF files of a few bytes, whole as far as their headers tell."""

from __future__ import annotations

import struct

_TEXT, _U32, _U16 = 8, 4, 2


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


def later_part(weights: bytes, number: int = 1, count: int = 2) -> bytes:
    """Return a later part of a split file, which has weights and says nothing of the model."""
    weights += bytes(-len(weights) % 32)
    facts = [_string(key) + struct.pack("<IH", _U16, value) for key, value in _split(number, count).items()]
    tensor = _string("blk.0.ffn_up.weight") + struct.pack("<IQIQ", 1, len(weights), 24, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(facts)) + b"".join((*facts, tensor))
    return head + bytes(-len(head) % 32) + weights


def _split(number: int, count: int) -> dict[str, int]:
    return {"split.no": number, "split.count": count}


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def _text(key: str, value: str) -> bytes:
    return _string(key) + struct.pack("<I", _TEXT) + _string(value)


def _number(key: str, value: int) -> bytes:
    return _string(key) + struct.pack("<II", _U32, value)
