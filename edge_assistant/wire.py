"""The OpenAI chat format, read and written, with its server-sent events."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final, Protocol, TypeAlias

from edge_assistant.errors import EndpointError, Fault
from edge_assistant.types import Limits, Message

LINE_LIMIT: Final = 1_000_000
"""Bytes in one line of a stream; the longest chunk of any known server is a few kilobytes."""
TOTAL_LIMIT: Final = 8_000_000
"""Bytes in a whole answer, framing included."""
TOLERATED: Final = 3
"""Unreadable events that a stream may hold before it counts as broken."""
LONGEST_PAUSE: Final = 3600.0
"""Seconds; no `Retry-After` is taken to mean longer."""

_Json: TypeAlias = object


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


def request(model: str, messages: Sequence[Message], limits: Limits) -> bytes:
    """Return the body that asks for a streamed continuation."""
    fields: dict[str, _Json] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.text} for message in messages],
        "stream": True,
        "max_tokens": limits.max_tokens,
        "temperature": limits.temperature,
    }
    if limits.stop:
        fields["stop"] = list(limits.stop)
    if limits.seed is not None:
        fields["seed"] = limits.seed
    return _dump(fields)


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
            delta = _delta(_load(payload))
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
            delta = _delta(_load(bytes(self._body)))
        except ValueError:
            raise EndpointError("sent an unreadable answer", "broken") from None
        if delta.finish is None:
            raise _broke_off()
        self.finish = delta.finish
        return (delta,)


_STATUS: Final[Mapping[int, tuple[Fault, str]]] = {
    401: ("key", "refused the key"),
    402: ("credit", "says that the account has no credit left"),
    403: ("key", "refused the key"),
    404: ("unknown", "knows no such model or address"),
    408: ("timeout", "gave up waiting"),
    429: ("limited", "gets too many requests and asks for a pause"),
    511: ("portal", "cannot be reached: the network asks for a sign-in (captive portal)"),
}
_FILTERS: Final = ("content_filter", "content_policy_violation", "Content Exists Risk")
"""How OpenAI, Azure and DeepSeek name their filters, in the code or the message of a 400."""


def failure(status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> EndpointError:
    """Return what a response other than 200 means; the key is not repeated, even if the server repeats it."""
    if 300 <= status < 400:
        return EndpointError("redirects elsewhere: the network asks for a sign-in, or the address is wrong", "portal")
    code, said = _error(body)
    if code == "insufficient_quota":  # OpenAI says 429 for an empty account
        status = 402
    if any(name in f"{code} {said}" for name in _FILTERS):
        return EndpointError(f"does not answer this: its content filter objects (HTTP {status})", "filtered")
    if status in _STATUS:
        fault, meaning = _STATUS[status]
        pause = retry_after(headers.get("retry-after"), now) if fault == "limited" else None
        length = "" if pause is None else f" of {pause:g} s"
        return EndpointError(f"{meaning}{length} (HTTP {status})", fault, pause)
    if status >= 500:
        return EndpointError(f"is in trouble (HTTP {status})", "server")
    return EndpointError(f"refused the request (HTTP {status}){said and ': ' + said}", "refused")


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a `Retry-After`, a number or a date, between 0 and an hour; None if unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            until = parsedate_to_datetime(value)
        except (TypeError, ValueError):
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=timezone.utc)
        seconds = (until - (now or datetime.now(timezone.utc))).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Frames:
    """Writes an answer as server-sent events; all of them share one identity."""

    id: str
    created: int
    """Seconds since 1970."""
    model: str

    def opening(self) -> bytes:
        """Return the event that says who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def word(self, text: str) -> bytes:
        """Return the event that adds these words."""
        return self._chunk({"content": text})

    def closing(self, finish: str = "stop") -> bytes:
        """Return the events that end a whole answer."""
        return self._chunk({}, finish) + b"data: [DONE]\n\n"

    def error(self, message: str) -> bytes:
        """Return the event that ends a broken answer; nothing may follow it, least of all ``[DONE]``."""
        return _frame({"error": {"message": message, "type": "server_error"}})

    def _chunk(self, delta: Mapping[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model}
        return _frame({**head, "choices": [choice]})


def _delta(event: Mapping[str, _Json]) -> Delta:
    """Read one chunk or one whole completion; `ValueError` if it is neither, `EndpointError` if it tells of one."""
    if event.get("error"):
        raise _told(event["error"])
    choices = event.get("choices") or [{}]  # vLLM sends null, and the chunk with the usage has none
    if not isinstance(choices, list):
        raise ValueError("choices is no list")
    choice = _mapping(choices[0])
    part = _mapping(choice.get("delta") or choice.get("message") or {})
    finish = _text(choice.get("finish_reason"))
    if finish == "content_filter":
        raise EndpointError("stopped its answer: its content filter objects", "filtered")
    if finish in {"insufficient_system_resource", "error"}:  # the first is DeepSeek's
        raise EndpointError("ran out of resources in the middle of its answer", "broken")
    reasoning = _text(part.get("reasoning_content") or part.get("reasoning"))
    return Delta(_text(part.get("content")), reasoning, finish or None)


def _told(error: _Json) -> EndpointError:
    """What an error inside a stream means: some carry the status that they would have been."""
    code, said = _error(_dump({"error": error}))
    if code.isdecimal() and 400 <= int(code) < 600:
        return failure(int(code), {}, _dump({"error": error}))
    return EndpointError(f"reports an error in place of an answer{said and ': ' + said}", "server")


def _error(body: bytes) -> tuple[str, str]:
    """The code and the message of an error body, or nothing."""
    try:
        error = _mapping(_load(body).get("error"))
        return str(error.get("code") or error.get("type") or ""), " ".join(_text(error.get("message")).split())[:200]
    except ValueError:
        return "", ""


def _load(body: bytes) -> Mapping[str, _Json]:
    try:
        return _mapping(json.loads(body.decode(errors="replace")))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _mapping(value: _Json) -> Mapping[str, _Json]:
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _text(value: _Json) -> str:
    if not isinstance(value, str | None):
        raise ValueError("not a text")
    return value or ""


def _dump(fields: Mapping[str, _Json]) -> bytes:
    # Half a surrogate pair cannot be sent; a question mark in its place loses nothing that could be read.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _frame(fields: Mapping[str, _Json]) -> bytes:
    return b"data: " + _dump(fields) + b"\n\n"


def _broke_off() -> EndpointError:
    return EndpointError("broke off before the end of its answer", "broken")


def _too_large(limit: int) -> EndpointError:
    return EndpointError(f"sent more than {limit:,} bytes", "broken")
