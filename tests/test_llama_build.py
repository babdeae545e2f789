from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.adapters.llama_build import for_graphics
from edge_assistant.config import Device
from edge_assistant.rooms import gpu_layers


@pytest.mark.parametrize(
    ("library", "told"),
    [("libggml-cuda.so", True), ("libggml-vulkan.so", True), ("libggml-metal.dylib", True), ("libggml-cpu.so", False)],
)
def test_what_llama_cpp_was_built_for_is_told_by_its_libraries(tmp_path: Path, library: str, told: bool) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / library).touch()

    assert for_graphics([tmp_path]) is told


def test_layers_lie_where_the_owner_says_else_where_llama_cpp_can_place_them() -> None:
    assert gpu_layers(Device(gpu_layers=0), lambda: True) == 0
    assert gpu_layers(Device(gpu_layers=12), lambda: False) == 12
    assert gpu_layers(Device(), lambda: True) == -1
    assert gpu_layers(Device(), lambda: False) == 0
