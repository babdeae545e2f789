"""llama.cpp itself: a GGUF file, loaded into this process. Only the worker does that."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from edge_assistant.adapters.speech import Speech
from edge_assistant.models.loading import Loading

SHORTEST_ANSWER: Final = 64
"""Tokens that must be left in the context for an answer, where not even fewer are wanted."""
REPEAT_PENALTY: Final = 1.05
"""Mild, over the last 64 tokens: small models go round in circles without it."""


@dataclass(slots=True)
class Course:
    """How an answer goes."""

    started: float
    prompt: int
    reused: int
    tokens: int = 0
    ended: str = "length"
    first: float | None = None
    likelihoods: list[float] = field(default_factory=list)

    def told(self) -> dict[str, object]:
        now = time.monotonic()
        first = self.first or now
        counts = {"prompt": self.prompt, "reused": self.reused, "tokens": self.tokens, "ended": self.ended}
        times = {"reading": first - self.started, "speaking": now - first}
        return {**counts, **times, "likelihoods": self.likelihoods}


class TooLong(Exception):
    """The prompt leaves no room for an answer."""


class Model:
    """A GGUF file, loaded, with the keys and values of the last conversation kept."""

    def __init__(self, file: str, loading: Loading) -> None:
        import llama_cpp
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        self._silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        self._library = llama_cpp
        self._llama = llama_cpp.Llama(
            file,
            n_ctx=loading.context,
            n_batch=loading.batch,
            n_threads=loading.threads,
            n_threads_batch=loading.batch_threads or loading.threads,
            n_gpu_layers=loading.gpu_layers,
            verbose=False,
        )
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama._model.model)
        template = self._llama.metadata.get("tokenizer.chat_template")
        if template is None:
            raise ValueError("the file has no chat template")
        self._template = Jinja2ChatFormatter(
            template, eos_token=self._name(self._llama.token_eos()), bos_token=self._name(self._llama.token_bos())
        )
        self._stopping = False
        self._asked = llama_cpp.ggml_abort_callback(lambda nothing: self._stopping)
        llama_cpp.llama_set_abort_callback(self._llama.ctx, self._asked, ctypes.c_void_p(0))

    def resume(self) -> None:
        """Take back an `interrupt`."""
        self._stopping = False

    def interrupt(self) -> None:
        """Stop what runs now, reading included; called from another thread.

        llama.cpp asks between two operations whether to go on (measured: 0.3 % of the speed).
        """
        self._stopping = True

    def facts(self) -> dict[str, object]:
        described = self._llama.metadata
        return {"context": self._llama.n_ctx(), "name": described.get("general.name", "")}

    def answer(
        self, request: Mapping[str, Any], say: Callable[[str], object], cancelled: threading.Event
    ) -> dict[str, object]:
        """Say the continuation, piece by piece; return how it went. Raises `TooLong`."""
        started = time.monotonic()
        prompt, thinking = self._prompt(request["messages"])
        self._fits(prompt, min(request["max_tokens"], SHORTEST_ANSWER))
        course = Course(started, len(prompt), sum(1 for _ in _common(self._llama.eval_tokens, prompt)))
        speech = Speech(request["stop"], thinking=thinking)
        for token in self._tokens(prompt, request, cancelled, course):
            if text := speech.add(self._piece(token)):
                say(text)
            if speech.stopped:
                course.ended = "stop"
                break
        if course.ended != "cancelled" and (text := speech.rest()):
            say(text)
        return course.told()

    def leaning(self, request: Mapping[str, Any]) -> float:
        """Return by how much the first choice is likelier to come next than the second, as a difference of logits.

        Raises `TooLong`, and `RuntimeError` when it is interrupted.
        """
        prompt, _ = self._prompt(request["messages"])
        self._fits(prompt, 0)
        kept = min(sum(1 for _ in _common(self._llama.eval_tokens, prompt)), len(prompt) - 1)
        self._llama.n_tokens = kept
        self._llama.eval(prompt[kept:])
        logits = self._library.llama_get_logits_ith(self._llama.ctx, -1)
        first, second = (self._llama.tokenize(word.encode(), add_bos=False)[0] for word in request["choices"])
        return float(logits[first] - logits[second])

    def count(self, messages: Sequence[Mapping[str, str]]) -> int:
        """Return how many tokens a conversation has; called from another thread too, since it only reads."""
        return len(self._prompt(messages)[0])

    def _fits(self, prompt: Sequence[int], answer: int) -> None:
        if self._llama.n_ctx() - len(prompt) < answer:
            raise TooLong(len(prompt))

    def _tokens(
        self, prompt: list[int], request: Mapping[str, Any], cancelled: threading.Event, course: Course
    ) -> Iterator[int]:
        """Yield tokens until the model, the limit or the host ends it, and note which of them it was."""
        limit = min(request["max_tokens"], self._llama.n_ctx() - len(prompt))
        seed = request["seed"]
        self._llama.set_seed(self._library.LLAMA_DEFAULT_SEED if seed is None else seed)
        try:
            for token in self._llama.generate(prompt, temp=request["temperature"], repeat_penalty=REPEAT_PENALTY):
                course.first = course.first or time.monotonic()
                if cancelled.is_set():
                    break
                if self._library.llama_vocab_is_eog(self._vocabulary, token):
                    course.ended = "stop"
                    return
                course.tokens += 1
                course.likelihoods.append(self._likelihood(token))
                yield token
                if course.tokens >= limit:
                    return
        except RuntimeError:  # llama_decode returns 2 when the abort callback says stop
            if not cancelled.is_set():
                raise
        course.ended = "cancelled"

    def _likelihood(self, token: int) -> float:
        """Return the logarithm of the probability that the model gave a token, before any penalty.

        Adding up a vocabulary takes 0.12 ms for 150,000 tokens (measured): 0.8 % of the time of one token at 60 a
        second.
        """
        import numpy

        row = self._library.llama_get_logits_ith(self._llama.ctx, -1)
        logits = numpy.ctypeslib.as_array(row, shape=(self._llama.n_vocab(),))
        top = logits.max()
        total = numpy.exp(logits - top, dtype=numpy.float32).sum()
        return round(float(logits[token] - top - numpy.log(total)), 4)

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
