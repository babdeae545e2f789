"""Prepare a checkout: environment, locked packages, llama.cpp, the default model, the starter knowledge.

Uses the standard library only, since it runs before anything is installed. Every step says what it does
and how long it took; a step that was done before is done again in no time.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_GIGABYTES = 3.0
"""Packages 0.9, llama.cpp's build 0.7, model 0.5 (1.0 while it is fetched): measured, rounded up."""
SPOKEN = {
    "none": "(3 to 15 minutes)",
    "cuda": "for CUDA (10 to 60 minutes)",
    "vulkan": "for Vulkan (10 to 30 minutes)",
    "metal": "for Metal (5 to 15 minutes)",
}
"""What llama.cpp can be built for. The first is measured, the others are guesses."""
GPUS = tuple(SPOKEN)
_NINJA = re.compile(r"^\s*\[(\d+)/(\d+)\]")
_STAGE = re.compile(r"^(Collecting|Building wheel for|Installing collected packages)\s*(\S+)?")


class SetupError(Exception):
    """One sentence that says what is missing and the way out."""


def main() -> None:
    """Run every step, or stop with one sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where the environment goes")
    parser.add_argument("--dev", action="store_true", help="install what tests and checks need as well")
    parser.add_argument("--gpu", choices=GPUS, default="none", help="what llama.cpp is built for, beside the processor")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        prepare(arguments.venv.absolute(), dev=arguments.dev, gpu=arguments.gpu)
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to go on")
    print(f"setup: ready after {time.monotonic() - started:.0f} s", file=sys.stderr)


def prepare(venv: Path, *, dev: bool, gpu: str) -> None:
    """Bring the environment up to date."""
    check_machine(venv)
    flags, variables = gpu_build(gpu)
    python = venv / "bin" / "python"
    if not python.exists():
        step("making the environment", [sys.executable, "-m", "venv", str(venv)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    locked = ["install", "--require-hashes", "--requirement"]
    step("installing build tools", [*pip, *locked, str(ROOT / "requirements" / "build.txt")])
    what = ROOT / "requirements" / ("dev.txt" if dev else "run.txt")
    compile_it = ["--verbose", "--no-build-isolation", "--only-binary=:all:", "--no-binary=llama-cpp-python"]
    if gpu != "none":
        compile_it.append("--no-cache-dir")  # a wheel that pip kept was built for something else
    if switched(venv, gpu):
        again = ["--force-reinstall", "--no-deps", *compile_it]
        build = [*pip, *locked, str(only_llama(what, venv)), *again]
        step(f"compiling llama.cpp again, {SPOKEN[gpu]}", build, flags, variables)
    packages = [*pip, *locked, str(what), *compile_it]
    step(f"installing packages and compiling llama.cpp {SPOKEN[gpu]}", packages, flags, variables)
    (venv / ".gpu").write_text(f"{gpu}\n")
    step("installing edge-assistant", [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    assistant = str(venv / "bin" / "edge-assistant")
    for model in ((), ("smollm2-135m",))[: 1 + dev]:  # the smallest one is enough for most tests
        run([assistant, "models", "pull", *model])
    run([assistant, "kb", "rebuild"])
    run([assistant, "doctor"])


def switched(venv: Path, gpu: str) -> bool:
    """Tell whether a llama.cpp is installed that was built for something else."""
    built = (venv / ".gpu").read_text().strip() if (venv / ".gpu").exists() else "none"
    return built != gpu and any(venv.glob("lib/python*/site-packages/llama_cpp"))


def only_llama(requirements: Path, venv: Path) -> Path:
    """Write the locked line of llama-cpp-python, with its hashes, into a file of its own."""
    found = re.search(
        r"^llama-cpp-python==[^\n]*(?:(?<=\\)\n[^\n]*)*", requirements.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found is not None, "llama-cpp-python is locked"
    path = venv / "llama.txt"
    path.write_text(f"{found[0]}\n", encoding="utf-8")
    return path


def gpu_build(
    gpu: str, which: Callable[[str], str | None] = shutil.which, root: Path = Path("/")
) -> tuple[list[str], dict[str, str]]:
    """Return CMake's arguments and the variables of a build, or say what it lacks. Raises `SetupError`."""
    if gpu == "cuda":
        return cuda_build(which, root)
    if gpu == "vulkan":
        sdk = os.environ.get("VULKAN_SDK")
        headers = [Path(sdk) if sdk else root / "usr", root / "usr/local"]
        found = any((folder / "include/vulkan/vulkan.h").exists() for folder in headers)
        if which("glslc") is None or not found:
            what = "the shader compiler glslc" if found else "Vulkan's header files"
            raise SetupError(f"{what} cannot be found: install it, with: apt install libvulkan-dev glslc spirv-headers")
        return ["-DGGML_VULKAN=on"], {}
    if gpu == "metal" and sys.platform != "darwin":
        raise SetupError("Metal is a part of macOS, and this is another system; there are GPU=cuda and GPU=vulkan")
    return (["-DGGML_METAL=on"] if gpu == "metal" else []), {}


