"""The process that holds the language model: frames of JSON in, pieces of text out.

It is run as a file by an isolated interpreter and imports nothing of ours, so that it starts fast and stays
small. A frame is a length (4 bytes, big-endian) and that much JSON. It hears ``{"load": …}`` once, then
``{"ask": id, …}`` and ``{"cancel": id}``; it says ``ready``, ``beat`` while it works, and for each id its
``text``, then ``done`` or ``error``.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import json
import os
import queue
import re
import resource
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PR_SET_PDEATHSIG = 1
HEARTBEAT = 1.0
"""Seconds between two signs of life."""
_BATCH = 256
"""Tokens read at once: as fast as 512 on two cores, with half the scratch memory."""
FAILURES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError),
    *(MemoryError, OSError, RuntimeError, TypeError, ValueError),
)
"""What loading and answering may raise that is told to the host in words; anything else ends the process."""


class TooLong(Exception):
    """The prompt leaves no room for an answer."""


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


class Speech:
    """Turns bytes of tokens into text that can be shown.

    Characters come out whole, a stop sequence and what follows it never do, and neither do the thoughts that
    a reasoning model puts between ``<think>`` and ``</think>``.
    """

    def __init__(self, stops: Sequence[str], *, thinking: bool = False) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = [stop for stop in stops if stop]
        self._held = "<think>" if thinking else ""
        self._spoken = False
        self.stopped = False

    def add(self, piece: bytes) -> str:
        """Return what may be shown now."""
        return self._released(self._decoder.decode(piece))

    def rest(self) -> str:
        """Return what was held back, once no more comes."""
        text = self._released(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return text if self.stopped or held.startswith("<think>") else text + held

    def _released(self, text: str) -> str:
        self._held += text
        if not self._spoken and not self._past_thoughts():
            return ""
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        text = self._held[: len(self._held) - keep]
        self._held = self._held[len(text) :]
        return text

    def _past_thoughts(self) -> bool:
        """Drop thoughts and the space before the first word; false while more has to be seen."""
        self._held = re.sub(r"\A\s*(<think>.*?</think>\s*)?", "", self._held, flags=re.DOTALL)
        opening = self._held[: len("<think>")]
        self._spoken = bool(opening) and not "<think>".startswith(opening)
        return self._spoken


class Model:
    """A GGUF file, loaded, with the keys and values of the last conversation kept."""

    def __init__(self, file: str, context: int, threads: int, gpu_layers: int) -> None:
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        self._library = llama_cpp
        self._llama = llama_cpp.Llama(
            file,
            n_ctx=context,
            n_batch=_BATCH,
            n_ubatch=_BATCH,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=gpu_layers,
            verbose=False,
        )
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama._model.model)
        template = self._llama.metadata.get("tokenizer.chat_template")
        if template is None:
            raise ValueError("the file has no chat template")
        self._template = Jinja2ChatFormatter(
            template, eos_token=self._name(self._llama.token_eos()), bos_token=self._name(self._llama.token_bos())
        )
        self._abort = ctypes.create_string_buffer(2)
        # The C library's strlen, asked by llama.cpp between two operations whether to stop: it is true while
        # the buffer holds a byte, and costs no Python in the loop (a Python callback costs 4 % of the speed).
        asks = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)
        llama_cpp.llama_set_abort_callback(self._llama.ctx, asks, ctypes.addressof(self._abort))

    def resume(self) -> None:
        """Take back an `interrupt`."""
        self._abort.raw = b"\0\0"

    def interrupt(self) -> None:
        """Stop what runs now, reading included; called from another thread."""
        self._abort.raw = b"\1\0"

    def facts(self) -> dict[str, object]:
        described = self._llama.metadata
        return {"context": self._llama.n_ctx(), "name": described.get("general.name", "")}

    def answer(self, request: Mapping[str, Any], line: Line, cancelled: threading.Event) -> dict[str, object]:
        """Say the continuation, piece by piece; return how it went. Raises `TooLong`."""
        started = time.monotonic()
        prompt, thinking = self._prompt(request["messages"])
        room = self._llama.n_ctx() - len(prompt)
        if room < min(request["max_tokens"], 64):
            raise TooLong(len(prompt))
        reused = sum(1 for _ in _common(self._llama.eval_tokens, prompt))
        speech = Speech(request["stop"], thinking=thinking)
        count, first, ended = 0, 0.0, "length"
        try:
            for token in self._tokens(prompt, request):
                first = first or time.monotonic()
                if cancelled.is_set() or self._library.llama_vocab_is_eog(self._vocabulary, token):
                    ended = "cancelled" if cancelled.is_set() else "stop"
                    break
                count += 1
                if text := speech.add(self._piece(token)):
                    line.say(id=request["ask"], text=text)
                if speech.stopped:
                    ended = "stop"
                    break
                if count >= min(request["max_tokens"], room):
                    break
        except RuntimeError:  # llama_decode returns 2 when the abort callback says stop
            if not cancelled.is_set():
                raise
            ended = "cancelled"
        if ended != "cancelled" and (text := speech.rest()):
            line.say(id=request["ask"], text=text)
        now = time.monotonic()
        first = first or now
        return {
            "prompt": len(prompt),
            "reused": reused,
            "tokens": count,
            "ended": ended,
            "reading": first - started,
            "speaking": now - first,
        }

    def _tokens(self, prompt: list[int], request: Mapping[str, Any]) -> Iterator[int]:
        seed = request["seed"]
        self._llama.set_seed(seed if seed is not None else self._library.LLAMA_DEFAULT_SEED)
        tokens: Iterator[int] = self._llama.generate(prompt, temp=request["temperature"], repeat_penalty=1.05)
        return tokens

    def _prompt(self, messages: Sequence[Mapping[str, str]]) -> tuple[list[int], bool]:
        """Render the conversation with the file's own template, in a sandbox, and cut it into tokens."""
        import jinja2

        safe: Any = [{"role": message["role"], "content": self._plain(message["content"])} for message in messages]
        try:
            text = self._template(messages=safe, enable_thinking=False).prompt
        except jinja2.TemplateError as error:
            raise ValueError(f"the chat template of the file fails: {error}") from error
        tokens = self._llama.tokenize(text.encode(), add_bos=False, special=True)
        return tokens, text.rstrip().endswith("<think>")

    def _plain(self, text: str) -> str:
        """Take out control tokens: who speaks next is said by the template, never by what was said."""
        while True:
            tokens = self._llama.tokenize(text.encode(), add_bos=False, special=True)
            kept = [token for token in tokens if not self._commands(token)]
            if len(kept) == len(tokens):
                return text
            text = self._llama.detokenize(kept).decode(errors="replace")

    def _commands(self, token: int) -> bool:
        return bool(self._library.llama_vocab_is_control(self._vocabulary, token))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = self._library.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, length)]

    def _name(self, token: int) -> str:
        return "" if token == -1 else str(self._llama._model.token_get_text(token))


