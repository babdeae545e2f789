"""What is asked of a chat endpoint, and what one would answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_assistant.types import Limits, Message
from edge_assistant.wire.fields import Json, dump, load


def request(model: str, messages: Sequence[Message], limits: Limits) -> bytes:
    """Return the body that asks for a streamed continuation."""
    fields: dict[str, Json] = {
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
    if limits.schema:
        form: dict[str, Json] = {"name": "answer", "strict": True, "schema": load(limits.schema.encode())}
        fields["response_format"] = {"type": "json_schema", "json_schema": form}
    return dump(fields)


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


def _frame(fields: Mapping[str, Json]) -> bytes:
    return b"data: " + dump(fields) + b"\n\n"
