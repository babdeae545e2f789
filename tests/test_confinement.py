"""What a confined process cannot do any more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge_assistant.adapters.confinement import _ARCHITECTURES, _CALLS, confine

TRY = """
import ctypes, os, signal, socket, subprocess, sys, threading
sys.path[:] = {path!r}
from edge_assistant.adapters.confinement import confine
go, results = threading.Event(), []

def attempt(name, deed):
    try:
        deed()
        print(name, "works")
    except OSError as error:
        print(name, error.strerror)

def older():
    go.wait()
    attempt("a socket, from a thread that was there before", socket.socket)

thread = threading.Thread(target=older)
thread.start()
ours, theirs = socket.socketpair()
print(confine(1))
go.set()
thread.join()
attempt("a socket", socket.socket)
attempt("a fork", os.fork)
attempt("a program", lambda: subprocess.run(["/bin/true"]))
attempt("another program", lambda: os.execv("/bin/true", ["true"]))
attempt("a signal to the parent", lambda: os.kill(os.getppid(), 0))
attempt("the line to the host", lambda: ours.sendall(b"x"))
attempt("a thread", lambda: [one.start() or one.join() for one in [threading.Thread(target=int)]])
attempt("a file", lambda: open(sys.executable, "rb").read(10))
attempt("a large file", lambda: os.posix_fallocate(os.memfd_create("x"), 0, 2 << 20))
attempt("memory", lambda: bytearray(64 << 20))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_a_confined_process_reaches_nobody_and_starts_nothing_and_works_on() -> None:
    ran = subprocess.run([sys.executable, "-c", TRY.format(path=sys.path)], capture_output=True, text=True, check=True)

    told = ran.stdout.splitlines()
    if "no network and no other programs (seccomp)" not in told:
        pytest.skip(f"not run: {told[0]}")
    forbidden = ("a socket, from a thread that was there before", "a socket", "a fork", "a program", "another program")
    for deed in (*forbidden, "a signal to the parent"):
        assert f"{deed} Operation not permitted" in told
    assert "a large file File too large" in told
    for deed in ("the line to the host", "a thread", "a file", "memory"):
        assert f"{deed} works" in told


@pytest.mark.parametrize("machine", _ARCHITECTURES)
def test_no_call_is_named_twice(machine: str) -> None:
    numbers = [call[_ARCHITECTURES[machine][0]] for call in _CALLS.values()]

    named = [number for number in numbers if number is not None]

    assert len(named) == len(set(named))


def test_a_machine_without_a_filter_says_so() -> None:
    code = "import platform, sys; platform.machine = lambda: 'riscv64'"
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{code}; sys.path[:] = {sys.path!r}; from {confine.__module__} import *; print(confine(1))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.startswith("limits only: no filter of system calls is known for ")
