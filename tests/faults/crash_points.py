"""Named moments at which a process that adds, removes and writes indexes kills itself.

python -m tests.faults.crash_points --times 50 --seed 1
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.snapshots import Snapshots
from tests.faults.kills import Witness, faults, forked

Prepare: TypeAlias = Callable[[Library, int], None]
"""Makes a process kill itself when it comes to a moment for so many times."""


def _calling(owner: Any, name: str, *, after: bool = False) -> Prepare:
    def prepare(kept: Library, times: int) -> None:
        original, left = getattr(owner, name), [times]

        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not after:
                _die()
            result = original(*given, **named)
            if left[0] == 0:
                _die()
            return result

        setattr(owner, name, call)

    return prepare


def _syncing(name: str) -> Prepare:
    """Die before a file whose name holds this is brought to the disk for so many times."""

    def prepare(kept: Library, times: int) -> None:
        original, left = os.fsync, [times]

        def sync(fd: Any) -> None:
            left[0] -= name in os.readlink(f"/proc/self/fd/{fd}")
            if left[0] == 0:
                _die()
            original(fd)

        os.fsync = sync

    return prepare


def _saying(statement: str, *, later: str | None = None) -> Prepare:
    """Die before a statement runs for so many times, or before the one that comes `later`."""

    def prepare(kept: Library, times: int) -> None:
        left, met = [times], [False]

        def hear(sql: str) -> None:
            if met[0] and later is not None and sql.startswith(later):
                _die()
            if sql.startswith(statement):
                left[0] -= 1
                met[0] = left[0] <= 0
                if met[0] and later is None:
                    _die()

        kept.store.database.connection.set_trace_callback(hear)

    return prepare


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


POINTS: Final[dict[str, Prepare]] = {
    "before a document": _saying("INSERT INTO documents"),
    "before a passage": _saying("INSERT INTO chunks"),
    "before its words": _saying("INSERT INTO search("),
    "before its vector": _saying("INSERT OR REPLACE INTO embeddings"),
    "before a document is committed": _saying("INSERT OR REPLACE INTO embeddings", later="COMMIT"),
    "after a document is committed": _saying("INSERT OR REPLACE INTO embeddings", later="SELECT"),
    "before a document is removed": _saying("DELETE FROM documents"),
    "before a removal is committed": _saying("DELETE FROM documents", later="COMMIT"),
    "before the index is written": _calling(FaissIndex, "write"),
    "after it is written, before it is on the disk": _syncing(".faiss"),
    "after it is on the disk": _calling(FaissIndex, "write", after=True),
    "before it is renamed": _calling(Path, "replace"),
    "after it is renamed": _calling(Path, "replace", after=True),
    "before the receipt": _saying("INSERT INTO snapshots"),
    "before the receipt is committed": _saying("INSERT INTO snapshots", later="COMMIT"),
    "after the receipt": _saying("INSERT INTO snapshots", later="BEGIN"),
    "before the log is on the disk": _syncing("-wal"),
    "before old files are swept": _calling(Snapshots, "_sweep"),
    "after old files are swept": _calling(Snapshots, "_sweep", after=True),
}


def crashed(folder: Path, witness: Witness, random: Random, prepare: Prepare) -> None:
    """Fork a worker that kills itself; the witness hears everything it said."""
    worker, reading = forked(folder, random, lambda kept: prepare(kept, random.randint(1, 4)))
    with os.fdopen(reading, "rb") as stream:
        heard = stream.read()
    _, status = os.waitpid(worker, 0)
    assert os.WIFSIGNALED(status), "the worker ended by itself"
    for line in heard.decode().splitlines():
        witness.hear(line)


def run(folder: Path, point: str, times: int, seed: int) -> list[str]:
    """Let workers come to one moment so many times, one after the other; return what was wrong."""
    random, witness, wrong = Random(seed), Witness(), []
    for number in range(times):
        crashed(folder, witness, Random(random.random()), POINTS[point])
        wrong += [f"{point}, crash {number}: {sentence}" for sentence in faults(folder, witness)]
    return wrong


def main() -> None:
    """Print what was wrong at every moment, and a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wrong: list[str] = []
    for point in POINTS:
        folder = Path(tempfile.mkdtemp())
        try:
            wrong += run(folder, point, options.times, options.seed)
        finally:
            shutil.rmtree(folder)
    print("\n".join(wrong[:20]))
    print(f"{len(POINTS)} moments, {options.times} crashes each, seed {options.seed}: {len(wrong)} faults")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
