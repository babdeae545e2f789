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
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED_GIGABYTES = 3.0
"""Packages 0.9, llama.cpp's build 0.7, model 0.5 (1.0 while it is fetched): measured, rounded up."""
_NINJA = re.compile(r"^\s*\[(\d+)/(\d+)\]")
_STAGE = re.compile(r"^(Collecting|Building wheel for|Installing collected packages)\s*(\S+)?")


class SetupError(Exception):
    """One sentence that says what is missing and the way out."""


def main() -> None:
    """Run every step, or stop with one sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="where the environment goes")
    parser.add_argument("--dev", action="store_true", help="install what tests and checks need as well")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        prepare(arguments.venv.absolute(), dev=arguments.dev)
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to go on")
    print(f"setup: ready after {time.monotonic() - started:.0f} s", file=sys.stderr)


def prepare(venv: Path, *, dev: bool) -> None:
    """Bring the environment up to date."""
    check_machine(venv)
    python = venv / "bin" / "python"
    if not python.exists():
        step("making the environment", [sys.executable, "-m", "venv", str(venv)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    locked = ["install", "--require-hashes", "--requirement"]
    step("installing build tools", [*pip, *locked, str(ROOT / "requirements" / "build.txt")])
    what = "dev" if dev else "run"
    compile_it = ["--verbose", "--no-build-isolation", "--only-binary=:all:", "--no-binary=llama-cpp-python"]
    packages = [*pip, *locked, str(ROOT / "requirements" / f"{what}.txt"), *compile_it]
    step("installing packages and compiling llama.cpp (3 to 15 minutes)", packages)
    step("installing edge-assistant", [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    assistant = str(venv / "bin" / "edge-assistant")
    for model in ((), ("smollm2-135m",))[: 1 + dev]:  # the smallest one is enough for most tests
        run([assistant, "models", "pull", *model])
    run([assistant, "kb", "rebuild"])
    run([assistant, "doctor"])


def check_machine(venv: Path) -> None:
    """Say at once what would fail after minutes."""
    if sys.version_info < (3, 10):  # noqa: UP036  (this file is run by whatever Python there is)
        raise SetupError(f"Python {sys.version.split()[0]} is too old: 3.10 or newer is needed")
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        raise SetupError("no C++ compiler is found: install one, on Debian and Ubuntu with: apt install g++")
    free = shutil.disk_usage(ROOT).free / 1e9
    if not (venv / "bin" / "python").exists() and free < NEEDED_GIGABYTES:
        raise SetupError(f"{free:.1f} GB are free in {ROOT}, {NEEDED_GIGABYTES:.0f} GB are needed")


def step(title: str, command: Sequence[str]) -> None:
    """Run a command behind one line of progress; its whole output is kept in ``.cache/setup.log``."""
    log = ROOT / ".cache" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    with log.open("a", encoding="utf-8") as kept, spawned(command) as process:
        assert process.stdout is not None, "the output is piped"
        for line in process.stdout:
            kept.write(line)
            show(title, progress_in(line), started)
    show(title, "done" if process.returncode == 0 else "failed", started, last=True)
    if process.returncode != 0:
        tail = [line for line in lines(log) if re.search(r"[Ee]rror: ", line)][-1:] or lines(log)[-1:]
        raise SetupError(f"{title} failed: {' '.join(tail).strip()[:300]} (all of it in {log.relative_to(ROOT)})")


def spawned(command: Sequence[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    # The vision library is not used; leaving it out saves a fifth of the build. The owner's own flags stay.
    environment["CMAKE_ARGS"] = f"-DLLAVA_BUILD=OFF {os.environ.get('CMAKE_ARGS', '')}".strip()
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
