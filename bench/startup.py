"""What one question costs as a whole process: by a rule, and from the documents."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from bench.result import Result, report

ROOT: Final = Path(__file__).parents[1]
PEER: Final = """
from hassil import Intents, recognize
intents = Intents.from_dict({
    "language": "en",
    "intents": {"HassTurnOn": {"data": [{"sentences": ["turn on [the] {name}"]}]}},
    "lists": {"name": {"values": ["kitchen light", "bedroom lamp"]}},
})
found = recognize("turn on the kitchen light", intents)
assert found is not None
print(found.intent.name)
"""
"""The least a process can do that understands the same sentence: hassil, with one template."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The median of a few processes."""

    seconds: float
    megabytes: float
    """The largest resident memory of one process and those it waited for."""


def cost(command: Sequence[str], environment: Mapping[str, str], runs: int) -> Cost:
    """Run a command once to warm the disk, then `runs` times; leave with its complaint when it fails."""
    _run(command, environment)
    costs = [_run(command, environment) for _ in range(runs)]
    return Cost(median(c.seconds for c in costs), max(c.megabytes for c in costs))


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    with tempfile.TemporaryFile() as complaint:
        started = perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaint
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            complaint.seek(0)
            sys.exit(f"{' '.join(command[1:4])} failed: {complaint.read().decode(errors='replace')}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def measure(runs: int, home: Path) -> Mapping[str, Cost]:
    """Return the cost of each kind of process."""
    environment = {**os.environ, "EDGE_ASSISTANT_HOME": str(home), "EDGE_ASSISTANT_TIERS": '["rules","knowledge"]'}
    ask = (sys.executable, "-m", "edge_assistant", "ask", "--local-only", "--no-stream")
    commands = {
        "an empty Python process": (sys.executable, "-c", "pass"),
        "hassil alone, one template": (sys.executable, "-c", PEER),
        "ask, answered by a rule": (*ask, "turn on the kitchen light"),
        "ask, answered by a rule, in Chinese": (*ask, "打开厨房的灯"),
        "ask, answered from the documents": (*ask, "how do I reset the router?"),
    }
    return {name: cost(command, environment, runs) for name, command in commands.items()}


def main() -> None:
    """Print what a question costs from the start of the process to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    with tempfile.TemporaryDirectory() as home:
        costs = measure(parser.parse_args().runs, Path(home))
    rows = [(name, f"{c.seconds:.3f}", f"{c.megabytes:.0f}") for name, c in costs.items()]
    ours, peer = costs["ask, answered by a rule"].seconds, costs["hassil alone, one template"].seconds
    result = Result("startup", round(ours, 4), round(peer, 4), "s per process", "lower")
    report("One question as a whole process", ("process", "seconds (median)", "peak memory, MB"), rows, result)


if __name__ == "__main__":
    main()
