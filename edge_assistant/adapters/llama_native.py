"""llama.cpp itself: a GGUF file, loaded into this process. Only the worker does that."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from edge_assistant.adapters.chat_templates import choose
from edge_assistant.adapters.llama_context import MOST_OUTPUTS, Context, Interrupted
from edge_assistant.adapters.llama_sampler import Grammar, Sampler, gbnf
from edge_assistant.adapters.llama_states import WORTH, Conversations, Prefixes, common
from edge_assistant.adapters.llama_vocabulary import Vocabulary
from edge_assistant.adapters.lookup import Lookup
from edge_assistant.adapters.speech import Speech
from edge_assistant.models.loading import Fixed, Loading

SHORTEST_ANSWER: Final = 64
"""Tokens that must be left in the context for an answer, where not even fewer are wanted."""
MOST_CHARACTERS: Final = 32
"""For each token of the context; texts have 1 to 5. Beyond that, tokens are estimated and not counted."""
_SAMPLE: Final = 16_384
"""Characters from which they are estimated."""
_ALL_LAYERS: Final = 0x7FFFFFFF


@dataclass(slots=True)
class Course:
    """How an answer goes."""

    started: float
    prompt: int
    reused: int = 0
    tokens: int = 0
    guessed: int = 0
    ended: str = "length"
    first: float | None = None
    likelihoods: list[float] = field(default_factory=list)
    thought: int = 0

    def said(self, likelihood: float) -> None:
        self.tokens += 1
        self.likelihoods.append(likelihood)

    def told(self) -> dict[str, object]:
        now = time.monotonic()
        first = self.first or now
        counts = {"prompt": self.prompt, "reused": self.reused, "tokens": self.tokens, "ended": self.ended}
        times = {"reading": first - self.started, "speaking": now - first}
        beside = {"likelihoods": self.likelihoods, "thought": self.thought, "guessed": self.guessed}
        return {**counts, **times, **beside}


class TooLong(Exception):
    """The prompt leaves no room for an answer."""


def graphics(library: ModuleType, pointer: int, wanted: int) -> dict[str, object]:
    """Return whether a graphics processor can be used, how many layers lie there, and of how many.

    llama.cpp offers it only where it was built for one and one is there; layers beyond the last are no error.
    """
    offered, layers = bool(library.llama_supports_gpu_offload()), int(library.llama_model_n_layer(pointer)) + 1
    there = (layers if wanted < 0 else min(wanted, layers)) if offered else 0
    return {"graphics": offered, "graphics_layers": there, "layers": layers}


class Model:
    """A GGUF file, loaded, with the keys and values of the last conversations kept."""

    def __init__(self, file: str, loading: Loading, fixed: Fixed | None = None) -> None:
        import llama_cpp

        self._silence = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(self._silence, ctypes.c_void_p(0))
        self._library = llama_cpp
        self._pointer = self._loaded(file, loading)
        self._graphics = graphics(llama_cpp, self._pointer, loading.gpu_layers)
        self._vocabulary = Vocabulary(self._pointer)
        self._context = Context(self._pointer, loading)
        self._conversations = Conversations(self._context, loading.spare << 20)
        self._ahead = min(loading.ahead, loading.batch - 1, MOST_OUTPUTS - 1)
        self._fixed = fixed.texts if fixed else ()
        if fixed:
            self._prefixes = Prefixes(self._context, Path(fixed.folder), _key(file, loading, llama_cpp.__version__))
        template = llama_cpp.llama_model_chat_template(self._pointer, None)
        self._chat = choose(
            template.decode(errors="replace") if template else None,
            self._vocabulary.has,
            self._vocabulary.beginning,
            self._vocabulary.end,
        )
        self._grammar = lru_cache(8)(gbnf)

    def _loaded(self, file: str, loading: Loading) -> int:
        self._library.llama_backend_init()
        parameters = self._library.llama_model_default_params()
        parameters.n_gpu_layers = _ALL_LAYERS if loading.gpu_layers == -1 else loading.gpu_layers
        pointer: int = self._library.llama_model_load_from_file(file.encode(), parameters)
        if not pointer:
            raise ValueError("llama.cpp cannot read the file")
        return pointer

    def resume(self) -> None:
        """Take back an `interrupt`."""
        self._context.resume()

    def interrupt(self) -> None:
        """Stop what runs now, reading included; called from another thread."""
        self._context.interrupt()

    def facts(self) -> dict[str, object]:
        buffer = ctypes.create_string_buffer(512)
        self._library.llama_model_meta_val_str(self._pointer, b"general.name", buffer, len(buffer))
        name = buffer.value.decode(errors="replace")
        return {"context": self._context.size, "name": name, "template": self._chat.reason, **self._graphics}

    def answer(
        self, request: Mapping[str, Any], say: Callable[[str], object], cancelled: threading.Event
    ) -> dict[str, object]:
        """Say the continuation, piece by piece; return how it went. Raises `TooLong`."""
        started = time.monotonic()
        prompt, thinking = self._prompt(request["messages"])
        self._fits(prompt, min(request["max_tokens"], SHORTEST_ANSWER))
        course = Course(started, len(prompt))
        speech = Speech(request["stop"], thinking=thinking, thoughts=request["thoughts"])
        for token in self._tokens(prompt, request, cancelled, course, speech):
            if text := speech.add(self._vocabulary.piece(token)):
                say(text)
            if speech.ended:
                course.ended = speech.ended
                break
        course.thought = speech.thought
        if course.ended != "cancelled" and (text := speech.rest()):
            say(text)
        return course.told()

    def leaning(self, request: Mapping[str, Any]) -> float:
        """Return by how much the first choice is likelier to come next than the second, as a difference of logits.

        Raises `TooLong`, and `Interrupted`.
        """
        prompt, _ = self._prompt(request["messages"])
        self._fits(prompt, 0)
        self._context.read(self._unread(prompt, request["messages"])[0])
        logits = self._context.logits()
        first, second = (self._vocabulary.tokens(word, special=False)[0] for word in request["choices"])
        return float(logits[first] - logits[second])

    def count(self, messages: Sequence[Mapping[str, str]]) -> int:
        """Return how many tokens a conversation has; called from another thread too, since it only reads."""
        try:
            return len(self._prompt(messages)[0])
        except TooLong as error:
            return int(error.args[0])

    def _fits(self, prompt: Sequence[int], answer: int) -> None:
        if self._context.size - len(prompt) < answer:
            raise TooLong(len(prompt))

    def _tokens(
        self,
        prompt: list[int],
        request: Mapping[str, Any],
        cancelled: threading.Event,
        course: Course,
        speech: Speech,
    ) -> Iterator[int]:
        """Yield tokens until the model, the limit or the host ends it, and note which of them it was.

        Thoughts have a limit of their own; they are ended by putting their end into the model's mouth.
        """
        sampler = Sampler(request["temperature"], request["seed"], self._followed(request))
        lookup, given, guess = Lookup(prompt, self._ahead), len(prompt), list[int]()
        try:
            unread, course.reused = self._unread(prompt, request["messages"])
            while (left := self._left(given, request, course, speech)) > 0:
                hurry, before = list[int](), course.tokens
                for token, likelihood in self._said(unread, guess[: left - 1], sampler):
                    course.first = course.first or time.monotonic()
                    if cancelled.is_set():
                        raise Interrupted
                    if self._vocabulary.ends(token):
                        course.ended = "stop"
                        return
                    course.said(likelihood)
                    yield token
                    lookup.hear(token)
                    unread = [token]
                    if hurry := self._vocabulary.tokens(speech.hurried()):
                        break
                self._context.cut(given + course.tokens - 1)
                course.guessed += course.tokens - before - 1
                given += len(hurry)
                unread, guess = [*unread, *hurry], [] if hurry else lookup.guess()
        except Interrupted:
            course.ended = "cancelled"

    def _said(self, unread: list[int], guess: list[int], sampler: Sampler) -> Iterator[tuple[int, float]]:
        """Read on, and yield what is said next with its likelihood: one token more than the guess had right."""
        self._context.read([*unread, *guess], 1 + len(guess))
        for back in range(1 + len(guess), 0, -1):
            token, likelihood = sampler.choose(self._context.logits(back))
            yield token, likelihood
            if back > 1 and token != guess[-back + 1]:
                return

    def _left(self, given: int, request: Mapping[str, Any], course: Course, speech: Speech) -> int:
        """Return how many tokens may still be said: as many as are wanted and the context holds."""
        wanted: int = request["max_tokens"] + speech.thought
        return min(wanted, self._context.size - given) - course.tokens

    def _followed(self, request: Mapping[str, Any]) -> Grammar | None:
        """Return the grammar of an answer, if its form matters. Raises `ValueError`."""
        schema, grammar = request.get("schema"), request.get("grammar")
        if schema:
            return Grammar(self._vocabulary.pointer, self._grammar(schema))
        return Grammar(self._vocabulary.pointer, grammar) if grammar else None

    def _unread(self, prompt: list[int], messages: Sequence[Mapping[str, str]]) -> tuple[list[int], int]:
        """Turn to a conversation; return what of it has to be read, and how many tokens need not be read again.

        A fixed beginning is brought back, or read on its own and kept for the next start.
        """
        known = reused = self._conversations.turn_to(prompt)
        prefix = self._prefix(messages)
        if known < len(prefix) < len(prompt) and prompt[: len(prefix)] == prefix:
            self._context.cut(0)
            known, reused = len(prefix), len(prefix)
            if not self._prefixes.restore(prefix):
                self._context.read(prefix)
                self._prefixes.save()
                reused = 0
        return prompt[known:], reused

    def _prefix(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Return the tokens that every conversation with this system message begins with, if it is a fixed one."""
        first = messages[0]
        if first["role"] != "system" or first["content"] not in self._fixed:
            return []
        one, other = (self._prompt([first, {"role": "user", "content": said}])[0] for said in "ab")
        prefix = one[: common(one, other)]
        return prefix if len(prefix) >= WORTH else []

    def _prompt(self, messages: Sequence[Mapping[str, str]]) -> tuple[list[int], bool]:
        """Write the conversation as the model knows it, and cut it into tokens; tell whether a thought has begun."""
        self._refuse_books(messages)
        plain = self._vocabulary.plain
        said = [{"role": message["role"], "content": plain(message["content"])} for message in messages]
        text = self._chat.template.written(said)
        return self._vocabulary.tokens(text), text.rstrip().endswith("<think>")

    def _refuse_books(self, messages: Sequence[Mapping[str, str]]) -> None:
        """Refuse at once what is too long by far; cutting 200,000 tokens first takes a second or more."""
        said = "".join(message["content"] for message in messages)
        if len(said) > MOST_CHARACTERS * self._context.size:
            sample = self._vocabulary.tokens(said[:_SAMPLE], special=False)
            raise TooLong(len(sample) * len(said) // _SAMPLE)


def _key(file: str, loading: Loading, version: str) -> str:
    """Return what a kept state depends on."""
    about = Path(file).stat()
    layout = {**asdict(loading), "threads": 0, "batch_threads": 0, "ahead": 0, "spare": 0}
    return f"{version} {Path(file).name} {about.st_size} {about.st_mtime_ns} {sorted(layout.items())}"
