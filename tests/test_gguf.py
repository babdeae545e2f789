"""What GGUF files say of themselves, and how little a damaged or hostile one can do."""

from __future__ import annotations

import ctypes
import random
import struct
from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge_assistant.errors import ConfigError
from edge_assistant.models.gguf import Header, read_header
from edge_assistant.models.gguf_reader import LARGEST
from edge_assistant.models.gguf_types import TENSORS
from tests.gguf_files import TINY, header, text, value, write


def given(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    return path


def test_a_header_is_read_whole(tmp_path: Path) -> None:
    read = read_header(write(tmp_path / "tiny.gguf"))

    assert (read.architecture, read.name, read.quantization, read.version) == ("llama", "Tiny", "Q4_0", 3)
    assert (read.blocks, read.embedding, read.heads, read.kv_heads) == (2, 64, 4, (2, 2))
    assert (read.key_length, read.value_length, read.feed_forward) == (16, 16, 128)
    assert (read.context, read.vocabulary, read.splits) == (2048, 3, 1)
    assert (read.template, read.template_sha256) == ("{{ messages }}", sha256(b"{{ messages }}").hexdigest())
    assert [(tensor.name, tensor.shape, tensor.type, tensor.bytes, tensor.offset) for tensor in read.tensors] == [
        ("token_embd.weight", (64, 3), "Q4_0", 108, 0),
        ("blk.0.attn_q.weight", (64, 64), "F32", 16384, 128),
    ]
    assert read.weights == 16492
    assert read.size == read.data_offset + 128 + 16384 == (tmp_path / "tiny.gguf").stat().st_size


def test_blocks_may_differ_in_how_many_heads_they_keep(tmp_path: Path) -> None:
    said = {**TINY, "llama.attention.head_count_kv": (2, 0), "llama.attention.key_length": 32}

    read = read_header(write(tmp_path / "tiny.gguf", said))

    assert (read.kv_heads, read.key_length, read.value_length) == ((2, 0), 32, 16)


def test_a_mixture_without_a_name_is_called_after_most_of_its_bytes(tmp_path: Path) -> None:
    said = {key: entry for key, entry in TINY.items() if key != "general.file_type"}

    assert read_header(write(tmp_path / "tiny.gguf", said)).quantization == "F32"


def _without(key: str) -> bytes:
    return header({name: entry for name, entry in TINY.items() if name != key})


_START = b"GGUF" + struct.pack("<I", 3)
_TWICE = text("a") + value(1)
_NESTED = text("a") + struct.pack("<IIQ", 9, 9, 1)
FLAWS: dict[str, tuple[bytes, str]] = {
    "a web page": (b"<!DOCTYPE html><html>", "is a web page, not a model"),
    "nothing": (b"", "is not a GGUF file"),
    "an old version": (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "has version 1 of GGUF, not 2 or 3"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "was written for big-endian machines"),
    "cut": (header()[:200], "ends within its header"),
    "without weights": (header(), "is cut: it has 640 bytes, and its header tells of 17,152"),
    "too many tensors": (_START + struct.pack("<QQ", 1 << 60, 1), "1,152,921,504,606,846,976 tensors and 1 keys"),
    "too many keys": (_START + struct.pack("<QQ", 1, 1 << 60), "1 tensors and 1,152,921,504,606,846,976 keys"),
    "a long key": (_START + struct.pack("<QQQ", 0, 1, 1 << 40), "a key of 1,099,511,627,776 bytes"),
    "a key twice": (_START + struct.pack("<QQ", 0, 2) + _TWICE * 2, "'a' stands there twice"),
    "an unknown type": (_START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<I", 77), "unknown type 77"),
    "arrays in arrays": (_START + struct.pack("<QQ", 0, 1) + _NESTED, "'a' is an array of the type 9"),
    "a long array": (
        _START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 8, 1 << 40),
        "'a' has 1,099,511,627,776 entries",
    ),
    "a long text": (
        _START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IQ", 8, 1 << 62),
        "'a' is a text of 4,611,686,018,427,387,904 bytes",
    ),
    "no architecture": (_without("general.architecture"), "does not say which architecture it has"),
    "no blocks": (_without("llama.block_count"), "does not describe a language model"),
    "too many blocks": (header({**TINY, "llama.block_count": 4_000_000_000}), "'llama.block_count' is 4,000,000,000"),
    "blocks in words": (header({**TINY, "llama.block_count": "two"}), "'llama.block_count' is no whole number"),
    "a number for a name": (header({**TINY, "general.name": 5}), "'general.name' is no text"),
    "an odd alignment": (header({**TINY, "general.alignment": 24}), "an alignment of 24 bytes"),
    "an unknown weight": (header(tensors=[("x", (64,), 99, 64)]), "'x' is of the unknown type 99"),
    "no dimensions": (header(tensors=[("x", (), 0, 64)]), "'x' has 0 dimensions"),
    "a broken row": (header(tensors=[("x", (33,), 2, 64)]), "'x' of 33 at 0"),
    "an endless weight": (header(tensors=[("x", (1 << 40, 1 << 40), 0, 64)]), "'x' of 1,099,511,627,776 x"),
    "a weight twice": (header(tensors=[("x", (8,), 0, 32)] * 2), "'x' stands there twice"),
    "a weight over another": (header(tensors=[("x", (64,), 0, 32), ("y", (8,), 0, 32)]), "'y' cannot begin at 32"),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_is_said_in_one_sentence(tmp_path: Path, flaw: str) -> None:
    content, told = FLAWS[flaw]

    with pytest.raises(ConfigError) as error:
        read_header(given(tmp_path, content))

    assert str(error.value).startswith("model.gguf ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_header_that_never_ends_is_left_after_a_bound(tmp_path: Path) -> None:
    path = given(tmp_path, _START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 0, LARGEST))
    with path.open("r+b") as file:
        file.truncate(1 << 40)

    with pytest.raises(ConfigError, match="it does not end within 64 MB"):
        read_header(path)


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_no_damage_makes_anything_but_a_header_or_one_sentence(tmp_path: Path, damage: str) -> None:
    whole, chance = header() + b"\0" * 16512, random.Random(5)
    cuts: dict[str, Callable[[int], bytes]] = {
        "cut": lambda place: whole[:place],
        "changed": lambda place: whole[:place] + chance.randbytes(chance.choice((1, 4, 8))) + whole[place + 8 :],
    }

    for place in range(len(header())):
        try:
            read: Header | ConfigError = read_header(given(tmp_path, cuts[damage](place)))
        except ConfigError as error:
            read = error
        assert isinstance(read, Header) or "\n" not in str(read)


def test_the_types_of_weights_are_as_long_as_ggml_says() -> None:
    library = find_spec("llama_cpp")
    assert library is not None
    assert library.origin is not None
    ggml = ctypes.CDLL(str(Path(library.origin).parent / "lib" / "libggml-base.so"))
    ggml.ggml_type_size.restype = ctypes.c_size_t
    ggml.ggml_blck_size.restype = ctypes.c_int64

    for number, kind in TENSORS.items():
        assert (kind.weights, kind.size) == (ggml.ggml_blck_size(number), ggml.ggml_type_size(number)), kind.name


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("smollm2-135m", ("llama", 30, 576, 9, 3, 8192, 49152, "Q4_1")),
        ("qwen2.5-coder-0.5b", ("qwen2", 24, 896, 14, 2, 32768, 151936, "Q4_K_M")),
    ],
)
def test_real_files_are_read_to_their_last_byte(
    weights: Callable[[str], Path], name: str, about: tuple[object, ...]
) -> None:
    path = weights(name)

    read = read_header(path)

    assert about == (
        *(read.architecture, read.blocks, read.embedding, read.heads, read.kv_heads[0]),
        *(read.context, read.vocabulary, read.quantization),
    )
    assert read.size == path.stat().st_size
    assert read.template
