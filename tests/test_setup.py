"""What `make` builds llama.cpp for, and what it says when something for that is missing."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    specification = importlib.util.spec_from_file_location("setup_script", ROOT / "scripts" / "setup.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def machine(root: Path, *files: str, board: str = "") -> Path:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    if board:
        (root / "proc/device-tree").mkdir(parents=True)
        (root / "proc/device-tree/model").write_text(f"{board}\0")
    return root


def nowhere(name: str) -> None:
    return None


def test_the_processor_alone_needs_nothing(setup: ModuleType, tmp_path: Path) -> None:
    assert setup.gpu_build("none", nowhere, tmp_path) == ([], {})


@pytest.mark.parametrize(
    ("board", "flags"),
    [
        ("", ["-DGGML_CUDA=on"]),
        ("NVIDIA Jetson AGX Orin Developer Kit", ["-DGGML_CUDA=on", "-DCMAKE_CUDA_ARCHITECTURES=87-real"]),
        (
            "NVIDIA Jetson Orin Nano Developer Kit",
            ["-DGGML_CUDA=on", "-DCMAKE_CUDA_ARCHITECTURES=87-real", "-DGGML_CUDA_NO_VMM=on"],
        ),
    ],
)
def test_cuda_is_built_for_the_board(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, board: str, flags: list[str]
) -> None:
    monkeypatch.delenv("CUDACXX", raising=False)
    root = machine(tmp_path, "usr/local/cuda/bin/nvcc", board=board)

    assert setup.gpu_build("cuda", nowhere, root) == (flags, {"CUDACXX": str(root / "usr/local/cuda/bin/nvcc")})


@pytest.mark.parametrize(
    ("gpu", "files", "complaint"),
    [
        ("cuda", [], r"^CUDA's compiler nvcc cannot be found: install it, on a Jetson with: apt install"),
        ("vulkan", [], r"^Vulkan's header files cannot be found: install it, with: apt install libvulkan-dev glslc"),
        ("vulkan", ["usr/include/vulkan/vulkan.h"], r"^the shader compiler glslc cannot be found"),
        ("metal", [], r"^Metal is a part of macOS, and this is another system"),
    ],
)
def test_what_a_build_lacks_is_said_before_it_begins(
    setup: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gpu: str,
    files: list[str],
    complaint: str,
) -> None:
    for variable in ("CUDACXX", "VULKAN_SDK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("sys.platform", "linux")

    with pytest.raises(setup.SetupError, match=complaint):
        setup.gpu_build(gpu, nowhere, machine(tmp_path, *files))


def test_only_a_switch_builds_again(setup: ModuleType, tmp_path: Path) -> None:
    fresh = setup.switched(tmp_path, "cuda")
    (tmp_path / "lib/python3.11/site-packages/llama_cpp").mkdir(parents=True)
    first = setup.switched(tmp_path, "cuda"), setup.switched(tmp_path, "none")
    (tmp_path / ".gpu").write_text("cuda\n")
    after = setup.switched(tmp_path, "cuda"), setup.switched(tmp_path, "none")

    assert (fresh, first, after) == (False, (True, False), (False, True))


def test_a_rebuild_installs_what_is_locked_with_its_hashes(setup: ModuleType, tmp_path: Path) -> None:
    text = setup.only_llama(ROOT / "requirements" / "run.txt", tmp_path).read_text()

    assert text.startswith("llama-cpp-python==")
    assert text.count("==") == 1
    assert "--hash=sha256:" in text


def planned(venv: Path, *arguments: str) -> str:
    command = ["make", "--dry-run", "chat", f"VENV={venv}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_keeps_what_was_built_until_it_is_told_otherwise(tmp_path: Path) -> None:
    fresh, asked = planned(tmp_path), planned(tmp_path, "GPU=cuda")
    (tmp_path / ".gpu").write_text("cuda\n")
    (tmp_path / ".ready-cuda").touch()
    later, again, back = planned(tmp_path), planned(tmp_path, "GPU=cuda"), planned(tmp_path, "GPU=none")

    assert "--gpu none" in fresh
    assert "--gpu cuda" in asked
    assert "setup.py" not in later + again
    assert "--gpu none" in back
