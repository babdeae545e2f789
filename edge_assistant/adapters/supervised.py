"""A worker under watch: started when it is needed, heard while it lives, and started again after a rest."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import anyio

from edge_assistant.adapters.child import Child, Frame, Frames
from edge_assistant.errors import Death, ModelDied, TierError

LONGEST_REST: Final = 60.0
"""Seconds between two starts of a worker that keeps dying; the rests double up to this, from the second death on."""
KILLS_APART: Final = 600.0
"""Seconds between two deaths from outside; after a second one within them, they are rested out: memory is short."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker may be silent before it is killed, in seconds; it beats once a second."""

    loading: float = 30.0
    answering: float = 5.0
    cancelling: float = 3.0


class Supervised:
    """One worker at a time. One that keeps dying rests in between, and whoever wants it then is told at once."""

    def __init__(
        self, worker: Path, load: Callable[[], Frame], name: str, patience: Patience, clock: Callable[[], float]
    ) -> None:
        self._worker = worker
        self._load_frame = load
        self._name = name
        self.patience = patience
        self._clock = clock
        self._child: Child | None = None
        self._loading: asyncio.Task[Child] | None = None
        self._deaths: list[str] = []
        self._rest_until = 0.0
        self._killed = -math.inf
        self.facts: Frame = {}
        """What the worker last said of itself when it was ready."""

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        return self._child.pid if self._child is not None and self._child.alive else None

    @property
    def restarts(self) -> int:
        """How often it has died since it last answered."""
        return len(self._deaths)

    async def ready(self) -> Child:
        """Return the worker, loaded. A caller who leaves does not stop the load: the next one wants it too."""
        if self._child is not None and self._child.alive and (self._loading is None or self._loading.done()):
            return self._child
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._loading)

    async def _load(self) -> Child:
        frame = self._load_frame()
        left = self._rest_until - self._clock()
        if left > 0:
            raise TierError(f"the local model rests for {left:.0f} s, since it {self._deaths[-1]}")
        child = self._child = await Child.start(self._worker)
        try:
            child.say(load=frame)
            said: Frame = {}
            while "ready" not in said:
                said = await self.hear(child, child.frames, self.patience.loading)
                if "error" in said:
                    raise self.died(child, f"could not load {self._name}: {said['error']}")
        except asyncio.CancelledError:
            child.kill()
            raise
        self.facts = cast(Frame, said["ready"])
        return child

    async def hear(self, child: Child, frames: Frames, patience: float) -> Frame:
        """Return the next of some frames. Raises `ModelDied` when the worker is dead, or was silent and is killed."""
        while True:
            heard = child.heard
            try:
                with anyio.fail_after(patience):  # `asyncio.wait_for` may lose a cancellation before Python 3.12
                    frame = await frames.get()
            except TimeoutError:
                if child.heard == heard:
                    raise self.died(
                        child, f"gave no sign of life for {patience:g} s and was stopped", "silent"
                    ) from None
                continue
            if frame is None:
                cause: Death = "crashed" if child.crashed else "killed"
                raise self.died(child, f"stopped unexpectedly ({child.ending})", cause)
            return frame

    def died(self, child: Child, how: str, cause: Death = "crashed") -> ModelDied:
        """End a worker, and let it rest; several who hear of one death count it once."""
        child.kill()
        if child is self._child:
            self._child = None
            self._deaths.append(how)
            self._rest_until = self._clock() + self._rest(cause)
        return ModelDied(how, cause)

    def _rest(self, cause: Death) -> float:
        """Return how many seconds to rest after one more death."""
        if cause == "killed":
            before, self._killed = self._killed, self._clock()
            if self._killed - before < KILLS_APART:
                return before + KILLS_APART - self._killed
        return 0.0 if len(self._deaths) < 2 else min(LONGEST_REST, 2.0 ** (len(self._deaths) - 2))

    def did_well(self) -> None:
        """Forget its deaths: it has answered."""
        self._deaths.clear()

    async def close(self) -> None:
        """Stop the worker; the next question would start it again."""
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()
            await asyncio.wait([self._loading])
        if self._child is not None:
            self._child.kill()
        self._child = self._loading = None
