"""The process that reads documents, so that a hostile one harms nobody: paths in, blocks out.

It is run as a file by an isolated interpreter. It hears ``{"path": […], "megabytes": …}`` once, then
``{"read": path, …}``; it says ``blocks`` and ``cards`` in portions, and ends with ``document`` or ``refused``.
Once its libraries are loaded, it can write nothing and open one file and no socket; while it reads that file's
content, it can open nothing at all.
"""

from __future__ import annotations

import encodings.aliases
import importlib
import math
import os
import pkgutil
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

PORTION = 500
"""Blocks or cards in one frame; with 10,000 characters each at most, far below the longest frame."""
LIBRARIES = ("pypdf", "markdownify", "bs4", "markdown_it", "mammoth", "cobble", "email", "xml")
"""What readers load late, and could not load once no file may be opened."""


class TookTooLong(BaseException):
    """The processor time for one document is spent; nothing that reads may catch this."""


def preload() -> None:
    """Load every module that a reader may ever want."""
    importlib.import_module("edge_assistant.knowledge.readers")
    for name in ("html.parser", "zipfile", "quopri", "uu", *(f"encodings.{one}" for one in _codings())):
        with suppress(ImportError):
            importlib.import_module(name)
    for library in LIBRARIES:
        with suppress(ImportError):
            package = importlib.import_module(library)
            for module in pkgutil.walk_packages(package.__path__, f"{library}.", onerror=lambda name: None):
                if ".tests" not in module.name and not module.name.endswith("__main__"):
                    with suppress(ImportError):
                        importlib.import_module(module.name)


def _codings() -> set[str]:
    return {*encodings.aliases.aliases.values(), "utf_8_sig", "idna", "punycode"}


def confine(megabytes: int) -> int:
    """Bound the memory, forbid writing, and leave one free descriptor; return that many descriptors."""
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, free + 1))
    signal.signal(signal.SIGXCPU, _stop)
    return free + 1


def answer(request: Mapping[str, Any], descriptors: int) -> Iterator[dict[str, Any]]:
    """Read one document; yield it in frames, or why it cannot be used."""
    from edge_assistant.errors import InputError
    from edge_assistant.knowledge.readers import contents, parsed

    path = Path(request["read"])
    try:
        content = contents(path, request["limit"])
        _limits(0, request["seconds"], descriptors)
        document = parsed(
            content, path, request["source"], collection=request["collection"], language=request["language"]
        )
        _limits(descriptors, math.inf, descriptors)
    except InputError as error:
        yield {"refused": str(error)}
        return
    except MemoryError:
        yield {"refused": f"{path}: reading it takes too much memory"}
        return
    except TookTooLong:
        wait = f"{request['seconds']:g} seconds"
        yield {"refused": f"{path}: reading it takes longer than {wait} (the setting is knowledge.max_seconds)"}
        return
    finally:
        _limits(descriptors, math.inf, descriptors)
    for name, parts in (("blocks", document.blocks), ("cards", document.cards)):
        for portion in _portions(parts):
            yield {name: [asdict(part) for part in portion]}
    wanted = ("source", "title", "language", "collection", "origin", "sha256")
    yield {"document": {name: getattr(document, name) for name in wanted}}


def _limits(open_files: int, seconds: float, descriptors: int) -> None:
    """Set how many files may be open, and how much processor time there is from now on."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, descriptors))
    spent = resource.getrusage(resource.RUSAGE_SELF)
    until = resource.RLIM_INFINITY if seconds == math.inf else math.ceil(spent.ru_utime + spent.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _stop(number: int, frame: object) -> None:
    raise TookTooLong


def _portions(parts: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(parts), PORTION):
        yield parts[start : start + PORTION]


def main(descriptor: int, parent: int) -> None:
    """Serve one host until it hangs up."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from edge_assistant.adapters.llama_worker import Line, harden

    harden(parent)
    line, descriptors = Line(socket.socket(fileno=descriptor)), 0
    for request in line.frames():
        if "path" in request:
            sys.path[:] = request["path"]
            preload()
            descriptors = confine(request["megabytes"])
            continue
        for frame in answer(request, descriptors):
            line.say(**frame)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
