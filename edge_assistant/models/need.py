"""How much memory a model will take before it is loaded, from its header and from how it will be loaded.

What llama.cpp keeps: the file, mapped; a second copy of the weights that this kind of processor reads faster when
they are packed otherwise; keys and values of the whole context; what it computes with while it reads a prompt.
The constants of this module were measured on the worker (x86-64, llama-cpp-python 0.3, models of 135M, 0.5B and
1.5B), and docs/models.md shows what they are worth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from edge_assistant.models.gguf import Header
from edge_assistant.models.loading import CacheType, Loading

WORKER: Final = 53_000_000
"""Bytes of the worker itself: its interpreter, NumPy, Jinja and llama.cpp."""
WORD: Final = 280
"""Bytes that a word of the vocabulary takes once it is loaded."""
GRAPHICS: Final = 450_000_000
"""Bytes that CUDA takes for itself; not measured by us."""
_CACHE_BYTES: Final[dict[CacheType, float]] = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
_BLOCK: Final = re.compile(r"blk\.(\d+)\.")
_PACKED: Final = {
    "avx2": frozenset({"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"}),
    "avx512f": frozenset({"Q2_K"}),
    "asimddp": frozenset({"Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0", "IQ4_NL", "MXFP4"}),
}
"""Types that are packed otherwise for a processor that can do this; from ggml-cpu/repack.cpp, the first measured."""


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes that a model takes while it answers with its context full."""

    weights: int
    packed: int
    """The second copy of some weights."""
    cache: int
    computing: int
    worker: int
    spare: int
    """For conversations that wait."""
    graphics: int = 0
    """On the graphics processor; everything else lies in the memory of the machine."""

    @property
    def memory(self) -> int:
        return self.weights + self.packed + self.cache + self.computing + self.worker + self.spare


def predict(header: Header, loading: Loading, packed: frozenset[str]) -> Need:
    """Return what a model takes when it is loaded this way by a processor for which `packed` types are packed."""
    first = _first_on_graphics(header, loading.gpu_layers)
    host = [tensor for tensor in header.tensors if _block(tensor.name, header.blocks) < first]
    cells = -(-min(loading.context, header.context or loading.context) // 256) * 256
    cache = [round(_cache_row(header, block, loading.cache_type) * cells) for block in range(header.blocks)]
    computing = _computing(header, loading, cells)
    on_graphics = first <= header.blocks
    away = header.weights - sum(tensor.bytes for tensor in host) + sum(cache[first:]) + computing + GRAPHICS
    tied = not any(tensor.name == "output.weight" for tensor in header.tensors)
    again = [
        tensor.bytes
        for tensor in host
        if tensor.type in packed and len(tensor.shape) > 1 and (tied or tensor.name != "token_embd.weight")
    ]
    return Need(
        weights=sum(tensor.bytes for tensor in host) + header.data_offset,
        packed=sum(again),
        cache=sum(cache[:first]),
        computing=computing,
        worker=WORKER + WORD * header.vocabulary,
        spare=loading.spare * 1_000_000,
        graphics=away if on_graphics else 0,
    )


def packed_types(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return which types of weights llama.cpp packs otherwise on this processor."""
    try:
        words = frozenset(cpuinfo.read_text().split())
    except OSError:
        return frozenset()
    return frozenset(kind for feature, kinds in _PACKED.items() if feature in words for kind in kinds)


def in_words(size: float) -> str:
    """Return a number of bytes for people: ``1.4 GB``, ``270 MB``."""
    return f"{size / 1e9:.1f} GB" if size >= 999.5e6 else f"{size / 1e6:.0f} MB"


def whole(headers: Sequence[Header]) -> Header:
    """Return one header for a model whose weights lie in several files, of which the first describes it."""
    tensors = tuple(tensor for header in headers for tensor in header.tensors)
    return replace(headers[0], tensors=tensors, data_offset=sum(header.data_offset for header in headers))


def _cache_row(header: Header, block: int, kind: CacheType) -> float:
    """Return the bytes of one token's keys and values in one block."""
    return header.kv_heads[block] * (header.key_length + header.value_length) * _CACHE_BYTES[kind]


def _computing(header: Header, loading: Loading, cells: int) -> int:
    """Return what the largest step takes: attention over a full context, or the feed-forward part."""
    rows = min(loading.batch, cells)
    # Without flash attention every head has a score for every token kept: 4 bytes, and 2 of a copy in 16 bits.
    scores = 0 if loading.flash_attention else 6 * header.heads * cells
    attention = scores + 2 * cells
    feed_forward = 4 * (2 * header.feed_forward + 8 * header.embedding)
    return rows * max(attention, feed_forward) + 4 * header.vocabulary


def _first_on_graphics(header: Header, layers: int) -> int:
    """Return the first block whose weights lie on the graphics processor; the output counts as the last one."""
    if layers < 0:
        return 0
    return max(0, header.blocks + 1 - layers)


def _block(name: str, blocks: int) -> int:
    """Return the block of a tensor: -1 for the embedding, which stays in memory, and the last for the output."""
    found = _BLOCK.match(name)
    if found is not None:
        return int(found[1])
    return -1 if name.startswith("token_embd") else blocks
