"""What a chat endpoint answers, as events or in one piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge_assistant.errors import EndpointError
from edge_assistant.wire.fields import Json, load, mapping, string
from edge_assistant.wire.refusals import told

LINE_LIMIT: Final = 1_000_000
"""Bytes in one line of a stream; the longest chunk of any known server is a few kilobytes."""
TOTAL_LIMIT: Final = 8_000_000
"""Bytes in a whole answer, framing included."""
TOLERATED: Final = 3
"""Unreadable events that a stream may hold before it counts as broken."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event adds to an answer."""

    text: str = ""
    reasoning: str = ""
    """What the model thought aloud; never part of the answer."""
    finish: str | None = None
    """Why the answer ends here: ``stop``, ``length`` …"""


class Reader(Protocol):
    """Turns the bytes of an answer into deltas, as they come."""

    finish: str | None

    def feed(self, chunk: bytes) -> Sequence[Delta]:
        """Return what these bytes complete. Raises `EndpointError`."""
        ...

    def close(self) -> Sequence[Delta]:
        """Return what the end of the bytes completes. Raises `EndpointError` if the answer is not whole."""
        ...


def reader(headers: Mapping[str, str]) -> Reader:
    """Return the reader for a successful response, or raise `EndpointError` if it is no chat answer at all."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise EndpointError("sent a compressed answer, which was not asked for", "broken")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return StreamReader()
    if kind == "application/json":
        return CompletionReader()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise EndpointError("answered with a web page: the network asks for a sign-in (captive portal)", "portal")
    raise EndpointError(f"answered with {kind or 'something without a type'}, not in the chat format", "broken")


class StreamReader:
    """Reads an answer that comes as server-sent events.

    httpx-sse would do, but it gathers a line without end and has no limit to set: 300 MB without a newline
    cost 642 MB of memory. So lines are cut here, and both limits hold before anything is decoded.
    """

    def __init__(self, line_limit: int = LINE_LIMIT, total_limit: int = TOTAL_LIMIT) -> None:
        self.finish: str | None = None
        self._line_limit = line_limit
        self._total_limit = total_limit
        self._total = 0
        self._rest = bytearray()
        self._payload: list[bytearray] = []
        self._unreadable = 0

    def feed(self, chunk: bytes) -> Sequence[Delta]:
        """Return what these bytes complete. Raises `EndpointError`."""
        return [delta for line in self._lines(chunk) if (delta := self._line(line)) is not None]

    def close(self) -> Sequence[Delta]:
        """Return what the end of the bytes completes; a missing ``[DONE]`` is forgiven, a missing reason is not."""
        deltas = self.feed(b"\n\n")
        if self.finish is None:
            raise _broke_off()
        return deltas

    def _lines(self, chunk: bytes) -> Sequence[bytearray]:
        self._total += len(chunk)
        if self._total > self._total_limit:
            raise _too_large(self._total_limit)
        self._rest += chunk
        lines = [self._rest]
        if b"\n" in chunk:  # only then is the whole buffer looked at, so that tiny chunks stay cheap
            lines = self._rest.split(b"\n")
        if max(map(len, lines)) > self._line_limit:
            raise EndpointError(f"sent a line of more than {self._line_limit:,} bytes", "broken")
        self._rest = lines.pop()
        return lines

    def _line(self, line: bytearray) -> Delta | None:
        line = line.removesuffix(b"\r")
        if not line:
            return self._event()
        field, _, value = line.partition(b":")
        if field == b"data":  # a comment has no field name; event, id and retry mean nothing here
            self._payload.append(value.removeprefix(b" "))
        return None

    def _event(self) -> Delta | None:
        payload, self._payload = b"\n".join(self._payload).strip(), []
        if not payload or self.finish is not None:
            return None
        if payload == b"[DONE]":
            raise _broke_off()
        try:
            delta = _delta(load(payload))
        except ValueError:
            self._unreadable += 1
            if self._unreadable > TOLERATED:
                raise EndpointError(f"sent {self._unreadable} unreadable events", "broken") from None
            return None
        self.finish = delta.finish
        return delta


class CompletionReader:
    """Reads an answer that comes in one piece, from servers that do not stream."""

    def __init__(self, total_limit: int = TOTAL_LIMIT) -> None:
        self.finish: str | None = None
        self._total_limit = total_limit
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Sequence[Delta]:
        """Keep these bytes. Raises `EndpointError` when they are too many."""
        self._body += chunk
        if len(self._body) > self._total_limit:
            raise _too_large(self._total_limit)
        return ()

    def close(self) -> Sequence[Delta]:
        """Return the whole answer. Raises `EndpointError` if it is none."""
        try:
            delta = _delta(load(bytes(self._body)))
        except ValueError:
            raise EndpointError("sent an unreadable answer", "broken") from None
        if delta.finish is None:
            raise _broke_off()
        self.finish = delta.finish
        return (delta,)


def _delta(event: Mapping[str, Json]) -> Delta:
    """Read one chunk or one whole completion; `ValueError` if it is neither, `EndpointError` if it tells of one."""
    if event.get("error"):
        raise told(event["error"])
    choices = event.get("choices") or [{}]  # vLLM sends null, and the chunk with the usage has none
    if not isinstance(choices, list):
        raise ValueError("choices is no list")
    choice = mapping(choices[0])
    part = mapping(choice.get("delta") or choice.get("message") or {})
    finish = string(choice.get("finish_reason"))
    if finish == "content_filter":
        raise EndpointError("stopped its answer: its content filter objects", "filtered")
    if finish in {"insufficient_system_resource", "error"}:  # the first is DeepSeek's
        raise EndpointError("ran out of resources in the middle of its answer", "broken")
    reasoning = string(part.get("reasoning_content") or part.get("reasoning"))
    return Delta(string(part.get("content")), reasoning, finish or None)


def _broke_off() -> EndpointError:
    return EndpointError("broke off before the end of its answer", "broken")


def _too_large(limit: int) -> EndpointError:
    return EndpointError(f"sent more than {limit:,} bytes", "broken")
