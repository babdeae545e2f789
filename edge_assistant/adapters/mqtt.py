"""One connection to an MQTT broker: it comes back by itself, and keeps nothing to be sent later."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from secrets import token_hex
from typing import TYPE_CHECKING, Final, TypeVar

from edge_assistant.adapters import needs
from edge_assistant.adapters.mqtt_broker import OFFLINE, ONLINE, PATIENCE, Broker, properties, refusal, too_new
from edge_assistant.devices.links import MAX_PAYLOAD
from edge_assistant.errors import ActionError, ConfigError, NotSent

if TYPE_CHECKING:
    import aiomqtt
    from paho.mqtt.client import Client, SocketLike
    from paho.mqtt.subscribeoptions import SubscribeOptions

Result = TypeVar("Result")
Hear = Callable[[str, str, bool], None]
"""Takes topic, text, and whether the broker had kept the message."""

_IN_FLIGHT: Final = 10
"""Messages that wait for their acknowledgement at once; what is more waits its turn here, not in the library."""
_BACKOFF: Final = (1.0, 30.0)
"""Seconds until the next attempt to connect: the first, and the longest."""
_FAREWELL: Final = 1.0
"""Seconds for the broker to hear that we go."""
_NOBODY: Final = 0x10
"""PUBACK: no matching subscribers (MQTT 5, section 3.4.2.1)."""
_log = logging.getLogger(__name__)


class MqttLine:
    """Tells and listens. Connects when it is first needed."""

    def __init__(self, broker: Broker, topics: Collection[str], hear: Hear, lost: Callable[[], None]) -> None:
        self._broker = broker
        self._topics = sorted({*topics, *([broker.status] if broker.status else [])})
        self._hear = hear
        self._lost = lost
        self._task: asyncio.Task[None] | None = None
        self._client: aiomqtt.Client | None = None
        self._attempt: asyncio.Future[None] | None = None
        self._hurry = asyncio.Event()
        self._drop = asyncio.Event()
        self._gone = asyncio.Event()
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._room = asyncio.Semaphore(_IN_FLIGHT)
        self._leaving = False
        self._newest = True
        """Whether the broker speaks MQTT 5, as far as we know."""

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def ready(self) -> None:
        """Connect, if that is not so yet, and read what the broker has kept. Raises `ActionError`."""
        if self._client is not None:
            return
        if self._attempt is None:
            self._attempt = asyncio.get_running_loop().create_future()
            self._attempt.add_done_callback(lambda attempt: attempt.exception())  # seen, even if nobody waits
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(self._stay())
        self._hurry.set()
        await asyncio.shield(self._attempt)

    async def publish(self, topic: str, payload: str, seconds: float) -> None:
        """Send one command and wait for the broker to have it; after these seconds it must not arrive any more.

        Raises `ActionError`. It was not sent unless the error says otherwise.
        """
        await self.ready()
        deadline = asyncio.get_running_loop().time() + seconds
        async with self._room:
            await self._alive(deadline)
            left = deadline - asyncio.get_running_loop().time()
            client = self._client
            if client is None or left < 1:
                raise NotSent(f"{self._broker} was too slow")
            if self._newest:
                await self._acknowledged(self._handed_over(client, topic, payload, int(left)), topic, left)
            else:
                await self._taken(client, topic, payload, deadline)

    async def aclose(self) -> None:
        """Hang up; where we say that we are there, say that we go."""
        self._leaving = True
        client = self._client
        if self._broker.status and client is not None:
            with contextlib.suppress(NotSent, ActionError, TimeoutError, asyncio.TimeoutError):
                self._say_status(client, OFFLINE)
                await asyncio.wait_for(self._alive(asyncio.get_running_loop().time() + _FAREWELL), _FAREWELL)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _say_status(self, client: aiomqtt.Client, said: str) -> None:
        """Leave word for whoever asks; the broker says that we are gone if we cannot (MQTT's last will)."""
        if self._broker.status:
            client._client.publish(self._broker.status, said.encode(), qos=1, retain=True)

    async def _alive(self, deadline: float) -> None:
        """Have the broker answer, right before a command: one that hangs must not find it when it wakes up."""
        client = self._client
        if client is None:
            raise NotSent(f"{self._broker} is not connected")
        left = max(0.1, deadline - asyncio.get_running_loop().time())
        await self._answered(client.unsubscribe(f"edge-assistant/{token_hex(4)}", timeout=min(left, PATIENCE)))

    async def _answered(self, asked: Awaitable[Result]) -> Result:
        import aiomqtt

        answer, gone = asyncio.ensure_future(asked), asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise NotSent(f"the connection to {self._broker} broke")
            return answer.result()
        except aiomqtt.MqttError as error:
            self._drop.set()
            raise NotSent(f"{self._broker} does not answer ({error})") from error
        except asyncio.CancelledError:
            self._drop.set()
            raise
        finally:
            answer.cancel()
            gone.cancel()
            await asyncio.wait((answer, gone))

    async def _taken(self, client: aiomqtt.Client, topic: str, payload: str, deadline: float) -> None:
        """Send a command by MQTT 3.1.1, whose messages have no end of life: with QoS 0 none is kept for a sleeper.

        A broker answers in the order in which it was asked, so its next answer says that it took the command.
        """
        if client._client.publish(topic, payload.encode(), qos=0, retain=False).rc != 0:
            self._drop.set()
            raise NotSent(f"{self._broker} is not connected")
        try:
            await self._alive(deadline)
        except NotSent as error:
            raise ActionError(f"{self._broker} did not acknowledge the command") from error

    def _handed_over(self, client: aiomqtt.Client, topic: str, payload: str, seconds: int) -> int:
        """Give a message to the library and return its number; it may not outlive its seconds at the broker."""
        expiry = properties("PUBLISH", MessageExpiryInterval=seconds)
        # aiomqtt waits for the acknowledgement, but does not say what it said.
        told = client._client.publish(topic, payload.encode(), qos=1, retain=False, properties=expiry)
        if told.rc != 0:
            self._drop.set()
            raise NotSent(f"{self._broker} is not connected")
        self._waiting[told.mid] = asyncio.get_running_loop().create_future()
        return told.mid

    async def _acknowledged(self, number: int, topic: str, seconds: float) -> None:
        try:
            code = await asyncio.wait_for(self._waiting[number], seconds)
        except (asyncio.TimeoutError, asyncio.CancelledError) as error:
            self._drop.set()  # with its socket goes what may still lie in it
            if isinstance(error, asyncio.CancelledError):
                raise
            raise ActionError(f"{self._broker} did not acknowledge the command") from error
        finally:
            self._waiting.pop(number, None)
        if code == _NOBODY:
            raise ActionError(f"nobody listens to {topic}")
        if code >= 0x80:
            raise NotSent(f"{self._broker} refused it (code {code})")

    async def _stay(self) -> None:
        """Connect, listen, and connect again, until cancelled."""
        pause, longest = _BACKOFF
        while True:
            self._hurry.clear()
            newest = self._newest
            if await self._one_connection() or newest != self._newest:
                pause = _BACKOFF[0]
            if newest != self._newest:
                continue
            try:
                await asyncio.wait_for(self._hurry.wait(), pause)
            except asyncio.TimeoutError:
                pause = min(2 * pause, longest)

    async def _one_connection(self) -> bool:
        """Live through one connection; return whether there was one."""
        with needs("edge-assistant"):
            import aiomqtt
        was_up, newest, reason = False, self._newest, "the connection was closed"
        try:
            async with self._opened() as client:
                self._drop.clear()
                self._gone.clear()
                if self._topics:
                    await client.subscribe(self._subscriptions())
                was_up, self._client = True, client
                self._say_status(client, ONLINE)
                self._settle(None)
                await self._listen(client)
        except (aiomqtt.MqttError, OSError, ValueError, ConfigError) as error:
            reason, self._newest = refusal(error), newest and not too_new(error)
        finally:
            self._client = None
            self._gone.set()
            self._fail(reason)
            if (
                not was_up and self._newest == newest
            ):  # who asked while an old connection was torn down gets the next one
                self._settle(NotSent(f"{self._broker}: {reason}"))
        return was_up

    def _opened(self) -> aiomqtt.Client:
        client = self._broker.client(self._newest)
        client._client.on_publish = self._on_publish
        client._client.on_socket_register_write = self._on_register_write
        client.pending_calls_threshold = 2 * _IN_FLIGHT
        return client

    def _subscriptions(self) -> list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]:
        if not self._newest:
            return [(topic, 1) for topic in self._topics]
        from paho.mqtt.subscribeoptions import SubscribeOptions

        return [(topic, SubscribeOptions(qos=1, noLocal=True)) for topic in self._topics]

    async def _listen(self, client: aiomqtt.Client) -> None:
        """Hear what comes until the connection ends or is given up. Raises `MqttError`."""
        hearing = asyncio.ensure_future(self._hear_all(client))
        giving_up = asyncio.ensure_future(self._drop.wait())
        try:
            await asyncio.wait((hearing, giving_up), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._client = None
            hearing.cancel()
            giving_up.cancel()
            ended, _ = await asyncio.gather(hearing, giving_up, return_exceptions=True)
        if client._disconnected.done():
            client._disconnected.exception()  # seen: aiomqtt leaves it behind
        if isinstance(ended, Exception):
            raise ended

    async def _hear_all(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if not isinstance(message.payload, bytes) or len(message.payload) > MAX_PAYLOAD:
                continue
            topic, text = str(message.topic), message.payload.decode(errors="replace")
            if topic != self._broker.status:
                self._hear(topic, text, message.retain)
            elif text == OFFLINE and not message.retain and not self._leaving:
                self._say_status(client, ONLINE)  # another of us has gone; this one is still there

    def _on_publish(self, client: object, userdata: object, number: int, code: object, properties: object) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(int(getattr(code, "value", 0)))

    def _on_register_write(self, paho: Client, userdata: object, connection: SocketLike) -> None:
        """Ask for the moment to write; aiomqtt does so too, but trips over a socket that was closed meanwhile."""
        loop = self._loop

        def register() -> None:
            if connection.fileno() >= 0:
                loop.add_writer(connection.fileno(), paho.loop_write)

        loop.call_soon_threadsafe(register)

    def _settle(self, error: ActionError | None) -> None:
        attempt, self._attempt = self._attempt, None
        if attempt is None or attempt.done():
            return
        if error is None:
            attempt.set_result(None)
        else:
            attempt.set_exception(error)

    def _fail(self, reason: str) -> None:
        """Tell everyone who waits that the connection is gone."""
        _log.info("%s: %s", self._broker, reason)
        self._lost()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ActionError(f"the connection to {self._broker} broke before it acknowledged"))
