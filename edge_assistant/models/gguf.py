"""What a GGUF file says of itself: its header, read with bounds on time and memory, and without its weights.

Source: the GGUF specification, versions 2 and 3 (ggml, docs/gguf.md). Nothing in a file is believed before it
was compared with a bound; reading the header of a vocabulary of 152,000 words takes .1 s and 2 MB.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.errors import ConfigError
from edge_assistant.models.gguf_reader import LARGEST, Flaw, Reader
from edge_assistant.models.gguf_types import ARRAY, MIXTURES, SCALARS, STRING, TENSORS
from edge_assistant.models.stored import unusable

_Value: TypeAlias = "str | int | float | bool | tuple[int, ...]"

_TEXT: Final = 1 << 20
"""Bytes of the longest text that is kept, a chat template for example."""
_KEYS: Final = 4096
_KEY: Final = 1 << 16
"""Bytes of a key, as the specification has it."""
_TENSORS: Final = 1 << 16
_NAME: Final = 64
"""Bytes of a tensor's name, as in ggml."""
_DIMENSIONS: Final = 4
_KEPT_NUMBERS: Final = 1024
"""Numbers of an array that are kept: enough for one a block."""
_NUMBERS: Final = (0, 1, 2, 3, 4, 5, 10, 11)
_HUGE: Final = 1 << 48


@dataclass(frozen=True, slots=True)
class Tensor:
    """One array of weights; `offset` counts from where the weights begin."""

    name: str
    shape: tuple[int, ...]
    type: str
    bytes: int
    offset: int


@dataclass(frozen=True, slots=True)
class Header:
    """Everything that a file says of itself before its weights begin."""

    version: int
    architecture: str
    name: str
    quantization: str
    """``Q4_K_M`` for example: what the file says, else the type of most of its bytes."""
    blocks: int
    embedding: int
    """Numbers that stand for one token between two blocks."""
    heads: int
    kv_heads: tuple[int, ...]
    """Heads that are kept in the cache, one number a block; 0 where a block keeps none."""
    key_length: int
    """Numbers of one head's key."""
    value_length: int
    feed_forward: int
    context: int
    """Tokens that it was trained to see at once; 0 where the file does not say."""
    vocabulary: int
    template: str
    """The chat template, or nothing."""
    template_sha256: str
    """Hexadecimal digits, or nothing where there is no template."""
    splits: int
    """How many files it was cut into, this one included."""
    tensors: tuple[Tensor, ...]
    data_offset: int
    """Where the weights begin."""

    @property
    def weights(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.bytes for tensor in self.tensors)

    @property
    def size(self) -> int:
        """Bytes that the file has at least."""
        return self.data_offset + max((tensor.offset + tensor.bytes for tensor in self.tensors), default=0)


def read_header(path: Path) -> Header:
    """Return what a GGUF file says of itself; a later part of a split file has no blocks, only weights.

    Raises `ConfigError`, in one sentence, for every flaw in it.
    """
    flaw = unusable(path)
    if flaw is not None:
        raise ConfigError(f"{path.name} {flaw}")
    try:
        with path.open("rb") as file:
            header = _header(Reader(file))
        size = path.stat().st_size
    except Flaw as found:
        raise ConfigError(f"{path.name} {found}") from found
    except OSError as error:
        raise ConfigError(f"{path.name} {(error.strerror or type(error).__name__).lower()}") from error
    if size < header.size:
        raise ConfigError(f"{path.name} is cut: it has {size:,} bytes, and its header tells of {header.size:,}")
    return header


