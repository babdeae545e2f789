"""Cut the power of a home at any system call, and compare what is found with what it had promised.

    python -m tests.faults.power_cuts --times 20000 --seed 1

A real run is traced, and its calls happen again to a disk that forgets what was not synced. A simulated disk keeps
what fsync promised; a disk that lies about that is out of reach.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults import power_work
from tests.faults.disks import laid_out
from tests.faults.traces import Call, Replay, calls, traced


@dataclass(slots=True)
class Outcome:
    """What came of many cuts."""

    wrong: list[str] = field(default_factory=list)
    rebuilt: int = 0
    """How many times the index was made again."""
    behind: Counter[int] = field(default_factory=Counter)
    """How many acknowledged steps of `assistant.db` were lost, and how often."""


def recorded(folder: Path, seed: int, steps: int, weak: str | None = None) -> list[Call]:
    """Let a home work below a folder, and return everything it did to its files."""
    home, trace = folder / "home", folder / "trace"
    home.mkdir()
    command = [sys.executable, "-m", "tests.faults.power_work", str(home), f"--steps={steps}", f"--seed={seed}"]
    traced(command + ([f"--weak={weak}"] if weak else []), trace, os.environ)
    with trace.open(encoding="ascii") as lines:
        ours = [call for call in calls(lines) if _concerns(home, call)]
    trace.unlink()
    return ours


def _concerns(home: Path, call: Call) -> bool:
    """Return whether a call is about the home, or says something, or moves where the next bytes go."""
    folder = "".join(f"\\x{byte:02x}" for byte in os.fsencode(home))
    return call.arguments[0].startswith("1<") or any(folder in argument for argument in call.arguments[:2])


def differences(home: Path, done: list[Call]) -> list[str]:
    """Return which files are others after every call has happened again: none, if the disk is a true one."""
    replay = Replay(home)
    for call in done:
        replay.happen(call)
    found = {name: file.after(file.waiting) for name, file in replay.disk.files.items()}
    there = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    return sorted(name for name in {*found, *there} if found.get(name) != there.get(name))


def cuts(home: Path, done: list[Call], times: int, random: Random) -> Iterator[tuple[int, Replay]]:
    """Yield the disk as it is before so many of the calls, drawn at random, in order."""
    drawn = Counter(random.randrange(len(done) + 1) for _ in range(times))
    replay = Replay(home)
    for number, call in enumerate(done):
        for _ in range(drawn[number]):
            yield number, replay
        replay.happen(call)
    for _ in range(drawn[len(done)]):
        yield len(done), replay


def run(home: Path, done: list[Call], times: int, seed: int) -> Outcome:
    """Cut the power so many times, and look at what is left each time."""
    random, outcome, past, heard = Random(seed), Outcome(), power_work.Past(), 0
    with _counting(outcome):
        for number, replay in cuts(home, done, times, random):
            for line in replay.said[heard:]:
                past.hear(line)
            heard = len(replay.said)
            with tempfile.TemporaryDirectory() as folder:
                laid_out(replay.disk.crash(random), Path(folder))
                wrong, state = power_work.faults(Path(folder), past, max(past.settled, _synced(replay)))
            outcome.wrong += [f"cut {number}: {sentence}" for sentence in wrong]
            outcome.behind[max(0, past.acknowledged - state)] += 1
    return outcome


def _synced(replay: Replay) -> int:
    """Return how many states were acknowledged when the log of `assistant.db` was synced the last time."""
    past = power_work.Past()
    for line in replay.said[: replay.synced.get("assistant.db-wal", 0)]:
        past.hear(line)
    return past.acknowledged


class _counting(logging.Handler):
    """Counts the warnings that an index is made again, and keeps every warning from the screen."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self._outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        self._outcome.rebuilt += "is rebuilt" in record.getMessage()

    def __enter__(self) -> None:
        logging.getLogger("edge_assistant").addHandler(self)

    def __exit__(self, *error: object) -> None:
        logging.getLogger("edge_assistant").removeHandler(self)


def main() -> None:
    """Print what was wrong, and a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weak", choices=power_work.WEAK)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        done = recorded(Path(folder), options.seed, options.steps, options.weak)
        home = Path(folder) / "home"
        other = differences(home, done)
        outcome = run(home, done, options.times, options.seed)
    print("\n".join([*(f"after all calls {name} is another" for name in other), *outcome.wrong[:20]]))
    print(f"{len(done)} calls of {options.steps} steps, {options.times} cuts, seed {options.seed}: ", end="")
    print(f"{len(outcome.wrong)} faults; the index was made again {outcome.rebuilt} times; ", end="")
    print(f"steps lost of assistant.db: {dict(sorted(outcome.behind.items()))}")
    sys.exit(bool(outcome.wrong or other))


if __name__ == "__main__":
    main()
