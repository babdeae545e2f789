"""The host's side of the language model: who may ask it when, and what becomes of a request whose worker dies."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, Final, cast

import anyio

from edge_assistant.adapters.child import Child, Frame, Frames
from edge_assistant.adapters.supervised import Patience, Supervised
from edge_assistant.errors import ModelDied, PromptTooLong, TierError
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Fixed, Loading
from edge_assistant.models.poison import DEADLY, Poison, fingerprint
from edge_assistant.models.spoken import Spoken
from edge_assistant.models.stored import unusable
from edge_assistant.models.turns import Turns
from edge_assistant.types import Limits, Message

WORKER: Final = Path(__file__).with_name("llama_worker.py")
_WORDLESS: Final = {
    "time": "said nothing before its time was over",
    "loop": "went round in circles before it said anything",
}
"""What to say of an answer without a word, by how it ended."""
QUEUE: Final = 16
"""Requests that may wait for their turn."""


class LlamaModel:
    """A GGUF file in a process of its own; one answer at a time, the others wait for their turn.

    The worker starts with the first question and again after it died. A request whose worker crashes before
    the first word is tried once more; one that was deadly twice is never tried again.
    """

    def __init__(
        self,
        file: Path,
        *,
        loading: Loading | None = None,
        fixed: Fixed | None = None,
        worker: Path = WORKER,
        patience: Patience | None = None,
        queue: int = QUEUE,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._file = file
        self._loading_as = loading or Loading(threads=physical_cores())
        self._fixed = fixed
        self._supervised = Supervised(worker, self._load_frame, file.name, patience or Patience(), clock)
        self._turns = Turns(queue)
        self._poison = Poison()
        self._numbers = itertools.count(1)
        self._settling: set[asyncio.Task[None]] = set()
        self.last: Spoken | None = None
        """How the last answer went, whoever asked."""

    @property
    def context(self) -> int:
        """Tokens that the model sees at once."""
        return cast(int, self._supervised.facts.get("context", self._loading_as.context))

    @property
    def facts(self) -> Frame:
        """What the worker last said of itself when it was ready: its name, how it is spoken to, what confines it."""
        return self._supervised.facts

    @property
    def loaded(self) -> bool:
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        return self._supervised.pid

    @property
    def busy(self) -> bool:
        """Whether somebody is being answered."""
        return self._turns.busy

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.waiting

    async def stream(
        self,
        messages: Sequence[Message],
        limits: Limits,
        told: Callable[[Spoken], object] = bool,
    ) -> AsyncGenerator[str]:
        """Yield the continuation in pieces, and tell how it went; closing the generator stops the model.

        Where several wait, the askers take turns. Raises `PromptTooLong`, and `TierError` when too many wait, the
        worker cannot be started, dies or hangs, or the prompt was deadly before.
        """
        silent, spoken = True, None
        async with aclosing(self._frames(_request(messages, limits), limits.asker)) as frames:
            async for frame in frames:
                if "text" in frame:
                    silent = False
                    yield cast(str, frame["text"])
                else:
                    self.last = spoken = _spoken(cast("dict[str, Any]", frame["done"]))
                    told(spoken)
        if silent and spoken is not None and spoken.ended in _WORDLESS:
            raise TierError(f"the local model {_WORDLESS[spoken.ended]}")

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
        """Return by how much the first word is likelier to come next than the second: the difference of their logits.

        A cancelled call stops the model. Raises what `stream` raises.
        """
        request: Frame = {"messages": _told(messages), "choices": list(choices)}
        async with aclosing(self._frames(request, asker="")) as frames:
            frame = await anext(frames)
        return cast(float, frame["leaning"])

    async def count(self, messages: Sequence[Message]) -> int:
        """Return how many tokens a conversation has, as the model's template writes it, to the point of the answer.

        It waits for no answer that is under way: the worker counts beside it, with the vocabulary alone. Raises
        `TierError`.
        """
        child, number = await self._supervised.ready(), next(self._numbers)
        line = child.line(number)
        try:
            child.say(count=number, messages=_told(messages))
            frame = await self._supervised.hear(child, line, self._supervised.patience.answering)
        finally:
            child.hang_up(number)
        if "error" in frame:
            raise _failed(frame)
        return cast(int, frame["count"])

    async def close(self) -> None:
        """Stop the worker; the next question would start it again."""
        settling = list(self._settling)
        for task in settling:
            task.cancel()
        if settling:
            await asyncio.wait(settling)
        await self._supervised.close()

    async def _frames(self, request: Frame, asker: str) -> AsyncGenerator[Frame]:
        """Yield what the worker says to one request, the last frame included; try once more if it crashes unheard."""
        prompt, heard = fingerprint(request), False
        for again in (True, False):
            try:
                async with aclosing(self._turn(request, asker, prompt)) as frames:
                    async for frame in frames:
                        heard = True
                        yield frame
                return
            except ModelDied as death:
                if heard or not again or death.cause != "crashed":
                    raise

    async def _turn(self, request: Frame, asker: str, prompt: str) -> AsyncGenerator[Frame]:
        """Wait for a turn, and yield what the worker says; who leaves early makes it stop."""
        if self._poison.deadly(prompt):
            raise TierError(f"the local model died {DEADLY} times of this question, which is not tried again")
        await self._turns.take(asker)
        child, number, finished = None, next(self._numbers), False
        try:
            child = await self._supervised.ready()
            line = child.line(number)
            child.say(ask=number, **request)
            while not finished:
                frame = await self._supervised.hear(child, line, self._supervised.patience.answering)
                finished = "text" not in frame
                if finished:
                    self._answered(frame, prompt)
                yield frame
        except ModelDied as death:
            if child is not None and death.cause != "killed":
                self._poison.died(prompt)
            raise
        finally:
            if child is None or finished or not child.alive:
                self._left(child, number)
            else:
                self._stop(child, number, line)

    def _answered(self, frame: Frame, prompt: str) -> None:
        """Turn a last frame that is no answer into its error."""
        if "too_long" in frame:
            raise PromptTooLong(cast(int, frame["too_long"]), self.context)
        if "error" in frame:
            raise _failed(frame)
        self._poison.survived(prompt)
        self._supervised.did_well()

    def _left(self, child: Child | None, number: int) -> None:
        if child is not None:
            child.hang_up(number)
        self._turns.give_back()

    def _stop(self, child: Child, number: int, line: Frames) -> None:
        """Stop an answer; its place is free once it has truly stopped."""
        child.say(cancel=number)
        task = asyncio.create_task(self._settle(child, number, line))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _settle(self, child: Child, number: int, line: Frames) -> None:
        """Wait until a cancelled answer has stopped; a worker that does not stop is killed."""
        try:
            with anyio.fail_after(self._supervised.patience.cancelling):
                frame = await line.get()
                while frame is not None and "text" in frame:
                    frame = await line.get()
        except TimeoutError:
            child.kill()
        finally:
            self._left(child, number)

    def _load_frame(self) -> Frame:
        """Return what the worker is told to load. Raises `TierError` when the file is not there or is no model."""
        flaw = unusable(self._file)
        if flaw is not None:
            raise TierError(f"{self._file.name} {flaw}; fetch it with: edge-assistant models pull")
        libraries = [entry or str(Path.cwd()) for entry in sys.path]
        fixed = asdict(self._fixed) if self._fixed else None
        return {**asdict(self._loading_as), "file": str(self._file.resolve()), "path": libraries, "fixed": fixed}


def _request(messages: Sequence[Message], limits: Limits) -> Frame:
    return {
        "messages": _told(messages),
        "max_tokens": limits.max_tokens,
        "temperature": limits.temperature,
        "stop": list(limits.stop),
        "seed": limits.seed,
        "seconds": limits.seconds,
        "thoughts": limits.thoughts,
        "schema": limits.schema,
        "grammar": limits.grammar,
    }


def _failed(frame: Frame) -> TierError:
    return TierError(f"the local model failed: {frame['error']}")


def _spoken(done: dict[str, Any]) -> Spoken:
    return Spoken(**{**done, "likelihoods": tuple(done.get("likelihoods", ()))})


def _told(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in messages]
