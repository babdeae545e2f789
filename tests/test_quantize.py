"""Other sizes of a GGUF file, made by the real llama.cpp of a tiny one."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.adapters.quantize import most_bytes, put_in_place, quantize
from edge_assistant.errors import InputError, StorageError
from edge_assistant.models.gguf import read_header
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message
from tests.babbling_gguf import babbling_gguf
from tests.tiny_gguf import tiny_gguf


@pytest.fixture
def babbler(tmp_path: Path) -> Path:
    path = tmp_path / "babbler.gguf"
    path.write_bytes(babbling_gguf())
    return path


async def test_a_model_is_packed_and_runs_and_stays_within_what_was_foreseen(babbler: Path) -> None:
    told: list[tuple[int, int]] = []
    small = babbler.with_name("small.gguf")

    quantize(babbler, small, "Q8_0", 1, lambda done, total: told.append((done, total)))
    model = LlamaModel(small, loading=Loading(256, threads=1))
    said = [piece async for piece in model.stream((Message("user", "Hi"),), Limits(max_tokens=8))]
    await model.close()

    header, tensors = read_header(small), len(read_header(babbler).tensors)
    assert (header.quantization, said != []) == ("Q8_0", True)
    assert small.stat().st_size <= most_bytes(read_header(babbler), "Q8_0")
    assert told == [(done, tensors) for done in range(1, tensors + 1)]


def test_what_is_packed_already_can_be_packed_again(babbler: Path) -> None:
    eight = quantize(babbler, babbler.with_name("eight.gguf"), "Q8_0", 1)

    four = quantize(eight, babbler.with_name("four.gguf"), "Q4_0", 1)

    assert read_header(four).quantization == "Q4_0"
    assert read_header(four).weights < read_header(eight).weights


def test_a_disk_without_room_is_said_before_anything_is_written(babbler: Path) -> None:
    with pytest.raises(StorageError, match=r"small.gguf needs up to \d+ MB, and 0 MB are free in"):
        quantize(babbler, babbler.with_name("small.gguf"), "F16", 1, free=lambda folder: 1000)

    assert [path.name for path in babbler.parent.iterdir()] == ["babbler.gguf"]


def test_a_file_that_llama_cpp_cannot_read_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "tiny.gguf"
    source.write_bytes(tiny_gguf(bytes(320)))

    with pytest.raises(InputError, match=r"llama.cpp cannot make Q4_0 of tiny.gguf: "):
        quantize(source, tmp_path / "four.gguf", "Q4_0", 1)

    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def test_a_result_of_another_kind_does_not_take_the_name(babbler: Path) -> None:
    with pytest.raises(InputError, match="not Q4_0"):
        put_in_place(babbler, babbler.with_name("four.gguf"), "Q4_0")

    assert not babbler.with_name("four.gguf").exists()


def test_an_unknown_kind_is_answered_with_the_known_ones(babbler: Path) -> None:
    with pytest.raises(InputError, match="there is no kind 'Q3'; there are F16, Q8_0"):
        quantize(babbler, babbler.with_name("three.gguf"), "Q3", 1)
