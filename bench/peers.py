"""Other ways of running a GGUF file, each in a process of its own: it is told a line, and says a rate.

    python -m bench.peers generate|chat|xllamacpp FILE TOKENS THREADS

Two copies of llama.cpp in one process would share their symbols; and a peer gets the same environment as our
worker, so that no one's threads wait for each other awake on a busy machine.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Final

from edge_assistant.adapters.child import SETTINGS
from edge_assistant.adapters.llama_sampler import REPEAT_PENALTY

CONTEXT: Final = 2048
QUESTION: Final = "Tell a long story about a lighthouse and its keeper."


class Peer:
    """A way of running a model, waiting in its process."""

    def __init__(self, name: str, file: Path, tokens: int, threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.peers", name, str(file), str(tokens), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **SETTINGS},
        )

    def rate(self) -> float:
        """Return the tokens per second of one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


def present() -> list[str]:
    """Return the ways that are installed here; `xllamacpp` is, after ``pip install xllamacpp``."""
    return ["generate", "chat", *(["xllamacpp"] if importlib.util.find_spec("xllamacpp") else [])]


def rate(arrivals: list[float]) -> float:
    """Return tokens per second from the moments at which they came."""
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def _generate(file: str, tokens: int, threads: int) -> Callable[[], float]:
    """The bare loop of llama-cpp-python, which does not even make text of the tokens."""
    model = _llama(file, threads)
    prompt = model.tokenize(QUESTION.encode())

    def answer() -> float:
        arrivals = []
        for _ in model.generate(prompt, temp=0.0, repeat_penalty=REPEAT_PENALTY):
            arrivals.append(perf_counter())
            if len(arrivals) == tokens:
                break
        return rate(arrivals)

    return answer


def _chat(file: str, tokens: int, threads: int) -> Callable[[], float]:
    """llama-cpp-python as its manual shows it."""
    model = _llama(file, threads)

    def answer() -> float:
        chunks: Any = model.create_chat_completion(stream=True, **_request(tokens))
        return rate([perf_counter() for chunk in chunks if chunk["choices"][0]["delta"].get("content")])

    return answer


def _xllamacpp(file: str, tokens: int, threads: int) -> Callable[[], float]:
    """llama.cpp's own server loop, called in its process."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    chosen = xllamacpp.CommonParams()
    chosen.model.path, chosen.n_ctx, chosen.n_parallel, chosen.verbosity = file, CONTEXT, 1, -1
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(chosen)

    def answer() -> float:
        arrivals: list[float] = []

        def heard(chunk: Any) -> None:
            if isinstance(chunk, dict) and any(choice["delta"].get("content") for choice in chunk["choices"]):
                arrivals.append(perf_counter())

        server.handle_chat_completions({"stream": True, "repeat_last_n": 64, **_request(tokens)}, heard)
        return rate(arrivals)

    return answer


def _llama(file: str, threads: int) -> Any:
    from llama_cpp import Llama

    return Llama(file, n_ctx=CONTEXT, n_threads=threads, n_threads_batch=threads, verbose=False)


def _request(tokens: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": QUESTION}]
    return {"messages": messages, "max_tokens": tokens, "temperature": 0.0, "repeat_penalty": REPEAT_PENALTY}


def main() -> None:
    """Say a rate for each line that is heard."""
    name, file, tokens, threads = sys.argv[1:]
    start = {"generate": _generate, "chat": _chat, "xllamacpp": _xllamacpp}[name]
    answer = start(file, int(tokens), int(threads))
    for _ in sys.stdin:
        print(answer(), flush=True)


if __name__ == "__main__":
    main()
