"""The OpenAI chat format, read and written, with its server-sent events."""

from __future__ import annotations

from edge_assistant.wire.reading import CompletionReader, Delta, Reader, StreamReader, reader
from edge_assistant.wire.refusals import failure, retry_after
from edge_assistant.wire.writing import Frames, request

__all__ = [
    "CompletionReader",
    "Delta",
    "Frames",
    "Reader",
    "StreamReader",
    "failure",
    "reader",
    "request",
    "retry_after",
]
