"""A scripted OpenAI-compatible server on the loopback: the name of the model chooses how it behaves."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, TypeAlias

from edge_assistant.wire import Frames

WORDS = ("The", " red", " lamp", " is", " on.")
PAGE = b"<html><title>Sign in</title><form action='/login'>Welcome to the hotel</form></html>"
FRAMES = Frames("chatcmpl-1", 1_700_000_000, "loopback")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    """Monotonic seconds."""

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def model(self) -> str:
        return str(self.json["model"]) if self.body else ""


@dataclass(slots=True)
class Exchange:
    """One request, and the means to answer it well or badly."""

    server: Loopback
    request: Recorded
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    nth: int
    """How often this model has been asked, this time included."""
    kept: bool = False
    """Whether the connection may serve another request."""

    async def send(self, *pieces: bytes) -> None:
        self.writer.writelines(pieces)
        await self.writer.drain()

    async def head(self, status: str = "200 OK", kind: str = "text/event-stream", **headers: str) -> None:
        """Begin a response that ends with the connection."""
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join((*lines, "", "")).encode())

    async def whole(self, status: str, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """Send a whole response and keep the connection."""
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join((*lines, "", "")).encode(), body)
        self.kept = True

    async def chunked(self, *pieces: bytes) -> None:
        """Stream the pieces and keep the connection, as real servers do."""
        await self.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n")
        await self.send(b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            await self.send(f"{len(piece):x}\r\n".encode(), piece, b"\r\n")
        await self.send(b"0\r\n\r\n")
        self.kept = True

    async def refuse(self, status: str, message: str, code: str = "", **headers: str) -> None:
        await self.whole(status, json.dumps({"error": {"message": message, "code": code}}).encode(), **headers)

    async def silence(self) -> None:
        """Say nothing until the client leaves, and note that it did."""
        await self.reader.read(1)
        self.server.left.set()

    def reset(self) -> None:
        """End the connection as a crashed server does, without a goodbye."""
        self.writer.transport.abort()


Behaviour: TypeAlias = Callable[[Exchange], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    """Make a function the behaviour of the model that is called like it, with hyphens."""
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


def spoken(*words: str) -> tuple[bytes, ...]:
    """The frames of a whole answer."""
    return (FRAMES.opening(), *map(FRAMES.word, words or WORDS), FRAMES.closing())


@behaviour
async def words(exchange: Exchange) -> None:
    await exchange.chunked(*spoken())


@behaviour
async def echo(exchange: Exchange) -> None:
    await exchange.chunked(*spoken(exchange.request.json["messages"][-1]["content"]))


@behaviour
async def in_one_piece(exchange: Exchange) -> None:
    message = {"role": "assistant", "content": "".join(WORDS)}
    await exchange.whole("200 OK", json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())


@behaviour
async def limited_once(exchange: Exchange) -> None:
    await (limited if exchange.nth == 1 else words)(exchange)


@behaviour
async def limited(exchange: Exchange) -> None:
    await exchange.refuse("429 Too Many Requests", "slow down", "rate_limit_exceeded", Retry_After="2")


@behaviour
async def trouble_once(exchange: Exchange) -> None:
    await (trouble if exchange.nth == 1 else words)(exchange)


@behaviour
async def trouble(exchange: Exchange) -> None:
    await exchange.refuse("500 Internal Server Error", "it fell over")


@behaviour
async def overloaded(exchange: Exchange) -> None:
    await exchange.whole("503 Service Unavailable", b"<html>try later</html>", "text/html")


@behaviour
async def reset_once(exchange: Exchange) -> None:
    await (words(exchange) if exchange.nth > 1 else reset(exchange))


@behaviour
async def reset(exchange: Exchange) -> None:
    exchange.reset()


@behaviour
async def hangs_up(exchange: Exchange) -> None:
    """Closes politely, but without a word: what a kept connection looks like when it went stale."""


@behaviour
async def garbage(exchange: Exchange) -> None:
    """Speaks another protocol."""
    await exchange.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


@behaviour
async def stale(exchange: Exchange) -> None:
    """Answers, and closes the kept connection when it is used again."""
    await (hangs_up if exchange.nth == 2 else words)(exchange)


@behaviour
async def never(exchange: Exchange) -> None:
    await exchange.silence()


@behaviour
async def never_a_word(exchange: Exchange) -> None:
    """Opens the stream, says that it is alive, and nothing else."""
    await exchange.head()
    await exchange.send(FRAMES.opening())
    while not exchange.writer.is_closing():
        await exchange.send(b": keep-alive\n\n")
        await asyncio.sleep(exchange.server.pace)


@behaviour
async def cut(exchange: Exchange) -> None:
    """Breaks off within the chunked encoding, where httpx notices."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = FRAMES.opening() + FRAMES.word("The")
    await exchange.send(f"{len(piece):x}\r\n".encode(), piece, b"\r\n")


@behaviour
async def cut_unnoticed(exchange: Exchange) -> None:
    """Breaks off where the end of the connection is the end of the body: httpx raises nothing."""
    await exchange.head()
    await exchange.send(FRAMES.opening(), FRAMES.word("The"), FRAMES.word(" red"))


@behaviour
async def cut_reset(exchange: Exchange) -> None:
    await cut_unnoticed(exchange)
    await asyncio.sleep(exchange.server.pace)  # a reset overtakes what was not yet read
    exchange.reset()


@behaviour
async def stalls(exchange: Exchange) -> None:
    await cut_unnoticed(exchange)
    await exchange.silence()


