"""Chat models behind an OpenAI-compatible address, through httpx."""

from __future__ import annotations

import math
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from socket import gaierror
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import anyio

from edge_assistant import wire
from edge_assistant.adapters import needs
from edge_assistant.adapters.http_client import open_client
from edge_assistant.config import Endpoint
from edge_assistant.errors import ConfigError, EndpointError
from edge_assistant.network.resolver import Resolver
from edge_assistant.types import Limits, Message

if TYPE_CHECKING:
    import httpx

_EXCERPT: Final = 65_536
"""Bytes of an error's body that are looked at."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long an endpoint may take, in seconds."""

    connect: float = 2.0
    """Until the connection stands, the look-up of the name included."""
    first_word: float = 8.0
    """From the question to the first word, everything included."""
    gap: float = 8.0
    """Between two words; comments that only keep the connection alive do not count."""
    total: float = 60.0
    """For the whole answer, everything included."""
    linger: float = 0.5
    """For the end of the stream once the answer is whole, so that the connection can be used again."""


class OpenAIChat:
    """One model at one OpenAI-compatible address.

    The client is made at the first question and kept, with its connections. The key goes to the configured
    origin and nowhere else: redirects are not followed. Every failure is an `EndpointError` of one sentence
    that names the host, and never the key.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        waits: Waits | None = None,
        resolver: Resolver | None = None,
        *,
        setting: str = "cloud.endpoints",
        proxies: bool = True,
    ) -> None:
        """Take an endpoint of a setting; without `proxies`, those of the environment are left out."""
        self._host = _host(endpoint.base_url, setting)
        self._base = endpoint.base_url.rstrip("/").removesuffix("/chat/completions")
        self._model = endpoint.model
        self._key = _checked((endpoint.key() or "").strip(), self._host)
        self._waits = waits or Waits()
        self._resolver = resolver or Resolver()
        self._proxies = proxies
        self._client: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        """What is asked where, for people: ``deepseek-chat at api.deepseek.com``."""
        return f"{self._model} at {self._host}"

    async def stream(self, messages: Sequence[Message], limits: Limits) -> AsyncGenerator[str]:
        """Yield the answer in pieces; closing the generator closes the connection. Raises `EndpointError`.

        An answer that ends at `max_tokens` ends with an ellipsis, so that nobody takes it for whole.
        """
        spoken = False
        try:
            async with aclosing(self._deltas(wire.request(self._model, messages, limits))) as deltas:
                async for delta in deltas:
                    if delta.text:
                        spoken = True
                        yield delta.text
                    if delta.finish == "length":
                        yield "…"
        except EndpointError as error:
            raise self._named(error, spoken) from None  # its cause may repeat the key
        if not spoken:
            raise EndpointError(f"{self._host} finished without a word", "broken")

    async def look(self) -> None:
        """Ask for nothing but a sign of life, the list of models. Raises `EndpointError` where there is none."""
        try:
            with _translated(), self._within(anyio.current_time(), self._waits.connect, math.inf):
                response = await self._opened().get(f"{self._base}/models", headers=self._headers())
        except EndpointError as error:
            raise self._named(error, spoken=False) from None
        if response.status_code >= 500:  # llama-server says 503 while it loads
            raise EndpointError(f"{self._host} is not ready (HTTP {response.status_code})", "server")

    async def aclose(self) -> None:
        """Close every connection; the next question opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _named(self, error: EndpointError, spoken: bool) -> EndpointError:
        """The same failure with the host before it and without the key in it."""
        if error.fault == "key" and not self._key:
            return EndpointError(f"{self._host} wants a key, and none is set", "key")
        message = f"{self._host} {error}".replace(self._key or "\0", "[key]")
        fault = "broken" if spoken and error.fault in {"timeout", "unreachable"} else error.fault
        return EndpointError(message, fault, error.retry_after)

    async def _deltas(self, body: bytes) -> AsyncGenerator[wire.Delta]:
        with _translated():
            client = self._opened()  # a slow import is no fault of the endpoint
        heard = anyio.current_time()
        patience, end = self._waits.first_word, heard + self._waits.total
        async with self._response(client, body, end) as response:
            reader = wire.reader(response.headers)
            async with aclosing(_chunks(response)) as chunks:
                while reader.finish is None:
                    with _translated(), self._within(heard, patience, end):
                        await anyio.lowlevel.checkpoint()  # a thousand tiny chunks must not hold up everybody else
                        chunk = await anext(chunks, b"")
                    for delta in reader.feed(chunk) if chunk else reader.close():
                        if delta.text or delta.reasoning:
                            heard, patience = anyio.current_time(), self._waits.gap
                        yield delta
                await self._see_out(chunks)

    @asynccontextmanager
    async def _response(self, client: httpx.AsyncClient, body: bytes, end: float) -> AsyncIterator[httpx.Response]:
        """A successful response, closed at the end."""
        with _translated(), self._within(anyio.current_time(), self._waits.first_word, end):
            response = await self._send(client, body)
        try:
            if response.status_code != 200:
                raise wire.failure(response.status_code, response.headers, await self._excerpt(response))
            yield response
        finally:
            await response.aclose()

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = open_client(self._resolver, self._waits.connect, self._proxies)
        return self._client

    async def _send(self, client: httpx.AsyncClient, body: bytes) -> httpx.Response:
        import httpx

        request = client.build_request("POST", f"{self._base}/chat/completions", content=body, headers=self._headers())
        # A kept connection that the server has just closed fails before its first byte: once more, on a new one.
        with suppress(httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await client.send(request, stream=True)
        return await client.send(request, stream=True)

    def _headers(self) -> dict[str, str]:
        headers = {
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",  # 194 kB of gzip can hold 200 MB
            "Content-Type": "application/json",
            "User-Agent": "edge-assistant",
        }
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    async def _excerpt(self, response: httpx.Response) -> bytes:
        """The beginning of an error's body; whatever goes wrong here, the status is worth more."""
        async with aclosing(_chunks(response)) as chunks:
            return await self._see_out(chunks)

    async def _see_out(self, chunks: AsyncIterator[bytes]) -> bytes:
        """What still comes within the moment that we linger, up to a limit."""
        rest = bytearray()
        with suppress(EndpointError), _translated(), anyio.move_on_after(self._waits.linger):
            async for chunk in chunks:
                rest += chunk
                if len(rest) >= _EXCERPT:
                    break
        return bytes(rest)

    @contextmanager
    def _within(self, since: float, patience: float, end: float) -> Iterator[None]:
        """Limit what is awaited inside, with the sentence that says which limit it was."""
        by = min(since + patience, end)
        try:
            with anyio.fail_after(by - anyio.current_time()):
                yield
        except TimeoutError:
            if by == end:
                raise EndpointError(f"took longer than {self._waits.total:g} s", "timeout") from None
            raise EndpointError(f"said nothing for {patience:g} s", "timeout") from None


def _chunks(response: httpx.Response) -> AsyncGenerator[bytes]:
    """The bytes as they come; httpx hides that this is a generator, and one that is not closed lingers."""
    return cast("AsyncGenerator[bytes]", response.aiter_raw())


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what httpx raises into our errors; the request, and the key in it, are left behind."""
    with needs("httpx"):
        import httpx
    try:
        yield
    except httpx.ConnectTimeout:
        raise EndpointError("did not accept a connection in time", "unreachable") from None
    except httpx.ConnectError as error:
        raise EndpointError(_no_connection(error), "unreachable") from None
    except (httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        raise EndpointError(f"is not reachable through the proxy ({error})", "unreachable") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise EndpointError(f"closed the connection ({type(error).__name__})", "unreachable") from None


def _no_connection(error: httpx.ConnectError) -> str:
    """Why there is no connection, from the chain of errors below the one that httpx shows."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"has a certificate that is not valid here: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "does not speak TLS as it should"
        if isinstance(cause, gaierror):
            return "has a name that nobody knows (DNS)"
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection"
        cause = cause.__cause__ or cause.__context__
    return "is not reachable from here"


def _host(base_url: str, setting: str) -> str:
    """The host of an address, with its port if it has one; what else an address may hold is refused, unshown."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{setting}: a base_url does not begin with https:// and a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError(f"{setting}: the base_url of {parts.hostname} holds more than a host and a path")
    return parts.netloc


def _checked(key: str, host: str) -> str:
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigError(f"the key for {host} holds characters that no key has")
    return key
