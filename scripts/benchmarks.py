"""What `make bench` runs: every file in bench/, and docs/benchmarks.md from what they print."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "benchmarks.md"
HELPERS: Final = frozenset(("__init__", "peers", "raw", "result", "sentences", "texts"))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one bench printed: its table, and its one number."""

    table: str
    result: Mapping[str, Any]


def benches() -> list[str]:
    """Return the names of all benches."""
    return sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem not in HELPERS)


def read(output: str) -> Measured:
    """Part the output of a bench: everything up to the last line is for people."""
    table, _, last = output.rstrip().rpartition("\n")
    return Measured(table.strip(), json.loads(last))


def page(measured: Sequence[Measured], machine: str) -> str:
    """Return the page: all ratios in one table, then what each bench printed."""
    summary = [
        "| bench | ours | peer | ratio | unit | better |",
        "| --- | --- | --- | --- | --- | --- |",
        *("| " + " | ".join(str(m.result[key]) for key in _COLUMNS) + " |" for m in measured),
    ]
    parts = [f"## {_title(m.table)}\n\n{_body(m.table)}" for m in measured]
    return "\n\n".join([_HEAD.format(machine=machine), "\n".join(summary), *parts]) + "\n"


def machine() -> str:
    """Describe the machine the way a reader can compare it: no names, no paths."""
    cpu = _first("/proc/cpuinfo", "model name") or platform.machine()
    memory = int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1024**2
    python = platform.python_version()
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {python}, {date.today()}"


def main() -> None:
    """Run the benches named, or all of them; only a run of all of them writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names of benches")
    only = parser.parse_args().only
    if unknown := set(only) - set(benches()):
        sys.exit(f"there is no bench {sorted(unknown)[0]!r}; there are {', '.join(benches())}")
    measured = [read(_output(name)) for name in only or benches()]
    if not only:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(measured, machine()), encoding="utf-8")


def _output(name: str) -> str:
    """Run one bench, showing what it prints as it comes."""
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None, "it was asked for"
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    return "".join(lines)


def _first(path: str, key: str) -> str | None:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), None)


def _title(table: str) -> str:
    return table.partition("\n")[0]


def _body(table: str) -> str:
    return table.partition("\n")[2].strip()


_COLUMNS: Final = ("bench", "ours", "peer", "ratio", "unit", "better")
_HEAD: Final = """# Benchmarks

This page is written by `make bench`; nothing in it is typed by hand.
Each row measures one thing beside a peer or a physical limit in the same run; the ratio is ours to the peer's.

Machine: {machine}."""

if __name__ == "__main__":
    main()
