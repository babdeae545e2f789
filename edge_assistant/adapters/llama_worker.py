"""The process that holds the language model: frames of JSON in, pieces of text out.

It is run as a file by an isolated interpreter and imports nothing of ours but `llama_native`, late, once the
host has said where libraries lie; so it starts fast and stays small. A frame is a length (4 bytes, big-endian)
and that much JSON. It hears ``{"load": …}`` once, then ``{"ask": id, …}``, ``{"cancel": id}`` and
``{"count": id, …}``; it says ``ready``, ``beat`` while it works, and for each id its ``text``, then ``done``,
``too_long`` or ``error``, or its ``count``, which waits for no answer that is under way. Where ``choices`` are
given, two words, it says no text but ``leaning``: how much likelier the first one is.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge_assistant.adapters.llama_native import Model

PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
LARGEST_FILE = 256
"""Megabytes of one that is written, where any may be: what a model makes of the beginning of a conversation."""
HEARTBEAT = 1.0
"""Seconds between two signs of life."""
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError),
    *(MemoryError, OSError, RuntimeError, TypeError, ValueError),
)
"""What loading and answering may raise that is told to the host in words; anything else ends the process."""


class Line:
    """The socket to the host, with frames going out whole."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = connection.makefile("rb")
        self._lock = threading.Lock()

    def say(self, **message: object) -> None:
        body = json.dumps(message, ensure_ascii=False).encode()
        with self._lock:
            self._connection.sendall(struct.pack(">I", len(body)) + body)

    def frames(self) -> Iterator[dict[str, Any]]:
        while len(head := self._incoming.read(4)) == 4:
            yield json.loads(self._incoming.read(struct.unpack(">I", head)[0]))


def harden(parent: int) -> None:
    """Die with the parent, leave no core, be the first to go when memory is short, ignore the terminal.

    Where that is permitted, move to a network of one's own with nothing in it.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    library.unshare(CLONE_NEWNET)
    if os.getppid() != parent:
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("800")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Worker:
    """One thread hears, one counts, one shows that it lives, and the main one answers, one request at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self._counted: queue.Queue[dict[str, Any]] = queue.Queue()
        self._busy = threading.Semaphore(0)
        """What is under way: a beat is heard only while there is something."""
        self._lock = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}
        self._current: int | None = None
        self._model: Model | None = None

    def run(self) -> None:
        for thread in (self._hear, self._beat, lambda: self._work(self._counted)):
            threading.Thread(target=thread, daemon=True).start()
        self._work(self._asked)

    def _work(self, requests: queue.Queue[dict[str, Any]]) -> None:
        while True:
            request = requests.get()
            self._busy.release()
            self._serve(request)
            self._busy.acquire()

    def _serve(self, request: Mapping[str, Any]) -> None:
        try:
            if "load" in request:
                self._load(request["load"])
            elif "count" in request:
                assert self._model is not None, "loaded first"
                self._line.say(id=request["count"], count=self._model.count(request["messages"]))
            else:
                self._line.say(id=request["ask"], **self._answer(request))
        except FAILURES as error:
            self._line.say(id=request.get("ask", request.get("count")), error=f"{type(error).__name__}: {error}")

    def _load(self, how: Mapping[str, Any]) -> None:
        options = dict(how)
        file, sys.path[:], fixed = options.pop("file"), options.pop("path"), options.pop("fixed")
        from edge_assistant.adapters.confinement import confine
        from edge_assistant.adapters.llama_native import Model
        from edge_assistant.models.loading import Fixed, Loading

        self._model = Model(file, Loading(**options), Fixed(**fixed) if fixed else None)
        confined = confine(LARGEST_FILE if fixed else 0)
        self._line.say(ready={**self._model.facts(), "confined": confined})

    def _answer(self, request: Mapping[str, Any]) -> dict[str, object]:
        """Answer, and return the last frame about it."""
        from edge_assistant.adapters.llama_native import TooLong

        assert self._model is not None, "loaded first"
        number = request["ask"]
        with self._lock:
            cancelled = self._cancelled[number]
            self._current = number
            self._model.resume()
            if cancelled.is_set():
                self._model.interrupt()
        try:
            if "choices" in request:
                return self._lean(request, cancelled)
            return {"done": self._speak(request, cancelled)}
        except TooLong as error:
            return {"too_long": error.args[0]}
        finally:
            with self._lock:
                self._current = None
                del self._cancelled[number]

    def _speak(self, request: Mapping[str, Any], cancelled: threading.Event) -> dict[str, object]:
        """Say an answer, for so many seconds at most."""
        assert self._model is not None, "loaded first"
        number, late = request["ask"], threading.Event()

        def overtime() -> None:
            late.set()
            self._stop(number)

        timer = threading.Timer(request["seconds"], overtime)
        timer.daemon = True
        timer.start()
        try:
            done = self._model.answer(request, lambda text: self._line.say(id=number, text=text), cancelled)
        finally:
            timer.cancel()
        return {**done, "ended": "time"} if done["ended"] == "cancelled" and late.is_set() else done

    def _lean(self, request: Mapping[str, Any], cancelled: threading.Event) -> dict[str, object]:
        assert self._model is not None, "loaded first"
        try:
            return {"leaning": self._model.leaning(request)}
        except RuntimeError:  # llama_decode returns 2 when the abort callback says stop
            if not cancelled.is_set():
                raise
            return {"cancelled": True}

    def _hear(self) -> None:
        for message in self._line.frames():
            if "ask" in message:
                with self._lock:
                    self._cancelled[message["ask"]] = threading.Event()
            if "cancel" in message:
                self._stop(message["cancel"])
            else:
                (self._counted if "count" in message else self._asked).put(message)
        os._exit(0)

    def _stop(self, number: int) -> None:
        """Stop an answer that is under way, or will be."""
        with self._lock:
            if number in self._cancelled:
                self._cancelled[number].set()
                if self._current == number and self._model is not None:
                    self._model.interrupt()

    def _beat(self) -> None:
        while self._busy.acquire():
            self._busy.release()
            with contextlib.suppress(OSError):
                self._line.say(beat=True)
            time.sleep(HEARTBEAT)


def main(descriptor: int, parent: int) -> None:
    """Serve one host until it hangs up."""
    harden(parent)
    Worker(Line(socket.socket(fileno=descriptor))).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
