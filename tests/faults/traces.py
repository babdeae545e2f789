"""What a program does to the files of one folder, told by strace, in the order in which it does it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.disks import Disk, File

CALLS: Final = (
    *("openat", "lseek", "write", "writev", "pwrite64", "pwritev", "ftruncate", "truncate", "fallocate"),
    *("fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat"),
    *("copy_file_range", "sendfile"),
)
_LINE: Final = re.compile(r"^(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)(.*)$", re.DOTALL)
_RESULT: Final = re.compile(r"^(.*)\) += (-?\d+)", re.DOTALL)
_UNFINISHED: Final = " <unfinished ...>"


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded: its arguments as strace wrote them, and what it returned."""

    name: str
    arguments: Sequence[str]
    returned: int


def refused() -> str | None:
    """Return why nothing can be traced here, if so."""
    if shutil.which("strace") is None:
        return "not run: strace is not installed"
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, capture_output=True)
    return "not run: this machine lets nobody trace" if tried.returncode else None


def traced(command: Sequence[str], output: Path, environment: Mapping[str, str]) -> None:
    """Run a command and write down its calls; whatever it ends with is raised."""
    strace = ["strace", "-f", "-y", "-xx", "-s", "100000000", "--quiet=all", "-e", f"trace={','.join(CALLS)}"]
    subprocess.run([*strace, "-o", str(output), *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def calls(lines: Iterator[str]) -> Iterator[Call]:
    """Yield the calls that succeeded, each when it returned."""
    begun: dict[str, str] = {}
    for line in lines:
        match = _LINE.match(line.rstrip("\n"))
        if match is None:
            continue
        thread, name, resumed, rest = match.groups()
        if rest.endswith(_UNFINISHED):
            begun[thread] = rest.removesuffix(_UNFINISHED)
            continue
        ended = _RESULT.match(begun.pop(thread, "") + rest if resumed else rest)
        if ended and int(ended[2]) >= 0:
            yield Call(name or resumed, ended[1].split(", "), int(ended[2]))


@dataclass(slots=True)
class Replay:
    """A disk to which calls happen. `said` holds the lines that the program wrote to its standard output."""

    folder: Path
    disk: Disk = field(default_factory=Disk)
    said: list[str] = field(default_factory=list)
    synced: dict[str, int] = field(default_factory=dict)
    """How many lines had been said when a file was brought to the disk the last time."""
    _places: dict[int, int] = field(default_factory=dict)
    """Where the next `write` goes, by descriptor."""

    def happen(self, call: Call) -> bool:
        """Let one call happen; return whether it changed or synced anything here."""
        what = getattr(self, f"_{call.name}", None)
        if what is not None:
            return bool(what(call))
        if any(self._below(_text(argument)) for argument in call.arguments):
            raise NotImplementedError(f"the disk has to learn {call.name}")
        return False

    def _openat(self, call: Call) -> bool:
        name, flags = self._below(_text(call.arguments[1])), call.arguments[2].split("|")
        self._places[call.returned] = 0
        if name is None or "O_DIRECTORY" in flags or (self.folder / name).is_dir():
            return False
        file = self.disk.files.get(name)
        if file is None and "O_CREAT" in flags:
            self.disk.name((name, File()))
            return True
        if file is not None and "O_APPEND" in flags:
            self._places[call.returned] = file.size
        if file is not None and "O_TRUNC" in flags:
            file.waiting.append((0, None))
        return "O_TRUNC" in flags

    def _lseek(self, call: Call) -> bool:
        self._places[_descriptor(call)] = call.returned
        return False

    def _write(self, call: Call) -> bool:
        number = _descriptor(call)
        if number == 1:
            self.said += _content(call.arguments[1]).decode().splitlines()
            return False
        place = self._places.get(number, 0)
        self._places[number] = place + call.returned
        return self._written(call, place)

    def _pwrite64(self, call: Call) -> bool:
        return self._written(call, int(call.arguments[3]))

    def _written(self, call: Call, place: int) -> bool:
        file = self._open(call)
        if file is not None:
            file.waiting.append((place, _content(call.arguments[1])[: call.returned]))
        return file is not None

    def _ftruncate(self, call: Call) -> bool:
        file = self._open(call)
        if file is not None:
            file.waiting.append((int(call.arguments[1]), None))
        return file is not None

    def _fsync(self, call: Call) -> bool:
        file, path = self._open(call), _path(call.arguments[0])
        if file is not None:
            file.sync()
            self.synced[str(self._below(path))] = len(self.said)
        elif (self.folder / path).is_dir() and self._below(f"{path}/x"):
            self.disk.sync_folder()
        return file is not None

    _fdatasync = _fsync

    def _rename(self, call: Call) -> bool:
        old, new = (self._below(_text(argument)) for argument in call.arguments[:2])
        if old is None or new is None:
            return False
        self.disk.rename(old, new)
        return True

    def _unlink(self, call: Call) -> bool:
        return self._gone(call.arguments[0])

    def _unlinkat(self, call: Call) -> bool:
        return self._gone(call.arguments[1])

    def _gone(self, argument: str) -> bool:
        name = self._below(_text(argument))
        if name is None:
            return False
        self.disk.name((name, None))
        return True

    def _open(self, call: Call) -> File | None:
        return self.disk.files.get(self._below(_path(call.arguments[0])) or "")

    def _below(self, path: str) -> str | None:
        """Return the name of a path in the folder; the index of a log is made anew by whoever opens it."""
        return path.removeprefix(f"{self.folder}/") if self._ours(path) else None

    def _ours(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/") and not path.endswith("-shm")


def _descriptor(call: Call) -> int:
    return int(call.arguments[0].split("<")[0])


def _path(argument: str) -> str:
    """Return what a descriptor stands for."""
    return _content(argument.partition("<")[2].partition(">")[0]).decode(errors="replace")


def _text(argument: str) -> str:
    return _content(argument).decode(errors="replace")


def _content(argument: str) -> bytes:
    return bytes.fromhex(argument.strip('"').replace("\\x", ""))
