"""A control group that allows little memory, for tests; where none can be made, the test says so."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")


class Group:
    """One group, of version 1 or 2."""

    def __init__(self, folder: Path, limit: str, megabytes: int) -> None:
        self._folder = folder
        folder.mkdir()
        (folder / limit).write_text(str(megabytes << 20))

    def run(self, arguments: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
        """Run Python in the group."""
        enter = f'echo $$ > {self._folder}/cgroup.procs && exec "$0" "$@"'
        return subprocess.run(
            ["sh", "-c", enter, sys.executable, *arguments], capture_output=True, text=True, timeout=seconds
        )

    def close(self) -> None:
        self._folder.rmdir()


@contextlib.contextmanager
def group(megabytes: int) -> Iterator[Group]:
    """Make a group that allows so much, and remove it."""
    name = f"edge-assistant-{os.getpid()}"
    made, tried = None, []
    for folder, limit in ((_ROOT / "memory", "memory.limit_in_bytes"), (_ROOT, "memory.max")):
        try:
            made = Group(folder / name, limit, megabytes)
            break
        except OSError as error:
            tried.append(f"{folder / limit}: {error.strerror}")
            with contextlib.suppress(OSError):
                (folder / name).rmdir()
    if made is None:
        pytest.skip(f"not run: no control group can be made here ({'; '.join(tried)})")
    try:
        yield made
    finally:
        made.close()
