"""Which kind of board a machine is, and what a model should reach there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.models.boards import Machine, expected, kind_of
from edge_assistant.models.catalog import ModelFile, Speed

MODES = "< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=25W >\n< PM_CONFIG DEFAULT=0 >\n"


def machine(root: Path, files: dict[str, str]) -> Machine:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine.read(root)


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0"}, "raspberry-pi-5"),
        (
            {
                "proc/device-tree/model": "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0",
                "var/lib/nvpmodel/status": "pmode:0001",
                "etc/nvpmodel.conf": MODES,
            },
            "jetson-orin-nano-25w",
        ),
        (
            {
                "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
                "var/lib/nvpmodel/status": "pmode:0000 fmode:fanNull\n",
                "etc/nvpmodel.conf": MODES,
            },
            "jetson-orin-nano-15w",
        ),
        ({"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"}, None),
        (
            {
                "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
                "proc/meminfo": "MemTotal:       64349308 kB\nMemFree: 1 kB\n",
            },
            "jetson-agx-orin-64gb",
        ),
        (
            {
                "proc/driver/nvidia/gpus/0000:01:00.0/information": (
                    "Model: \t\t NVIDIA GeForce RTX 3090\nIRQ:   \t\t 150\n"
                ),
                "proc/cpuinfo": "model name\t: AMD Ryzen 7 8845H w/ Radeon 780M Graphics\n",
            },
            "rtx-3090",
        ),
        ({"proc/driver/nvidia/gpus/0/information": "Model: \t\t NVIDIA GeForce RTX 3090 Ti\n"}, None),
        ({}, None),
    ],
)
def test_a_machine_is_recognized_by_what_it_says_of_itself(
    tmp_path: Path, files: dict[str, str], kind: str | None
) -> None:
    assert kind_of(machine(tmp_path, files)) == kind


def rung(name: str, size: int, *speeds: Speed) -> ModelFile:
    return ModelFile(name=name, file=f"{name}.gguf", size=size, speeds=speeds)


def test_a_measured_speed_is_expected_as_it_was_measured() -> None:
    model = rung("small", 100, Speed(board="rtx-3090", tokens=80, source="me"))

    found = expected(model, "rtx-3090", [model])

    assert found is not None
    assert (found.tokens, found.source, found.scaled) == (80, "me", False)


def test_another_model_is_expected_to_be_slower_by_its_size() -> None:
    small = rung("small", 100, Speed(board="rtx-3090", tokens=80, source="me"))
    large = rung("large", 900, Speed(board="rtx-3090", tokens=10, source="me"))
    model = rung("middle", 200)

    found = expected(model, "rtx-3090", [small, large, model])

    assert found is not None
    assert (found.tokens, found.source, found.scaled) == (40, "small, me", True)


def test_nothing_is_expected_of_a_board_that_nobody_measured() -> None:
    model = rung("small", 100, Speed(board="rtx-3090", tokens=80, source="me"))

    assert expected(model, "raspberry-pi-5", [model]) is None
