"""A GGUF file of 90 kB that llama.cpp really runs: one block with weights at random, so that it babbles bytes."""

from __future__ import annotations

import random
import struct
from array import array

WIDTH = 32
_U32, _F32, _TEXT, _ARRAY = 4, 6, 8, 9
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6
_TOKENS = [
    ("<unk>", _UNKNOWN),
    ("<s>", _CONTROL),
    ("</s>", _CONTROL),
    ("<|im_start|>", _CONTROL),
    ("<|im_end|>", _CONTROL),
    *((f"<0x{byte:02X}>", _BYTE) for byte in range(256)),
    ("\u2581", _NORMAL),
]
_SHAPES = {
    "token_embd": (WIDTH, len(_TOKENS)),
    "output_norm": (WIDTH,),
    "blk.0.attn_norm": (WIDTH,),
    "blk.0.attn_q": (WIDTH, WIDTH),
    "blk.0.attn_k": (WIDTH, WIDTH),
    "blk.0.attn_v": (WIDTH, WIDTH),
    "blk.0.attn_output": (WIDTH, WIDTH),
    "blk.0.ffn_norm": (WIDTH,),
    "blk.0.ffn_gate": (WIDTH, 2 * WIDTH),
    "blk.0.ffn_up": (WIDTH, 2 * WIDTH),
    "blk.0.ffn_down": (2 * WIDTH, WIDTH),
}


def babbling_gguf(template: str | None = None) -> bytes:
    """Return a file whose vocabulary is that of ChatML over bytes; with this chat template, or with none."""
    facts = [
        _fact("general.architecture", _text("llama")),
        _fact("general.name", _text("Babbler")),
        _fact("llama.block_count", _number(1)),
        _fact("llama.context_length", _number(4096)),
        _fact("llama.embedding_length", _number(WIDTH)),
        _fact("llama.feed_forward_length", _number(2 * WIDTH)),
        _fact("llama.attention.head_count", _number(1)),
        _fact("llama.attention.layer_norm_rms_epsilon", struct.pack("<If", _F32, 1e-5)),
        _fact("tokenizer.ggml.model", _text("llama")),
        _fact("tokenizer.ggml.tokens", _array(_TEXT, [_string(name) for name, _ in _TOKENS])),
        _fact("tokenizer.ggml.scores", _array(_F32, [struct.pack("<f", -1.0)] * len(_TOKENS))),
        _fact("tokenizer.ggml.token_type", _array(5, [struct.pack("<i", kind) for _, kind in _TOKENS])),
        _fact("tokenizer.ggml.bos_token_id", _number(1)),
        _fact("tokenizer.ggml.eos_token_id", _number(4)),
        *([_fact("tokenizer.chat_template", _text(template))] if template is not None else []),
    ]
    tensors, weights = _tensors()
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join((*facts, *tensors))
    return head + bytes(-len(head) % 32) + weights


def _tensors() -> tuple[list[bytes], bytes]:
    chance, tensors, weights = random.Random(1), [], b""
    for name, shape in _SHAPES.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        numbers = (1.0 if "norm" in name else chance.uniform(-0.5, 0.5) for _ in range(count))
        lengths = struct.pack(f"<{len(shape)}Q", *shape)
        about = struct.pack("<I", len(shape)) + lengths + struct.pack("<IQ", 0, len(weights))
        tensors.append(_string(f"{name}.weight") + about)
        weights += array("f", numbers).tobytes()
        weights += bytes(-len(weights) % 32)
    return tensors, weights


def _string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _fact(key: str, value: bytes) -> bytes:
    return _string(key) + value


def _text(text: str) -> bytes:
    return struct.pack("<I", _TEXT) + _string(text)


def _number(number: int) -> bytes:
    return struct.pack("<II", _U32, number)


def _array(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IIQ", _ARRAY, kind, len(items)) + b"".join(items)
