"""A child process that is spoken to in frames of JSON: started afresh, watched, and never outliving us."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeAlias

from edge_assistant.errors import TierError

Frame: TypeAlias = "dict[str, object]"
Frames: TypeAlias = "asyncio.Queue[Frame | None]"
ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "CUDA_", "NVIDIA_", "GGML_", "GOMP_", "OMP_", "HIP_", "ROCR_", "VK_", "LC_")
"""Beginnings of the only variables that a child is given: no secrets, no proxies."""
SETTINGS: Final = {"GGML_NO_BACKTRACE": "1", "GOMP_SPINCOUNT": "10000"}
"""Threads wait for each other awake for a moment only. On a quiet machine that costs nothing (62 tokens/s, two
cores, 0.5B model); on a busy one, where OpenMP's own setting burns the processor that the other thread needs, it
is the difference between 3 and 17 tokens/s. Never waiting awake gives 40 and 40."""
LONGEST_FRAME: Final = 64 << 20
_BURIAL: Final = 2.0
"""Seconds that a killed process may take to be gone."""


class Child(asyncio.Protocol):
    """One running process; what it says comes in on the line of the request that it answers."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._transport: asyncio.WriteTransport | None = None
        self._buffer = bytearray()
        self._lines: dict[object, Frames] = {}
        self.frames: Frames = asyncio.Queue()
        """What it says of no request in particular; None once it has hung up."""
        self.heard = 0
        """How many frames have arrived; it grows as long as the child lives."""

    @classmethod
    async def start(cls, script: Path, environment: Mapping[str, str] = os.environ) -> Child:
        """Run a script of ours in a fresh, isolated interpreter, with a socket to us and next to no environment.

        Raises `TierError`.
        """
        with ExitStack() as undo:
            try:
                ours, theirs = socket.socketpair()
                undo.callback(ours.close)
                with theirs:
                    child = cls(_process(script, theirs, environment))
                undo.callback(child.kill)
                await asyncio.get_running_loop().create_unix_connection(lambda: child, sock=ours)
            except OSError as error:
                raise TierError(f"a process cannot be started: {(error.strerror or str(error)).lower()}") from error
            undo.pop_all()
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        code = self._process.poll()
        if code is None:
            return "it hung up"
        if code == -signal.SIGKILL:
            return "killed from outside: memory may have run short"
        return f"signal {-code}, {signal.strsignal(-code)}" if code < 0 else f"exit code {code}"

    @property
    def crashed(self) -> bool:
        """Whether it has ended, and not by the signals that somebody sends to end a process."""
        return self._process.poll() not in (None, -signal.SIGKILL, -signal.SIGTERM)

    def say(self, **message: object) -> None:
        """Send one frame; a child that has hung up hears nothing."""
        body = json.dumps(message, ensure_ascii=False).encode()
        if self._transport is not None and self.alive:
            self._transport.write(struct.pack(">I", len(body)) + body)

    def line(self, number: int) -> Frames:
        """Open a line for the frames with this id, which then are not among `frames`; None once it has hung up."""
        frames = self._lines[number] = asyncio.Queue()
        if not self.alive:
            frames.put_nowait(None)
        return frames

    def hang_up(self, number: int) -> None:
        """Close a line."""
        self._lines.pop(number, None)

    def kill(self) -> None:
        """End it now; `frames` then ends as well."""
        self._process.kill()
        if self._transport is not None:
            self._transport.abort()
        self._buried()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = struct.unpack_from(">I", self._buffer)
            if length > LONGEST_FRAME:
                self.kill()
                return
            if len(self._buffer) < 4 + length:
                return
            frame = json.loads(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            self.heard += 1
            self._deliver(frame)

    def _deliver(self, frame: Frame) -> None:
        """Put a frame on its line; beats are only counted, and what nobody waits for any more is dropped."""
        number = frame.get("id")
        line = self.frames if number is None else self._lines.get(number)
        if line is not None and "beat" not in frame:
            line.put_nowait(frame)

    def connection_lost(self, error: Exception | None) -> None:
        self._buried()
        for frames in (self.frames, *self._lines.values()):
            frames.put_nowait(None)

    def _buried(self) -> None:
        """Wait for the process that has closed its socket; it is gone within a millisecond or it is killed."""
        for wait in (_BURIAL / 10, _BURIAL):
            try:
                self._process.wait(wait)
            except subprocess.TimeoutExpired:
                self._process.kill()
            else:
                return


def _process(script: Path, theirs: socket.socket, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the arguments are ours
        [sys.executable, "-I", str(script), str(theirs.fileno()), str(os.getpid())],
        pass_fds=[theirs.fileno()],
        env=_allowed(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _allowed(environment: Mapping[str, str]) -> dict[str, str]:
    return {**SETTINGS, **{name: value for name, value in environment.items() if name.startswith(ENVIRONMENT)}}
