"""What it means when a chat endpoint refuses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Final

from edge_assistant.errors import EndpointError, Fault
from edge_assistant.wire.fields import Json, dump, load, mapping, string

LONGEST_PAUSE: Final = 3600.0
"""Seconds; no `Retry-After` is taken to mean longer."""

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
_TOO_LONG: Final = ("context_length_exceeded", "exceed_context_size_error", "maximum context length")
"""How OpenAI, llama-server and vLLM say, in the code or the message of a 400, that a prompt does not fit."""


def failure(status: int, headers: Mapping[str, str], body: bytes, now: datetime | None = None) -> EndpointError:
    """Return what a response other than 200 means, in words that follow the name of the host."""
    if 300 <= status < 400:
        return EndpointError("redirects elsewhere: the network asks for a sign-in, or the address is wrong", "portal")
    code, said = _error(body)
    if code == "insufficient_quota":  # OpenAI says 429 for an empty account
        status = 402
    if any(name in f"{code} {said}" for name in _FILTERS):
        return EndpointError(f"does not answer this: its content filter objects (HTTP {status})", "filtered")
    if any(name in f"{code} {said}" for name in _TOO_LONG):
        return EndpointError(f"refused the request (HTTP {status}){said and ': ' + said}", "too_long")
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
        except (TypeError, ValueError, OverflowError):
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=timezone.utc)
        seconds = (until - (now or datetime.now(timezone.utc))).total_seconds()
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_PAUSE)


def told(error: Json) -> EndpointError:
    """What an error inside a stream means: some carry the status that they would have been."""
    code, said = _error(dump({"error": error}))
    if code.isdecimal() and 400 <= int(code) < 600:
        return failure(int(code), {}, dump({"error": error}))
    return EndpointError(f"reports an error in place of an answer{said and ': ' + said}", "server")


def _error(body: bytes) -> tuple[str, str]:
    """The code and the message of an error body, or nothing."""
    try:
        error = mapping(load(body).get("error"))
        return str(error.get("code") or error.get("type") or ""), " ".join(string(error.get("message")).split())[:200]
    except ValueError:
        return "", ""