@behaviour
async def portal(exchange: Exchange) -> None:
    await exchange.whole("200 OK", PAGE, "text/html; charset=utf-8")


@behaviour
async def redirect(exchange: Exchange) -> None:
    await exchange.whole("302 Found", PAGE, "text/html", Location=exchange.server.elsewhere)


@behaviour
async def drips_headers(exchange: Exchange) -> None:
    await _drip(exchange, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Long: " + b"x" * 100_000)


@behaviour
async def drips(exchange: Exchange) -> None:
    await exchange.head()
    await _drip(exchange, FRAMES.opening() + b": " + b"x" * 100_000)


async def _drip(exchange: Exchange, body: bytes) -> None:
    for index in range(len(body)):
        await exchange.send(body[index : index + 1])
        await asyncio.sleep(exchange.server.pace)


@behaviour
async def huge(exchange: Exchange) -> None:
    """Events without an end, each of them small."""
    await exchange.head()
    while not exchange.writer.is_closing():
        await exchange.send(FRAMES.word("x" * 60_000) * 8)


@behaviour
async def huge_piece(exchange: Exchange) -> None:
    await exchange.head(kind="application/json")
    while not exchange.writer.is_closing():
        await exchange.send(b"x" * 500_000)


@behaviour
async def newline_free(exchange: Exchange) -> None:
    await exchange.head()
    await exchange.send(b"data: ")
    while not exchange.writer.is_closing():
        await exchange.send(b"x" * 500_000)


@behaviour
async def tiny_chunks(exchange: Exchange) -> None:
    """A comment without end, each byte of it a chunk of its own."""
    await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not exchange.writer.is_closing():
        await exchange.send(b"1\r\n:\r\n" * 10_000)


@behaviour
async def compressed(exchange: Exchange) -> None:
    await exchange.head(Content_Encoding="gzip")
    await exchange.silence()


@behaviour
async def malformed_chunk(exchange: Exchange) -> None:
    pieces = list(spoken())
    pieces.insert(2, b"data: {oops\n\n")
    await exchange.chunked(*pieces)


@behaviour
async def malformed_chunks(exchange: Exchange) -> None:
    await exchange.chunked(FRAMES.opening(), *[b"data: [1, 2]\n\n"] * 4, FRAMES.closing())


@behaviour
async def no_done(exchange: Exchange) -> None:
    *pieces, last = spoken()
    await exchange.chunked(*pieces, last.removesuffix(b"data: [DONE]\n\n"))


@behaviour
async def no_end(exchange: Exchange) -> None:
    """Finishes its answer, and leaves the connection open without a [DONE]."""
    *pieces, last = spoken()
    await exchange.head()
    await exchange.send(*pieces, last.removesuffix(b"data: [DONE]\n\n"))
    await exchange.silence()


@behaviour
async def too_long(exchange: Exchange) -> None:
    await exchange.chunked(FRAMES.opening(), FRAMES.word("Once upon"), FRAMES.closing("length"))


@behaviour
async def wordless(exchange: Exchange) -> None:
    await exchange.chunked(FRAMES.opening(), FRAMES.closing())


@behaviour
async def error_within(exchange: Exchange) -> None:
    await exchange.chunked(FRAMES.opening(), FRAMES.word("The"), FRAMES.error("the engine died"))


@behaviour
async def no_key(exchange: Exchange) -> None:
    said = exchange.request.headers.get("authorization", "")
    await exchange.refuse("401 Unauthorized", f"Incorrect API key provided: {said}", "invalid_api_key")


@behaviour
async def no_credit(exchange: Exchange) -> None:
    await exchange.refuse("402 Payment Required", "Insufficient Balance")


@behaviour
async def missing(exchange: Exchange) -> None:
    await exchange.refuse("404 Not Found", "no such model", "model_not_found")


@behaviour
async def context_exceeded(exchange: Exchange) -> None:
    said = f"This model's maximum context length is 4096 tokens, {exchange.request.headers.get('authorization')}"
    await exchange.refuse("400 Bad Request", said, "context_length_exceeded")


@behaviour
async def filtered(exchange: Exchange) -> None:
    await exchange.refuse("400 Bad Request", "flagged", "content_filter")


@dataclass(slots=True)
class Loopback:
    """The server. Use it as ``async with Loopback() as server``; `server.url` is the `base_url`."""

    pace: float = 0.002
    """Seconds between two bytes of a drip, or two signs of life."""
    elsewhere: str = "http://127.0.0.1:9/"
    """Where a redirect leads."""
    requests: list[Recorded] = field(default_factory=list)
    connections: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client gave up on a silent answer."""
    url: str = ""
    _asked: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Loopback:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None, "it was started"
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None, "it was started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def received(self) -> bytes:
        """Everything that ever arrived, for looking after what must not be there."""
        return b"\n".join(repr(request).encode() for request in self.requests)

    def times(self, model: str) -> list[float]:
        """When a model was asked, in monotonic seconds."""
        return [request.at for request in self.requests if request.model == model]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs it as a task"
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._serve(await self._read(reader, writer), reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection is kept."""
        self.requests.append(request)
        self._asked[request.model] += 1
        exchange = Exchange(self, request, reader, writer, self._asked[request.model])
        await BEHAVIOURS.get(request.model, missing)(exchange)
        return exchange.kept

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Recorded:
        first = await reader.readexactly(1)
        if first == b"\x16":  # the beginning of TLS
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            raise ConnectionError("this server speaks plain HTTP")
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Recorded(method, target, headers, body, monotonic())
