"""Other sizes of a GGUF file, made by llama.cpp itself, in a process of its own that can be stopped at any time.

    python -m edge_assistant.adapters.quantize SOURCE TARGET KIND THREADS

is that process: it writes TARGET, and for every tensor one line, its number. llama.cpp takes the weights of a file
apart into 32-bit numbers and packs them anew, so a file that was packed already can be packed again; what its first
packing lost stays lost.
"""

from __future__ import annotations

import ctypes
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.errors import ConfigError, InputError, StorageError
from edge_assistant.models.gguf import Header, Tensor, read_header

Progress: TypeAlias = Callable[[int, int], object]
"""Told how many tensors are done, and how many there are."""
BITS: Final = {"F16": 16.0, "Q8_0": 8.5, "Q6_K": 6.5625, "Q5_K_M": 6.5625, "Q4_K_M": 6.5625, "Q4_0": 4.5}
"""Bits of one weight at most, by kind; a mixture takes more for some tensors than its name says. ggml-common.h."""
_ASIDE: Final = 8.5
"""Bits where a kind steps aside: for words, and for rows that its blocks of 256 do not divide."""
_BLOCK: Final = 256
_MEGABYTE: Final = 1_000_000
_ROOM: Final = 2 * _MEGABYTE
"""For what stands before the weights, beyond that of the source, and between them."""


def quantize(
    source: Path,
    target: Path,
    kind: str,
    threads: int,
    progress: Progress = lambda done, total: None,
    *,
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> Path:
    """Write the model of one GGUF file as another, which takes its name when it is whole, and return its path.

    Raises `InputError` for a file or kind that cannot be made, and `StorageError` where it has no room.
    """
    if kind not in BITS:
        raise InputError(f"there is no kind {kind!r}; there are {', '.join(BITS)}")
    header = _readable(source)
    with _unfinished(target) as partial:
        _check_space(most_bytes(header, kind), target, free(target.parent))
        _run(source, partial, kind, threads, lambda done: progress(done, len(header.tensors)))
        put_in_place(partial, target, kind)
    return target


def most_bytes(header: Header, kind: str) -> int:
    """Return how many bytes a file of a kind has at most, by the tensors of its source."""
    return header.data_offset + _ROOM + sum(_most(tensor, kind) for tensor in header.tensors)


def put_in_place(partial: Path, target: Path, kind: str) -> None:
    """Give a finished file its name, once its header is sound and of the kind. Raises `InputError`."""
    made = _readable(partial).quantization
    if made != kind:
        raise InputError(f"llama.cpp made {made} of it, not {kind}")
    partial.chmod(0o600)
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(partial, target)


def _check_space(needed: int, target: Path, available: int) -> None:
    if available < needed:
        asked, there = f"{needed / _MEGABYTE:,.0f} MB", f"{available / _MEGABYTE:,.0f} MB"
        raise StorageError(f"{target.name} needs up to {asked}, and {there} are free in {target.parent}")


def _most(tensor: Tensor, kind: str) -> int:
    weights = math.prod(tensor.shape)
    if len(tensor.shape) == 1:
        return 4 * weights
    plain = tensor.shape[0] % _BLOCK == 0 and not tensor.name.startswith(("token_embd", "output"))
    return math.ceil(weights / 8 * (BITS[kind] if plain else max(BITS[kind], _ASIDE)))


def _readable(path: Path) -> Header:
    try:
        header = read_header(path)
    except ConfigError as error:
        raise InputError(str(error)) from error
    if header.splits > 1:
        raise InputError(f"{path.name} is one of {header.splits} parts; join them with llama-gguf-split --merge first")
    return header


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """Yield where to write; what is there at the end, because something failed, is deleted. Raises `StorageError`."""
    partial = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield partial
    except OSError as error:
        raise StorageError(f"{target}: {(error.strerror or type(error).__name__).lower()}") from error
    finally:
        partial.unlink(missing_ok=True)


def _run(source: Path, target: Path, kind: str, threads: int, told: Callable[[int], object]) -> None:
    """Let the process work, and hear how far it is; it is killed where nobody waits for it any more."""
    words = [sys.executable, "-m", __name__, str(source), str(target), kind, str(threads)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                told(int(line))
            said = process.stderr.read().strip().rpartition("\n")[2]
        finally:
            process.kill()
    if process.returncode:
        reason = said or f"it ended with {process.returncode}"
        raise InputError(f"llama.cpp cannot make {kind} of {source.name}: {reason}")


def _convert(source: str, target: str, kind: str, threads: int) -> str | None:
    """Call llama.cpp, and return the last thing it said where it fails."""
    import llama_cpp

    said, done = [""], 0

    def hear(level: int, text: bytes, data: object) -> None:
        nonlocal done
        said[0] = text.decode(errors="replace").strip() or said[0]
        if text.startswith(b"["):  # one line for each tensor: "[  3/ 272] blk.0. …"
            done += 1
            print(done, flush=True)

    listener = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(listener, ctypes.c_void_p(0))
    wanted = llama_cpp.llama_model_quantize_default_params()
    wanted.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    wanted.allow_requantize = True
    wanted.nthread = threads
    failed = llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(wanted))
    return said[0] if failed else None


if __name__ == "__main__":
    sys.exit(_convert(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
