"""Which files of a folder are documents: every level, in order, without hidden ones and without links out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from edge_assistant.knowledge.readers import READERS

_IGNORED: Final = (".", "~$")
"""How names begin that nobody means: hidden files, and what Word keeps beside an open document."""


def documents(path: Path, refuse: Callable[[str], object] = lambda sentence: None) -> Iterator[tuple[Path, str]]:
    """Yield a file, or the readable files below a folder, with their names for people.

    `refuse` is told of folders that may not be looked into. A level is held in memory, a whole tree never.
    """
    if not os.path.isdir(path):  # `Path.is_dir` raises where a folder above may not be looked into
        yield path, path.name
        return
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(path / below) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            refuse(f"{path / below}: {(error.strerror or 'it cannot be read').lower()}")
            continue
        wanted = [entry for entry in entries if not entry.name.startswith(_IGNORED)]
        waiting += (f"{below}{one.name}/" for one in reversed(wanted) if one.is_dir(follow_symlinks=False))
        for entry in wanted:
            if entry.is_file(follow_symlinks=False) and os.path.splitext(entry.name)[1].lower() in READERS:
                yield path / below / entry.name, f"{below}{entry.name}"