def _header(reader: Reader) -> Header:
    reader.take(4)
    version = reader.u32()
    if version not in (2, 3):
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in (2, 3)
        raise Flaw("was written for big-endian machines" if swapped else f"has version {version:,} of GGUF, not 2 or 3")
    count, keys = reader.u64(), reader.u64()
    if count > _TENSORS or keys > _KEYS:
        raise Flaw(f"has a damaged header: {count:,} tensors and {keys:,} keys")
    said, lengths = _metadata(reader, keys)
    tensors = _tensors(reader, count)
    alignment = _number(said, "general.alignment", 32, most=1 << 16)
    if alignment & (alignment - 1) or alignment < 8:
        raise Flaw(f"has a damaged header: an alignment of {alignment} bytes")
    _placed(tensors, alignment)
    return _described(version, said, lengths, tensors, -(-reader.position // alignment) * alignment)


def _metadata(reader: Reader, count: int) -> tuple[dict[str, _Value], dict[str, int]]:
    """Return the values that are kept (scalars, texts, short arrays of whole numbers) and the length of every array."""
    said: dict[str, _Value] = {}
    lengths: dict[str, int] = {}
    for _ in range(count):
        key, kind = reader.text(_KEY, "a key"), reader.u32()
        if key in said or key in lengths:
            raise Flaw(f"has a damaged header: {key[:_NAME]!r} stands there twice")
        if kind == ARRAY:
            lengths[key] = _array(reader, key, said)
        else:
            said[key] = _value(reader, kind, key)
    return said, lengths


def _value(reader: Reader, kind: int, key: str) -> str | int | float | bool:
    if kind == STRING:
        return reader.text(_TEXT, f"{key[:_NAME]!r} is a text")
    scalar = SCALARS.get(kind)
    if scalar is None:
        raise Flaw(f"has a damaged header: {key[:_NAME]!r} is of the unknown type {kind:,}")
    value: int | float | bool = scalar.unpack(reader.take(scalar.size))[0]
    return value


def _array(reader: Reader, key: str, said: dict[str, _Value]) -> int:
    """Pass over an array, or keep it where it is short and of whole numbers; return its length."""
    kind, count = reader.u32(), reader.u64()
    scalar = SCALARS.get(kind)
    if kind != STRING and scalar is None:
        raise Flaw(f"has a damaged header: {key[:_NAME]!r} is an array of the type {kind:,}")
    if count * (8 if scalar is None else scalar.size) > LARGEST:
        raise Flaw(f"has a damaged header: {key[:_NAME]!r} has {count:,} entries")
    if scalar is None:
        reader.skip_texts(count)
    elif kind in _NUMBERS and count <= _KEPT_NUMBERS:
        said[key] = tuple(int(scalar.unpack(reader.take(scalar.size))[0]) for _ in range(count))
    else:
        reader.skip(count * scalar.size)
    return count


def _tensors(reader: Reader, count: int) -> tuple[Tensor, ...]:
    tensors = tuple(_tensor(reader) for _ in range(count))
    twice = [name for name, times in Counter(tensor.name for tensor in tensors).items() if times > 1]
    if twice:
        raise Flaw(f"has a damaged header: {twice[0]!r} stands there twice")
    return tensors


def _tensor(reader: Reader) -> Tensor:
    name, dimensions = reader.text(_NAME, "the name of a tensor"), reader.u32()
    if not 1 <= dimensions <= _DIMENSIONS:
        raise Flaw(f"has a damaged header: {name!r} has {dimensions:,} dimensions")
    shape = tuple(reader.u64() for _ in range(dimensions))
    kind, offset = TENSORS.get(number := reader.u32()), reader.u64()
    if kind is None:
        raise Flaw(f"cannot be used: {name!r} is of the unknown type {number:,}")
    weights = math.prod(shape)
    if not 0 < weights < _HUGE or offset > _HUGE or shape[0] % kind.weights:
        raise Flaw(f"has a damaged header: {name!r} of {' x '.join(f'{side:,}' for side in shape)} at {offset:,}")
    return Tensor(name, shape, kind.name, weights // kind.weights * kind.size, offset)


def _placed(tensors: tuple[Tensor, ...], alignment: int) -> None:
    """Raise `Flaw` where a tensor does not begin where one may, or lies over another."""
    free = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.offset):
        if tensor.offset % alignment or tensor.offset < free:
            raise Flaw(f"has a damaged header: {tensor.name!r} cannot begin at {tensor.offset:,}")
        free = tensor.offset + tensor.bytes


def _described(
    version: int,
    said: Mapping[str, _Value],
    lengths: Mapping[str, int],
    tensors: tuple[Tensor, ...],
    data_offset: int,
) -> Header:
    architecture = _text(said, "general.architecture")
    later = _number(said, "split.no", 0, 1 << 16) > 0  # only the first part of a split file describes the model
    if not architecture and not later:
        raise Flaw("does not say which architecture it has")

    def number(key: str, default: int = 0, most: int = 1 << 24) -> int:
        return _number(said, f"{architecture}.{key}", default, most)

    blocks, embedding, heads = number("block_count", most=1024), number("embedding_length"), _heads(said, architecture)
    if not later and not (blocks and embedding):
        raise Flaw("does not describe a language model")
    head = embedding // heads if heads else 0
    template = _text(said, "tokenizer.chat_template")
    return Header(
        version=version,
        architecture=architecture,
        name=_text(said, "general.name"),
        quantization=_quantization(said, tensors),
        blocks=blocks,
        embedding=embedding,
        heads=heads,
        kv_heads=_kv_heads(said, architecture, blocks, heads),
        key_length=number("attention.key_length", head),
        value_length=number("attention.value_length", head),
        feed_forward=max(_numbers(said, f"{architecture}.feed_forward_length"), default=0),
        context=number("context_length", most=1 << 31),
        vocabulary=lengths.get("tokenizer.ggml.tokens") or number("vocab_size"),
        template=template,
        template_sha256=hashlib.sha256(template.encode()).hexdigest() if template else "",
        splits=max(1, _number(said, "split.count", 1, 1 << 16)),
        tensors=tensors,
        data_offset=data_offset,
    )


def _heads(said: Mapping[str, _Value], architecture: str) -> int:
    return max(_numbers(said, f"{architecture}.attention.head_count"), default=0)


def _kv_heads(said: Mapping[str, _Value], architecture: str, blocks: int, heads: int) -> tuple[int, ...]:
    counts = _numbers(said, f"{architecture}.attention.head_count_kv") or (heads,)
    return counts if len(counts) == blocks else (counts[0],) * blocks


def _quantization(said: Mapping[str, _Value], tensors: tuple[Tensor, ...]) -> str:
    kind = _number(said, "general.file_type", -1)
    if 0 <= kind < len(MIXTURES) and MIXTURES[kind]:
        return MIXTURES[kind]
    sizes: Counter[str] = Counter()
    for tensor in tensors:
        sizes[tensor.type] += tensor.bytes
    return sizes.most_common(1)[0][0] if sizes else ""


def _text(said: Mapping[str, _Value], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise Flaw(f"has a damaged header: {key!r} is no text")
    return value


def _numbers(said: Mapping[str, _Value], key: str, most: int = 1 << 24) -> tuple[int, ...]:
    """Return a number, or one for each block; nothing where the file does not say."""
    value = said.get(key)
    if isinstance(value, tuple):
        if any(not 0 <= number <= most for number in value):
            raise Flaw(f"has a damaged header: {key!r} is out of bounds")
        return value
    return (_number(said, key, most=most),) if key in said else ()


def _number(said: Mapping[str, _Value], key: str, default: int = 0, most: int = 1 << 24) -> int:
    value = said.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Flaw(f"has a damaged header: {key!r} is no whole number")
    if value != default and not 0 <= value <= most:
        raise Flaw(f"has a damaged header: {key!r} is {value:,}")
    return value
