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
    computing: float
    """Seconds of processor time, which a busy machine does not stretch much."""
    megabytes: float
    """The largest resident memory of one process and those it waited for."""


def _run(command: Sequence[str], environment: Mapping[str, str], expected: str) -> Cost:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        started = perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read()
    if process.returncode or expected not in words:
        sys.exit(f"{' '.join(command[1:4])}: {expected!r} is not in what it said: {words}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measure(runs: int, home: Path) -> Mapping[str, Cost]:
    """Return the cost of each kind of process; leave with its words when they are not as expected."""
    environment = {**os.environ, "EDGE_ASSISTANT_HOME": str(home)}
    ask = (sys.executable, "-m", "edge_assistant", "ask", "--local-only", "--json")
    processes = {
        "an empty Python process": ((sys.executable, "-c", "pass"), ""),
        "hassil alone, one template": ((sys.executable, "-c", PEER), "HassTurnOn"),
        "ask, answered by a rule": ((*ask, "turn on the kitchen light"), '"tier": "rules"'),
        "ask, answered by a rule, in Chinese": ((*ask, "打开厨房的灯"), '"tier": "rules"'),
        "ask, answered from the documents": ((*ask, "--private", "how do I reset the router?"), '"tier": "knowledge"'),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in processes}
    for turn in range(runs + 1):  # they take turns, so that a busy machine slows them alike
        for name, (command, expected) in processes.items():
            cost = _run(command, environment, expected)
            if turn:  # the first one fills the home and warms the disk
                costs[name].append(cost)
    return {name: _usual(of) for name, of in costs.items()}


def _usual(costs: Sequence[Cost]) -> Cost:
    seconds, computing = median(cost.seconds for cost in costs), median(cost.computing for cost in costs)
    return Cost(seconds, computing, max(cost.megabytes for cost in costs))


def main() -> None:
    """Print what a question costs from the start of the process to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    with tempfile.TemporaryDirectory() as home:
        costs = measure(parser.parse_args().runs, Path(home))
    rows = [(name, f"{c.seconds:.3f}", f"{c.computing:.3f}", f"{c.megabytes:.0f}") for name, c in costs.items()]
    ours, peer = costs["ask, answered by a rule"].seconds, costs["hassil alone, one template"].seconds
    result = Result("startup", round(ours, 4), round(peer, 4), "s per process", "lower")
    report(
        "One question as a whole process",
        ("process", "seconds (median)", "processor seconds", "peak memory, MB"),
        rows,
        result,
    )


if __name__ == "__main__":
    main()
