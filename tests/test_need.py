"""How much memory a model will take, before it is loaded: formulas on headers of our own, and real workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.models.board import Graphics
from edge_assistant.models.fit import fitting, shortage
from edge_assistant.models.gguf import Header, read_header
from edge_assistant.models.loading import Loading
from edge_assistant.models.need import in_words, packed_types, predict, whole
from edge_assistant.types import Limits, Message
from tests.gguf_files import TINY, write

PLAIN: frozenset[str] = frozenset()
BLOCK = 64 * 1_000_000
"""Bytes of each of two blocks; the embedding and the output have half of that."""


@pytest.fixture
def header(tmp_path: Path) -> Header:
    half = (64, BLOCK // 128)
    tensors = [
        ("token_embd.weight", half, 24, BLOCK // 2),
        *((f"blk.{number}.ffn_up.weight", (64, BLOCK // 64), 24, BLOCK) for number in range(2)),
        ("output.weight", half, 24, BLOCK // 2),
    ]
    return read_header(write(tmp_path / "model.gguf", TINY, tensors))


def test_everything_that_is_kept_is_counted(header: Header) -> None:
    need = predict(header, Loading(context=2048, batch=512), PLAIN)

    assert need.weights == 3 * BLOCK + header.data_offset
    assert need.cache == 2 * 2 * (16 + 16) * 2 * 2048  # blocks, heads, key and value, 16 bits, tokens
    assert need.computing == 512 * (6 * 4 + 2) * 2048 + 4 * 3
    assert (need.packed, need.graphics, need.spare) == (0, 0, 64_000_000)
    assert need.memory == need.weights + need.cache + need.computing + need.worker + need.spare


def test_a_shorter_batch_and_fewer_bits_take_less(header: Header) -> None:
    usual = predict(header, Loading(context=2048), PLAIN)
    flash = predict(header, Loading(context=2048, flash_attention=True, cache_type="q8_0"), PLAIN)

    assert predict(header, Loading(context=2048, batch=128), PLAIN).computing < usual.computing / 3.9
    assert flash.cache == usual.cache * 34 // 64
    assert flash.computing < usual.computing


def test_more_context_than_it_was_trained_for_is_not_kept(header: Header) -> None:
    assert predict(header, Loading(context=65536), PLAIN).cache == predict(header, Loading(context=2048), PLAIN).cache


def test_weights_that_are_packed_lie_there_twice_but_for_the_embedding(header: Header) -> None:
    assert predict(header, Loading(), frozenset({"I8"})).packed == 2 * BLOCK + BLOCK // 2


def test_an_embedding_that_is_the_output_too_is_packed_as_well(header: Header) -> None:
    tied = replace(header, tensors=header.tensors[:3])

    assert predict(tied, Loading(), frozenset({"I8"})).packed == 2 * BLOCK + BLOCK // 2


@pytest.mark.parametrize(
    ("layers", "weights", "blocks"), [(0, 3.0, 2), (1, 2.5, 2), (2, 1.5, 1), (3, 0.5, 0), (99, 0.5, 0), (-1, 0.5, 0)]
)
def test_layers_on_the_graphics_processor_leave_the_memory(
    header: Header, layers: int, weights: float, blocks: int
) -> None:
    need = predict(header, Loading(context=2048, gpu_layers=layers), PLAIN)

    assert need.weights == weights * BLOCK + header.data_offset
    assert need.cache == blocks * 2 * 32 * 2 * 2048
    assert (need.graphics > 0) == (layers != 0)


def test_a_model_in_several_files_is_one(header: Header) -> None:
    both = whole([header, replace(header, tensors=(replace(header.tensors[0], name="blk.1.more"),))])

    assert both.weights == 3.5 * BLOCK


@pytest.mark.parametrize(
    ("features", "types"),
    [
        ("flags : fpu sse2", set()),
        ("flags : fpu avx avx2", {"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"}),
        ("Features : fp asimd asimddp", {"Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0", "IQ4_NL", "MXFP4"}),
    ],
)
def test_what_is_packed_depends_on_the_processor(tmp_path: Path, features: str, types: set[str]) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name : x\n{features}\n")

    assert packed_types(tmp_path / "cpuinfo") == types
    assert packed_types(tmp_path / "nothing") == set()


@pytest.mark.parametrize(("size", "words"), [(1.44e9, "1.4 GB"), (999.6e6, "1.0 GB"), (999.4e6, "999 MB"), (0, "0 MB")])
def test_sizes_are_said_for_people(size: float, words: str) -> None:
    assert in_words(size) == words


def test_what_is_wanted_is_kept_where_it_fits(header: Header) -> None:
    wanted = Loading(context=2048)

    fit = fitting(header, wanted, 8e9, None, PLAIN)

    assert (fit.loading, fit.compromise) == (wanted, "")


def test_what_does_not_fit_is_made_smaller_step_by_step(header: Header) -> None:
    long = replace(header, context=32768, kv_heads=(64, 64))
    wanted = Loading(context=16384)
    ways = [fitting(long, wanted, free, None, PLAIN) for free in (1e9, 500e6, 350e6, 300e6, 1)]

    told = [(fit.loading.batch, fit.loading.cache_type, fit.loading.context, fit.compromise) for fit in ways]

    assert told == [
        (512, "f16", 16384, ""),
        (128, "f16", 16384, "it reads in small pieces"),
        (128, "q8_0", 16384, "its context is kept in 8 bits"),
        (128, "q8_0", 8192, "it sees 8,192 tokens at once"),
        (128, "q8_0", 2048, "it sees 2,048 tokens at once"),
    ]
    assert shortage(ways[-1].need, 1, None) == "needs 254 MB, 0 MB are free"


@pytest.mark.parametrize(("free", "layers"), [(8 * 10**9, 3), (600 * 10**6, 2), (100 * 10**6, 0)])
def test_as_many_layers_as_the_graphics_processor_has_room_for(header: Header, free: int, layers: int) -> None:
    fit = fitting(header, Loading(context=2048, gpu_layers=-1), 8e9, Graphics("card", free), PLAIN)

    assert fit.loading.gpu_layers == layers


def test_a_graphics_processor_without_memory_of_its_own_takes_from_the_machine(header: Header) -> None:
    wanted = Loading(context=2048, gpu_layers=-1)

    alone = fitting(header, wanted, 1, None, PLAIN)
    shared = fitting(header, wanted, 1, Graphics("Orin", None), PLAIN)

    assert shortage(alone.need, 0, Graphics("Orin", None)) == shortage(shared.need, 0, Graphics("Orin", None))
    assert alone.need.graphics > 2 * BLOCK


PAIRS = [
    ("smollm2-135m", Loading(1024, 2, batch=512, spare=0)),
    ("smollm2-135m", Loading(2048, 2, batch=128, flash_attention=True, cache_type="q8_0", spare=0)),
    ("qwen2.5-coder-0.5b", Loading(512, 2, batch=512, spare=0)),
    ("qwen2.5-coder-0.5b", Loading(1024, 2, batch=128, flash_attention=True, spare=0)),
    ("qwen2.5-coder-1.5b", Loading(512, 2, batch=256, spare=0)),
]


@pytest.mark.model
@pytest.mark.parametrize(("name", "loading"), PAIRS)
async def test_a_real_worker_takes_what_was_predicted_within_a_tenth(
    weights: Callable[[str], Path], name: str, loading: Loading
) -> None:
    file = weights(name)
    model = LlamaModel(file, loading=loading)
    words = ["apple", "river", "stone", "cloud", "green", "seven", "market", "window", "paper", "light"]

    room = loading.context - 128
    text = " ".join(words * (room // 10))
    while (counted := await model.count([Message("user", text)])) > room:
        text = text[: int(len(text) * room / counted * 0.98)]
    async for _ in model.stream([Message("user", text)], Limits(max_tokens=16, seconds=300)):
        pass
    assert model.pid is not None
    taken = _peak(model.pid)
    await model.close()

    assert predict(read_header(file), loading, packed_types()).memory == pytest.approx(taken, rel=0.1)


def _peak(pid: int) -> int:
    """Return the most bytes that a process ever had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
