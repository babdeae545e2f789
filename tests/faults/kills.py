"""Kill a process that adds, removes and writes indexes, again and again, and compare what is left with what it said.

    python -m tests.faults.kills --times 2000 --seed 1

The worker is forked, so that a kill costs milliseconds. It says what it begins and what is done; what was begun and
not acknowledged may be there or not, everything else must be exactly as acknowledged.
"""

from __future__ import annotations

import argparse
import os
import select
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

from edge_assistant.knowledge.documents import Document, plain
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import library

Task: TypeAlias = Callable[[Library, Callable[[str], object], Random], None]
NAMES: Final = 40


@dataclass(slots=True)
class Witness:
    """What a worker said."""

    kept: dict[str, str] = field(default_factory=dict)
    """Documents by name, with the mark of their content."""
    doubt: tuple[str, str] | None = None

    def hear(self, line: str) -> None:
        """Take one line: ``begin NAME MARK`` or ``done``; a document without a mark is removed."""
        word, *rest = line.split()
        if word == "begin":
            self.doubt = (rest[0], rest[1] if len(rest) > 1 else "")
        elif self.doubt:
            name, mark = self.doubt
            self.kept.pop(name, None)
            if mark:
                self.kept[name] = mark
            self.doubt = None


def document(name: str, mark: str) -> Document:
    """Return a document of several passages, different for every mark."""
    text = "\n\n".join(f"Pump {mark} of {name} is red in place {part}. " * 15 for part in range(6))
    return plain(name, text, "en", title=mark)


def work(kept: Library, say: Callable[[str], object], random: Random) -> None:
    """Add, change, remove and write the index for ever."""
    while True:
        name, mark = f"{random.randrange(NAMES)}.txt", f"{random.randrange(1 << 30)}"
        chance = random.random()
        if chance < 0.2:
            kept.settle()
        elif chance < 0.5:
            say(f"begin {name}")
            kept.remove(name)
            say("done")
        else:
            say(f"begin {name} {mark}")
            kept.add(document(name, mark))
            say("done")


def faults(folder: Path, witness: Witness) -> list[str]:
    """Return what differs from what was acknowledged; the witness is corrected by what is found of the doubtful."""
    kept = library(folder)
    found = {entry.source: entry.title for entry in kept.documents()}
    if witness.doubt:
        name, mark = witness.doubt
        if found.get(name, "") in (mark, witness.kept.get(name, "")):
            witness.kept.pop(name, None)
            if name in found:
                witness.kept[name] = found[name]
        witness.doubt = None
    wrong = [] if found == witness.kept else [f"documents are {found}, not {witness.kept}"]
    wrong += kept.verify()  # before the index is opened, which makes a damaged one again
    wrong += orphans(kept)
    kept.store.database.close()
    return wrong


def orphans(kept: Library) -> Iterator[str]:
    """Yield what does not belong together: rows, words, vectors and the index."""
    rows = kept.store.database.rows
    chunks = [row[0] for row in rows("SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document_id ORDER BY 1")]
    for table, column in (("chunks", "id"), ("search", "rowid"), ("embeddings", "chunk_id")):
        if (there := [row[0] for row in rows(f"SELECT {column} FROM {table} ORDER BY 1")]) != chunks:
            yield f"{table} holds {len(there)} rows for {len(chunks)} passages"
    incomplete = rows("SELECT document_id FROM chunks GROUP BY document_id HAVING count(*) != max(ordinal) + 1")
    if incomplete:
        yield f"{len(incomplete)} documents lack passages"
    if (indexed := sorted(kept.indexed())) != chunks:
        yield f"the index holds {len(indexed)} of {len(chunks)} passages"


def forked(
    folder: Path, random: Random, prepare: Callable[[Library], object] = lambda kept: None, task: Task = work
) -> tuple[int, int]:
    """Start a worker that does its task, and return its number and where it is heard."""
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(reading)
        try:
            kept = library(folder)
            prepare(kept)
            task(kept, lambda line: os.write(writing, f"{line}\n".encode()), random)
        finally:
            os._exit(1)
    os.close(writing)
    return worker, reading


def killed(folder: Path, witness: Witness, random: Random, patience: float) -> None:
    """Fork a worker and kill it after a random time; the witness hears everything it said."""
    worker, reading = forked(folder, random)
    heard = bytearray()
    with os.fdopen(reading, "rb", buffering=0) as stream:
        until = random.uniform(0, patience)
        while (ready := select.select([stream], [], [], until)[0]) and (said := stream.read(65536)):
            heard += said
            until = until * random.random()
        os.kill(worker, signal.SIGKILL)
        while said := stream.read(65536):
            heard += said
    _, status = os.waitpid(worker, 0)
    assert ready == [] or os.WIFSIGNALED(status), "the worker ended by itself"
    for line in heard.decode().splitlines():
        witness.hear(line)


def run(folder: Path, times: int, seed: int, patience: float = 0.2) -> tuple[int, list[str]]:
    """Kill so many times; return how many documents were acknowledged at the end, and what was wrong."""
    random, witness, wrong = Random(seed), Witness(), []
    for number in range(times):
        killed(folder, witness, Random(random.random()), patience)
        wrong += [f"kill {number}: {sentence}" for sentence in faults(folder, witness)]
    return len(witness.kept), wrong


def main() -> None:
    """Print what was wrong, and a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        kept, wrong = run(folder, options.times, options.seed)
    finally:
        shutil.rmtree(folder)
    print("\n".join(wrong[:20]))
    print(f"{options.times} kills, seed {options.seed}: {len(wrong)} faults, {kept} documents at the end")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
