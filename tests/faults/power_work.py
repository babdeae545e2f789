"""What a home does all day, said step by step, and whether what is found after a power cut is what was promised.

    python -m tests.faults.power_work FOLDER --steps 120 --seed 1

`assistant.db` may lose its last steps, as a whole, but none before `settle` or whatever else synced its log;
`outbox.db` loses none.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import numpy

from edge_assistant.errors import EdgeAssistantError
from edge_assistant.explain import receipt
from edge_assistant.knowledge import soundness
from edge_assistant.knowledge.library import Library
from edge_assistant.storage.actions import Actions, Entry
from edge_assistant.storage.database import Database, suspect
from edge_assistant.storage.history import History
from edge_assistant.types import Answer
from tests.bag_of_words import library
from tests.faults import kills

WEAK: Final = ("outbox", "assistant", "settled", "index")
"""Parts that can be made careless, to show that a careless one is noticed."""


@dataclass(slots=True)
class Past:
    """Every state that the databases were in, in order, and how many of them were acknowledged."""

    states: list[tuple[dict[str, str], int]] = field(default_factory=lambda: [({}, 0)])
    """Documents with their marks, and how many turns there are."""
    actions: int = 0
    acknowledged: int = 0
    """States that were said to be kept."""
    settled: int = 0
    """States that were on the disk, as `settle` says."""
    sure: int = 0
    """Actions that were said to be kept."""

    def hear(self, line: str) -> None:
        """Take one line: what is begun, or ``done``."""
        word, *rest = line.split()
        documents, turns = self.states[-1]
        if word == "keep":
            self.states.append(({**documents, rest[0]: rest[1]}, turns))
        elif word == "drop":
            self.states.append(({name: mark for name, mark in documents.items() if name != rest[0]}, turns))
        elif word == "turn":
            self.states.append((documents, turns + 1))
        elif word == "act":
            self.actions += 1
        elif word == "settled":
            self.settled = self.acknowledged
        else:
            self.acknowledged, self.sure = len(self.states) - 1, self.actions


def work(folder: Path, random: Random, steps: int) -> None:
    """Open the home, change it, close it, and again; every line is said before or after what it is about."""
    number = 0
    while number < steps:
        with closing(Database(folder / "outbox.db", durable=True)) as outbox:
            kept = library(folder)
            history, actions = History(kept.store.database), Actions(outbox)
            for _ in range(random.randint(1, steps // 2)):
                number += 1
                _step(kept, history, actions, random, number)
            kept.store.database.close()


def _step(kept: Library, history: History, actions: Actions, random: Random, number: int) -> None:
    name, mark, chance = f"{random.randrange(20)}.txt", str(number), random.random()
    if chance < 0.35:
        _say(f"keep {name} {mark}")
        kept.add(kills.document(name, mark))
    elif chance < 0.45:
        _say(f"drop {name}")
        kept.remove(name)
    elif chance < 0.6:
        _say("turn")
        history.add(f"question {number}", receipt(Answer("x" * 800, "rules", 1.0, id=f"{number:06}")))
    elif chance < 0.9:
        _say("act")
        actions.add([Entry(mark, "asked", "light.turn_on", "light.kitchen", {"level": number}, "sent")])
    else:
        kept.settle()
        _say("settled")
        return
    _say("done")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def faults(folder: Path, past: Past, floor: int) -> tuple[list[str], int]:
    """Return what is not as promised, and which state was found; states before `floor` were on the disk for certain."""
    try:
        with closing(Database(folder / "outbox.db", durable=True)) as outbox:
            wrong = [*_lost_actions(outbox, past)]
        kept = library(folder)
        with closing(kept.store.database):
            state = _state(kept, past)
            wrong += [] if state >= floor else [f"the state is {state}, not one from {floor} to {len(past.states) - 1}"]
            wrong += [*_unsound(kept.store.database), *soundness.faults(kept.store)]
            wrong += [*kills.orphans(kept), *_other_vectors(kept)]
            wrong += [] if not kept.documents() or kept.store.matching(("pump",), 1) else ["nothing is found"]
    except EdgeAssistantError as error:
        return [f"{type(error).__name__}: {error}"], 0
    names = [name for name in ("assistant.db", "outbox.db") if suspect(folder / name).exists()]
    return [*wrong, *(f"{name} was damaged" for name in names)], state


def _lost_actions(outbox: Database, past: Past) -> Iterator[str]:
    found = [entry.slots["level"] for entry in reversed(Actions(outbox).latest(1 << 30))]
    if found != sorted(found, reverse=True) or not past.sure <= len(found) <= past.actions:
        yield f"there are {len(found)} actions of {past.sure} that were acknowledged"
    yield from _unsound(outbox)


def _unsound(database: Database) -> Iterator[str]:
    checked = database.rows("PRAGMA integrity_check")[0][0]
    if checked != "ok":
        yield f"{database.path.name}: {checked}"


def _state(kept: Library, past: Past) -> int:
    """Return the number of the state that was found; -1 where there never was such a one."""
    turns = len(History(kept.store.database).latest(1 << 30))
    found = {entry.source: entry.title for entry in kept.documents()}, turns
    numbers = [number for number, state in enumerate(past.states) if state == found]
    return max(numbers, default=-1)


def _other_vectors(kept: Library) -> Iterator[str]:
    """Compare the vectors of the index, however it came about, with those of the rows."""
    index = kept.meanings.index
    if index is None or not len(numbers := index.ids):
        return
    held, vectors = index.of(numbers)
    known, wanted = kept.store.vectors.of(kept.stamp, numbers.tolist())
    if len(held) != len(known) or not numpy.allclose(vectors[held.argsort()], wanted[known.argsort()], atol=1e-3):
        yield "the index holds other vectors than the rows"


def _weaken(part: str) -> None:
    """Make a part careless: commits that are not synced, or an index that is named before it is on the disk."""
    if part == "index":
        sync = os.fsync
        os.fsync = lambda fd: None if ".faiss." in os.readlink(f"/proc/self/fd/{fd}") else sync(fd)
        return
    if part == "settled":
        Database.sync = lambda self: None  # type: ignore[method-assign]
        return
    original = Database.__init__

    def careless(self: Database, path: Path, *, durable: bool = False) -> None:
        original(self, path, durable=durable and part != "outbox")
        if part == "assistant" and not durable:
            self.connection.execute("PRAGMA synchronous=OFF")

    Database.__init__ = careless  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weak", choices=WEAK)
    options = parser.parse_args()
    if options.weak:
        _weaken(options.weak)
    work(options.folder, Random(options.seed), options.steps)


if __name__ == "__main__":
    main()
