"""The host's side of the language model: it starts the worker, watches it, and passes its words on."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Final, cast

import anyio

from edge_assistant.adapters.child import Child, Frame
from edge_assistant.errors import PromptTooLong, TierError
from edge_assistant.models.catalog import unusable
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.loading import Loading
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message

WORKER: Final = Path(__file__).with_name("llama_worker.py")
LONGEST_REST: Final = 60.0
"""Seconds between two starts of a worker that keeps dying; the rests double up to this, from the second death on."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker may be silent before it is killed, in seconds; it beats once a second."""

    loading: float = 30.0
    answering: float = 5.0
    cancelling: float = 3.0


class LlamaModel:
    """A GGUF file in a process of its own; one answer at a time, the others wait in order.

    The worker starts with the first question and again after it died. A worker that keeps dying rests in
    between, and its questions fail at once.
    """

    def __init__(
        self,
        file: Path,
        *,
        loading: Loading | None = None,
        worker: Path = WORKER,
        patience: Patience | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._file = file
        self._loading_as = loading or Loading(threads=physical_cores())
        self._worker = worker
        self._patience = patience or Patience()
        self._clock = clock
        self._slot = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._child: Child | None = None
        self._loading: asyncio.Task[Child] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._deaths: list[str] = []
        self._rest_until = 0.0
        self.context = self._loading_as.context
        self.last: Spoken | None = None
        """How the last answer went."""

    @property
    def loaded(self) -> bool:
        return self._child is not None and self._child.alive

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        return self._child.pid if self._child is not None and self._child.alive else None

    @property
    def busy(self) -> bool:
        """Whether somebody is being answered."""
        return self._slot.locked()

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        """Yield the continuation in pieces, and tell how it went; closing the generator stops the model.

        Raises `PromptTooLong`, and `TierError` when the worker cannot be started, dies or hangs.
        """
        async with aclosing(self._frames(_request(messages, limits))) as frames:
            async for frame in frames:
                if "text" in frame:
                    yield cast(str, frame["text"])
                else:
                    self.last = _spoken(cast("dict[str, Any]", frame["done"]))
                    told(self.last)

    async def leaning(self, messages: Sequence[Message], choices: tuple[str, str]) -> float:
        """Return by how much the first word is likelier to come next than the second: the difference of their logits.

        A cancelled call stops the model. Raises what `stream` raises.
        """
        async with aclosing(self._frames({"messages": _told(messages), "choices": list(choices)})) as frames:
            frame = await anext(frames)
        return cast(float, frame["leaning"])

    async def count(self, messages: Sequence[Message]) -> int:
        """Return how many tokens a conversation has, as the model's template writes it, to the point of the answer.

        It waits for no answer that is under way: the worker counts beside it, with the vocabulary alone. Raises
        `TierError`.
        """
        child, number = await self._ready(), next(self._numbers)
        awaited = child.awaited(number)
        child.say(count=number, messages=_told(messages))
        heard = -1
        while not awaited.done():
            if heard == child.heard:
                raise self._silent(child, self._patience.answering)
            heard = child.heard
            await asyncio.wait([awaited], timeout=self._patience.answering)
        frame = awaited.result()
        if frame is None:
            raise self._died(child, f"stopped unexpectedly ({child.ending})")
        if "error" in frame:
            raise TierError(f"the local model failed: {frame['error']}")
        return cast(int, frame["count"])

    async def close(self) -> None:
        """Stop the worker; the next question would start it again."""
        for task in (self._loading, self._settling):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.wait([task])
        if self._child is not None:
            self._child.kill()
        self._child = self._loading = None

    async def _frames(self, request: Frame) -> AsyncGenerator[Frame]:
        """Yield what the worker says to one request, the last frame included, once it is this one's turn."""
        await self._slot.acquire()
        child, number, finished = None, next(self._numbers), False
        try:
            child = await self._ready()
            child.say(ask=number, **request)
            while not finished:
                frame = await self._hear(child, self._patience.answering)
                if frame.get("id") != number:
                    continue
                finished = "text" not in frame
                if finished:
                    self._raise(frame)
                yield frame
        finally:
            if child is None or finished or not child.alive:
                self._slot.release()
            else:
                child.say(cancel=number)
                self._settling = asyncio.create_task(self._settle(child, number))

    def _raise(self, frame: Frame) -> None:
        """Turn a last frame that is no answer into its error."""
        if "too_long" in frame:
            raise PromptTooLong(cast(int, frame["too_long"]), self.context)
        if "error" in frame:
            raise TierError(f"the local model failed: {frame['error']}")
        self._deaths.clear()

    async def _settle(self, child: Child, number: int) -> None:
        """Free the place once a cancelled answer has truly stopped; a worker that does not stop is killed."""

        async def stopped() -> None:
            frame = await child.frames.get()
            while frame is not None and (frame.get("id") != number or "text" in frame):
                frame = await child.frames.get()

        try:
            with anyio.fail_after(self._patience.cancelling):
                await stopped()
        except TimeoutError:
            child.kill()
        finally:
            self._slot.release()

    async def _ready(self) -> Child:
        """Return the worker, loaded. A caller who leaves does not stop the load: the next one wants it too."""
        if self._child is not None and self._child.alive:
            return self._child
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._loading)

    async def _load(self) -> Child:
        flaw = unusable(self._file)
        if flaw is not None:
            raise TierError(f"{self._file.name} {flaw}; fetch it with: edge-assistant models pull")
        left = self._rest_until - self._clock()
        if left > 0:
            raise TierError(f"the local model rests for {left:.0f} s, since it {self._deaths[-1]}")
        child = self._child = await Child.start(self._worker)
        try:
            libraries = [entry or str(Path.cwd()) for entry in sys.path]
            child.say(load={**asdict(self._loading_as), "file": str(self._file.resolve()), "path": libraries})
            frame: Frame = {}
            while "ready" not in frame:
                frame = await self._hear(child, self._patience.loading)
                if "error" in frame:
                    raise self._died(child, f"could not load {self._file.name}: {frame['error']}")
        except asyncio.CancelledError:
            child.kill()
            raise
        self.context = cast(int, cast(Frame, frame["ready"]).get("context", self.context))
        return child

    async def _hear(self, child: Child, patience: float) -> Frame:
        """Return the next frame. Raises `TierError` when the worker has died, or was silent and is killed."""
        while True:
            heard = child.heard
            try:
                with anyio.fail_after(patience):  # `asyncio.wait_for` may lose a cancellation before Python 3.12
                    frame = await child.frames.get()
            except TimeoutError:
                if child.heard == heard:
                    raise self._silent(child, patience) from None
                continue
            if frame is None:
                raise self._died(child, f"stopped unexpectedly ({child.ending})")
            return frame

    def _silent(self, child: Child, patience: float) -> TierError:
        return self._died(child, f"gave no sign of life for {patience:g} s and was stopped")

    def _died(self, child: Child, how: str) -> TierError:
        child.kill()
        self._deaths.append(how)
        rest = 0.0 if len(self._deaths) < 2 else min(LONGEST_REST, 2.0 ** (len(self._deaths) - 2))
        self._rest_until = self._clock() + rest
        return TierError(f"the local model {how}")


def _request(messages: Sequence[Message], limits: Limits) -> Frame:
    return {
        "messages": _told(messages),
        "max_tokens": limits.max_tokens,
        "temperature": limits.temperature,
        "stop": list(limits.stop),
        "seed": limits.seed,
    }


def _spoken(done: dict[str, Any]) -> Spoken:
    return Spoken(**{**done, "likelihoods": tuple(done.get("likelihoods", ()))})


def _told(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.text} for message in messages]
