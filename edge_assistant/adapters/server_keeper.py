"""Runs a server for us, keeps its last words in a file, and ends it when we are gone: a script for `local_server`.

Arguments: the log, its largest size in bytes, and the command. While we live we hold its standard input open; its end
is ours, whatever killed us. It imports nothing but the standard library, since it is started with ``-I``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

GRACE = 3.0
"""Seconds that a server has to end by itself."""
_PR_SET_PDEATHSIG = 1


def main(log: str, cap: str, *command: str) -> int:
    """Run the command until it ends, or until we are gone; return how it ended."""
    process = subprocess.Popen(  # noqa: S603 - the owner's own command
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_dies_with_us,  # there is one thread yet, so this is safe
    )
    assert process.stdout is not None
    writing = threading.Thread(target=copy, args=(process.stdout, Path(log), int(cap)), daemon=True)
    writing.start()
    threading.Thread(target=_end_with_us, args=(process,), daemon=True).start()
    code = process.wait()
    _signal(process.pid, signal.SIGKILL)  # what it started itself
    writing.join(GRACE)
    return code if code >= 0 else 128 - code


def copy(said: BinaryIO, log: Path, cap: int) -> None:
    """Write down what is said, until it ends; a file that is half as large as it may be is put aside."""
    written = 0
    file = log.open("wb")
    while chunk := os.read(said.fileno(), 65_536):
        if written + len(chunk) > cap // 2:
            file.close()
            os.replace(log, log.with_name(f"{log.name}.1"))
            file, written = log.open("wb"), 0
        written += file.write(chunk[-(cap // 2) :])
        file.flush()
    file.close()


def _end_with_us(process: subprocess.Popen[bytes]) -> None:
    """Wait until nobody holds our standard input, then end the server."""
    while os.read(0, 4096):
        pass
    _signal(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal(process.pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _dies_with_us() -> None:
    """Let the kernel end the server where this process is killed too (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
