"""Packed 4-bit weights become an ONNX file that computes what they say, checked against numpy."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy
import pytest
from numpy.typing import NDArray

from edge_assistant.adapters.embedders import open_embedder
from edge_assistant.adapters.packed_e5 import unpack
from edge_assistant.errors import DownloadError

WIDTH, LAYERS, HEADS, INNER, LONGEST = 64, 2, 2, 96, 16
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "query", "passage", ":", "a", "b", "привет", "路", "▁a", "ж", ",")
Matrix = NDArray[numpy.float32]
Tensors = dict[str, tuple[int, bytes, Matrix]]


def four_bits(random: numpy.random.Generator, rows: int, columns: int) -> tuple[int, bytes, Matrix]:
    """Return a packed matrix, and what it stands for."""
    values = random.integers(0, 16, (rows, columns // 32, 32), dtype=numpy.uint8)
    scales = (random.random((rows, columns // 32, 1)) / 20).astype(numpy.float16)
    packed = numpy.concatenate([scales.view(numpy.uint8), values[..., :16] | values[..., 16:] << 4], axis=-1)
    meant = (values.astype(numpy.float32) - 8) * scales.astype(numpy.float32)
    return 1, packed.tobytes(), meant.reshape(rows, columns)


def plain(random: numpy.random.Generator, *sizes: int) -> tuple[int, bytes, Matrix]:
    values = numpy.asarray(random.normal(size=sizes) / 20, dtype=numpy.float32)
    return 0, values.tobytes(), values


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    random = numpy.random.default_rng(1)
    one = numpy.ones(WIDTH, dtype=numpy.float32)
    made = {"emb.word": four_bits(random, len(PIECES), WIDTH), "emb.pos": plain(random, LONGEST, WIDTH)}
    made |= {name: plain(random, WIDTH) for name in ("emb.type", "emb.ln.b")}
    made["emb.ln.w"] = 0, one.tobytes(), one
    for layer in range(LAYERS):
        for part, rows, columns in (
            *((name, WIDTH, WIDTH) for name in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            made[f"l{layer}.{part}.w"] = four_bits(random, rows, columns)
            made[f"l{layer}.{part}.b"] = plain(random, rows)
        for part in ("aln", "oln"):
            made[f"l{layer}.{part}.w"], made[f"l{layer}.{part}.b"] = (0, one.tobytes(), one), plain(random, WIDTH)
    return made


def packed(tensors: Tensors) -> bytes:
    """Write the file as the package holds it."""
    text, starts = b"", [0]
    for piece in PIECES:
        text += piece.encode()
        starts.append(len(text))
    head = b"E5S1" + struct.pack("<i7ifi", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), LONGEST, 1, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)) + struct.pack(f"<{len(starts)}I", *starts)
    head += struct.pack(f"<{len(PIECES)}f", *(-float(place) for place in range(len(PIECES)))) + text
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 9, 1, 32)
    names = sum(2 + len(name) + 21 for name in tensors)
    start, directory, body = len(head) + 4 + names, b"", b""
    for name, (kind, content, meant) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, meant.size, start + len(body), len(content))
        body += content
    return head + struct.pack("<i", len(tensors)) + directory + body


def expected(tensors: Tensors, ids: list[int]) -> Matrix:
    """Compute in numpy what the encoder makes of these words."""
    meant: dict[str, Matrix] = {name: values for name, (_, _, values) in tensors.items()}

    def normal(states: Matrix, name: str) -> Matrix:
        centred = states - states.mean(-1, keepdims=True)
        spread = numpy.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return numpy.asarray(centred / spread * meant[f"{name}.w"] + meant[f"{name}.b"], dtype=numpy.float32)

    def times(states: Matrix, name: str) -> Matrix:
        return numpy.asarray(states @ meant[f"{name}.w"].T + meant[f"{name}.b"], dtype=numpy.float32)

    def heads(states: Matrix) -> Matrix:
        return numpy.asarray(states.reshape(len(ids), HEADS, -1).transpose(1, 0, 2))

    states = normal(meant["emb.word"][ids] + meant["emb.pos"][: len(ids)] + meant["emb.type"], "emb.ln")
    for layer in range(LAYERS):
        asked, key, value = (heads(times(states, f"l{layer}.{part}")) for part in "qkv")
        scores = numpy.exp(asked @ key.transpose(0, 2, 1) / math.sqrt(WIDTH / HEADS))
        attended = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(ids), WIDTH)
        states = normal(states + times(attended, f"l{layer}.ao"), f"l{layer}.aln")
        inner = times(states, f"l{layer}.fi")
        active = inner * (1 + numpy.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        states = normal(states + times(active.astype(numpy.float32), f"l{layer}.fo"), f"l{layer}.oln")
    mean = states.mean(axis=0)
    return numpy.asarray(mean / numpy.linalg.norm(mean), dtype=numpy.float32)


def cosine(one: Any, other: Any) -> float:
    return float(one @ other)


def test_the_encoder_computes_what_the_packed_weights_say(tensors: Tensors, tmp_path: Path) -> None:
    unpack(packed(tensors), tmp_path)

    rows = open_embedder(tmp_path).embed(["a路", "b"], "query")

    assert cosine(rows[0], expected(tensors, [0, 4, 5, 7, 12, 11, 2])) > 0.999
    assert cosine(rows[1], expected(tensors, [0, 4, 5, 7, 4, 9, 2])) > 0.999
    assert cosine(rows[0], rows[1]) < 0.95


def test_pieces_of_other_writing_are_left_out_and_their_letters_kept(tensors: Tensors, tmp_path: Path) -> None:
    unpack(packed(tensors), tmp_path)

    vocabulary = open_embedder(tmp_path)._tokenizer.get_vocab()  # type: ignore[attr-defined]

    assert set(PIECES) - vocabulary.keys() == {"привет"}
    assert vocabulary["路"] == PIECES.index("路") - 1


@pytest.mark.parametrize("size", [0, 3, 60, 200, 400, 3000])
def test_a_file_that_is_cut_or_of_another_kind_is_refused(tensors: Tensors, tmp_path: Path, size: int) -> None:
    with pytest.raises(DownloadError, match="not a file of packed weights"):
        unpack(packed(tensors)[:size], tmp_path)
    with pytest.raises(DownloadError, match="not a file of packed weights"):
        unpack(b"GGUF" + bytes(size), tmp_path)