def _common(before: Sequence[int], after: Sequence[int]) -> Iterator[int]:
    for one, other in zip(before, after, strict=False):
        if one != other:
            return
        yield one


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of a text may be the beginning of a stop sequence."""
    return next((size for size in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:size])), 0)


def harden(parent: int) -> None:
    """Die with the parent, leave no core, be the first to go when memory is short, ignore the terminal."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("800")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Worker:
    """One thread hears, one shows that it lives, and the main one works, one request at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self._busy = threading.Event()
        self._lock = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}
        self._current: int | None = None
        self._model: Model | None = None

    def run(self) -> None:
        for thread in (self._hear, self._beat):
            threading.Thread(target=thread, daemon=True).start()
        while True:
            request = self._asked.get()
            self._busy.set()
            self._serve(request)
            self._busy.clear()

    def _serve(self, request: Mapping[str, Any]) -> None:
        try:
            if "load" in request:
                self._load(request["load"])
            else:
                self._line.say(id=request["ask"], done=self._answer(request))
        except TooLong as error:
            self._line.say(id=request["ask"], too_long=error.args[0])
        except FAILURES as error:
            self._line.say(id=request.get("ask"), error=f"{type(error).__name__}: {error}")

    def _load(self, how: Mapping[str, Any]) -> None:
        sys.path[:] = how["path"]
        self._model = Model(how["file"], how["context"], how["threads"], how["gpu_layers"])
        self._line.say(ready=self._model.facts())

    def _answer(self, request: Mapping[str, Any]) -> dict[str, object]:
        assert self._model is not None, "loaded first"
        number = request["ask"]
        with self._lock:
            cancelled = self._cancelled[number]
            self._current = number
            self._model.resume()
        try:
            if cancelled.is_set():
                return {"prompt": 0, "reused": 0, "tokens": 0, "ended": "cancelled", "reading": 0.0, "speaking": 0.0}
            return self._model.answer(request, self._line, cancelled)
        finally:
            with self._lock:
                self._current = None
                del self._cancelled[number]

    def _hear(self) -> None:
        for message in self._line.frames():
            with self._lock:
                if "ask" in message:
                    self._cancelled[message["ask"]] = threading.Event()
                elif "cancel" in message and message["cancel"] in self._cancelled:
                    self._cancelled[message["cancel"]].set()
                    if self._current == message["cancel"] and self._model is not None:
                        self._model.interrupt()
            if "cancel" not in message:
                self._asked.put(message)
        os._exit(0)

    def _beat(self) -> None:
        while self._busy.wait():
            with contextlib.suppress(OSError):
                self._line.say(beat=True)
            time.sleep(HEARTBEAT)


def main(descriptor: int, parent: int) -> None:
    """Serve one host until it hangs up."""
    harden(parent)
    Worker(Line(socket.socket(fileno=descriptor))).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