def cuda_build(which: Callable[[str], str | None], root: Path) -> tuple[list[str], dict[str, str]]:
    """Return what CMake needs for CUDA; a Jetson is told by its device tree. Raises `SetupError`."""
    usual = root / "usr/local/cuda/bin/nvcc"
    compiler = os.environ.get("CUDACXX") or which("nvcc") or (str(usual) if usual.exists() else None)
    if compiler is None:
        toolkit = "on a Jetson with: apt install nvidia-jetpack, elsewhere with the CUDA toolkit of your system"
        raise SetupError(f"CUDA's compiler nvcc cannot be found: install it, {toolkit}; or name it in CUDACXX")
    tree, flags = root / "proc/device-tree/model", ["-DGGML_CUDA=on"]
    if tree.exists() and "Orin" in tree.read_text(errors="replace"):
        flags.append("-DCMAKE_CUDA_ARCHITECTURES=87-real")  # what an Orin is, so that nothing has to be guessed
        if "Nano" in tree.read_text(errors="replace"):
            flags.append("-DGGML_CUDA_NO_VMM=on")  # 32 GB of addresses cannot be had there: docs/jetson.md
    return flags, {"CUDACXX": compiler}


def check_machine(venv: Path) -> None:
    """Say at once what would fail after minutes."""
    if sys.version_info < (3, 10):  # noqa: UP036  (this file is run by whatever Python there is)
        raise SetupError(f"Python {sys.version.split()[0]} is too old: 3.10 or newer is needed")
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise SetupError("no C++ compiler is found: install one, on Debian and Ubuntu with: apt install g++")
    free = shutil.disk_usage(ROOT).free / 1e9
    if not (venv / "bin" / "python").exists() and free < NEEDED_GIGABYTES:
        raise SetupError(f"{free:.1f} GB are free in {ROOT}, {NEEDED_GIGABYTES:.0f} GB are needed")


def step(
    title: str, command: Sequence[str], flags: Sequence[str] = (), variables: Mapping[str, str] | None = None
) -> None:
    """Run a command behind one line of progress; its whole output is kept in ``.cache/setup.log``."""
    log = ROOT / ".cache" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    with log.open("a", encoding="utf-8") as kept, spawned(command, flags, variables or {}) as process:
        assert process.stdout is not None, "the output is piped"
        for line in process.stdout:
            kept.write(line)
            show(title, progress_in(line), started)
    show(title, "done" if process.returncode == 0 else "failed", started, last=True)
    if process.returncode != 0:
        tail = [line for line in lines(log) if re.search(r"[Ee]rror: ", line)][-1:] or lines(log)[-1:]
        raise SetupError(f"{title} failed: {' '.join(tail).strip()[:300]} (all of it in {log.relative_to(ROOT)})")


def spawned(command: Sequence[str], flags: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[str]:
    environment = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    # The vision library is not used; leaving it out saves a fifth of the build. The owner's own flags come last.
    environment["CMAKE_ARGS"] = " ".join(["-DLLAVA_BUILD=OFF", *flags, os.environ.get("CMAKE_ARGS", "")]).strip()
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )


def run(command: Sequence[str]) -> None:
    """Run one of our own commands, which shows its own progress."""
    if subprocess.run(command, check=False).returncode != 0:
        raise SetupError(f"{' '.join(command[1:])} failed, see above")


def progress_in(line: str) -> str | None:
    """Return what a line of pip's or ninja's output tells about progress, if anything."""
    if found := _NINJA.match(line):
        done, total = int(found[1]), int(found[2])
        return f"{done} of {total} files compiled"
    if found := _STAGE.match(line):
        return f"{found[1].lower()} {(found[2] or '').split('==')[0]}"
    return None


def show(title: str, news: str | None, started: float, *, last: bool = False) -> None:
    """Write one line of progress; on a terminal it is rewritten in place, elsewhere only the end is written."""
    if news is None:
        return
    text = f"setup: {title}: {news} ({time.monotonic() - started:.0f} s)"
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{text[:width]:<{width}}" + ("\n" if last else ""))
    elif last:
        sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="replace") as text:
        return [line for line in text if line.strip()]


if __name__ == "__main__":
    main()
