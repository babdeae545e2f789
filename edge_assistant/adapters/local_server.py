"""Another engine behind the seam of the device tier: a server that speaks the OpenAI format, on this device or LAN."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Final

from edge_assistant.adapters.openai_http import OpenAIChat, Waits
from edge_assistant.adapters.server_process import ServerProcess
from edge_assistant.config import LocalServer
from edge_assistant.errors import ConfigError, EndpointError, PromptTooLong, TierError
from edge_assistant.languages import IDEOGRAPH
from edge_assistant.models.catalog import ModelFile, Right
from edge_assistant.models.rung import Rung
from edge_assistant.models.spoken import Spoken
from edge_assistant.network.nearby import nearby
from edge_assistant.network.state import Reachability
from edge_assistant.types import Limits, Message

LONGEST_REST: Final = 60.0
"""Seconds between two starts of a server that keeps ending; the rests double up to this, from the second on."""
_LOOKS: Final = (0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds between two looks whether a server that was started answers; the last for the rest of the time."""


class ServedModel:
    """The model of a server; one that we start is started when it is first asked. Satisfies `LocalModel`."""

    def __init__(
        self,
        server: LocalServer,
        context: int,
        log: Path,
        waits: Waits | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take the settings, and where what the command says is written. Raises `ConfigError`."""
        if not nearby(server.base_url):
            raise ConfigError(
                "device.endpoint: only an address of this device or network may stand here (127.0.0.1, 192.168.…, "
                "a name in .local); one of the internet belongs among cloud.endpoints"
            )
        self._chat = OpenAIChat(server, waits, setting="device.endpoint", proxies=False)
        self._process = ServerProcess(server.command, log, server.api_key_env) if server.command else None
        self._starting = server.starting
        self._context = context
        self._clock = clock
        self._state = Reachability(clock)
        self._deaths = 0
        self._rest_until = 0.0
        self._doubted = True
        self._asking = 0
        self._beginning: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """What is asked where, for people."""
        return self._chat.name

    @property
    def loaded(self) -> bool:
        """Whether it has answered, and nothing speaks against it since."""
        return not self._doubted

    @property
    def busy(self) -> bool:
        return self._asking > 0

    def resting(self) -> str | None:
        """Return why it may not be asked now, or None if it may."""
        left = self._rest_until - self._clock()
        return f"it ended {self._deaths} times and rests for {left:.0f} s" if left > 0 else self._state.resting()

    async def stream(
        self, messages: Sequence[Message], limits: Limits, told: Callable[[Spoken], object] = bool
    ) -> AsyncGenerator[str]:
        """Yield the answer in pieces; such a server does not tell how it went. Raises `PromptTooLong`, `TierError`."""
        self._asking += 1
        try:
            await self.ready()
            async with aclosing(self._chat.stream(messages, limits)) as words:
                async for word in words:
                    self._reached()
                    yield word
        except EndpointError as error:
            if error.fault == "too_long":
                raise PromptTooLong(_tokens(messages), self._context) from error
            self._doubted = True
            if self._process is None:  # ours is looked at, and started again, before the next question
                self._state.failed(error)
            raise
        finally:
            self._asking -= 1

    async def count(self, messages: Sequence[Message]) -> int:
        """Return about how many tokens a conversation has, rather too many: the format has no way to ask."""
        return _tokens(messages)

    async def ready(self) -> None:
        """Find the server up, or start it. A caller who leaves does not stop the start: the next one wants it too.

        Raises `TierError`.
        """
        if (reason := self.resting()) is not None:
            raise TierError(f"{self.name}: {reason}")
        if self._process is None or (self._process.alive and not self._doubted):
            return
        if self._beginning is None or self._beginning.done():
            self._beginning = asyncio.create_task(self._begin(self._process))
            self._beginning.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._beginning)

    async def close(self) -> None:
        """Close every connection, and end the server where it is ours."""
        if self._beginning is not None and not self._beginning.done():
            self._beginning.cancel()
            await asyncio.wait([self._beginning])
        if self._process is not None:
            await self._process.stop()
        await self._chat.aclose()
        self._doubted = True

    async def _begin(self, process: ServerProcess) -> None:
        """Start the server, unless one answers there, and wait until it answers; one that hangs is started afresh."""
        if await self._answers():
            self._doubted = False
            return
        if process.started:
            self._died("hung and was stopped" if process.alive else process.ending)
            await process.stop()
        if (reason := self.resting()) is not None:
            raise TierError(f"{self.name}: {reason}")
        await process.start()
        try:
            await self._up(process)
        except asyncio.CancelledError:
            await process.stop()
            raise

    async def _up(self, process: ServerProcess) -> None:
        began, looks = self._clock(), iter(_LOOKS)
        while not await self._answers():
            if not process.alive:
                await process.stop()
                raise self._died(process.ending)
            if self._clock() - began > self._starting:
                await process.stop()
                raise self._died(f"did not answer within {self._starting:g} s of its start and was stopped")
            await asyncio.sleep(next(looks, _LOOKS[-1]))
        self._doubted = False

    async def _answers(self) -> bool:
        try:
            await self._chat.look()
        except EndpointError:
            return False
        return True

    def _died(self, how: str) -> TierError:
        self._deaths += 1
        self._rest_until = self._clock() + (0.0 if self._deaths < 2 else min(LONGEST_REST, 2.0 ** (self._deaths - 2)))
        return TierError(f"{self.name}: the server {how}")

    def _reached(self) -> None:
        self._doubted, self._deaths = False, 0
        self._state.reached()


class Served:
    """The one model of a server. Satisfies `Rungs`."""

    def __init__(self, model: ServedModel, described: ModelFile, context: int) -> None:
        self._rung = Rung(described, Path(described.file), model, context)
        self._model = model

    async def current(self, language: str) -> Rung:
        if (reason := self._model.resting()) is not None:
            raise TierError(f"{self._model.name}: {reason}")
        return self._rung

    def told(self, rung: Rung, outcome: Spoken | TierError) -> None:
        return None


def described(server: LocalServer, known: Sequence[ModelFile]) -> ModelFile:
    """Return what is believed of a server's model: as much as of the best known one that is no larger."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", server.model).strip("-._") or "server"
    smaller = [model for model in known if model.billions <= (server.billions or 0.5)]
    right = max(smaller, key=lambda model: model.right.grounded).right if smaller else Right()
    return ModelFile(name=name, file=name, billions=server.billions, languages=server.languages, right=right)


def _tokens(messages: Sequence[Message]) -> int:
    texts = [message.text for message in messages]
    ideographs = sum(len(IDEOGRAPH.findall(text)) for text in texts)
    return ideographs + (sum(map(len, texts)) - ideographs) // 3 + 8 * len(texts)
