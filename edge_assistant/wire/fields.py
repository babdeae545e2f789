"""JSON from outside, taken apart without trust: what is of another shape is a `ValueError`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = object
"""Anything that a parser may return."""


def load(body: bytes) -> Mapping[str, Json]:
    """Read an object."""
    try:
        return mapping(json.loads(body.decode(errors="replace")))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def mapping(value: Json) -> Mapping[str, Json]:
    """Insist on an object."""
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def string(value: Json) -> str:
    """Insist on a text; none counts as an empty one, and half a surrogate pair as a question mark."""
    if not isinstance(value, str | None):
        raise ValueError("not a text")
    return (value or "").encode(errors="replace").decode()


def dump(fields: Mapping[str, Json]) -> bytes:
    """Write an object, as compact as it can be."""
    # Half a surrogate pair cannot be sent; a question mark in its place loses nothing that could be read.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
