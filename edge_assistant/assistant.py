"""The object that every door holds: it takes a question, lets the engine answer, and keeps what was said."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from edge_assistant import explain, languages
from edge_assistant.config import Config
from edge_assistant.errors import InputError, StorageError
from edge_assistant.rooms import Rooms
from edge_assistant.safe_text import writable_text
from edge_assistant.storage.answers import key
from edge_assistant.storage.history import Turn
from edge_assistant.types import Answer, Context, Event, Manner, Message, Query

LONGEST_QUESTION: Final = 8_000
"""Characters; about what fits the smallest model's context with room for an answer."""
_REMEMBERED_TURNS: Final = 6
_HIDDEN: Final = "••••"
"""What is kept of a question that was a PIN."""
_REUSED: Final = frozenset({"knowledge", "device", "cloud"})

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from edge_assistant.actuator import Backend
    from edge_assistant.adapters.python_home import Carry
    from edge_assistant.skills.bell import Ring

_log = logging.getLogger(__name__)


class Assistant:
    """Answers and acts. Rooms are built when they are first entered, and closed with the assistant.

    >>> async with Assistant.open() as assistant:
    ...     answer = await assistant.ask("turn on the kitchen light")
    """

    def __init__(self, rooms: Rooms) -> None:
        self.config = rooms.config
        self.rooms = rooms

    @classmethod
    def open(
        cls,
        home: Path | None = None,
        config: Config | Path | None = None,
        backend: Backend | Mapping[str, Carry] | None = None,
    ) -> Assistant:
        """Return an assistant to be used with ``async with``; nothing is loaded yet. Raises `ConfigError`.

        `backend` carries out commands: an object of yours, or one async function for each service, like
        ``light.turn_on``, that is called with the `Command`.
        """
        if not isinstance(config, Config):
            config = Config.read(config, home)
        return cls(Rooms(config if home is None else config.model_copy(update={"home": home}), backend=backend))

    async def __aenter__(self) -> Assistant:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.rooms.closing.aclose()

    async def ask(self, text: str, **manner: Unpack[Manner]) -> Answer:
        """Return the finished answer. Raises `InputError` and `Unanswered`."""
        async with aclosing(self.stream(text, restartable=True, **manner)) as events:
            *_, answer = [event async for event in events]
        assert isinstance(answer, Answer), "a stream ends with an Answer or raises Unanswered"
        return answer

    async def stream(self, text: str, *, restartable: bool = False, **manner: Unpack[Manner]) -> AsyncGenerator[Event]:
        """Yield each attempt as it is made, then the words, then the answer; closing it stops the model.

        `restartable` says that words can be taken back (see `Restart`). Raises `InputError` and `Unanswered`.
        """
        query = self._query(text, **manner)
        async with aclosing(self.rooms.engine.stream(query, restartable=restartable)) as events:
            async for event in events:
                yield self._kept(query, event) if isinstance(event, Answer) else event

    def why(self, id: str) -> Turn:
        """Return the turn whose answer has this id, or starts with it. Raises `InputError`."""
        return self.rooms.history.find(id)

    def rings(self) -> AsyncGenerator[Ring]:
        """Yield every timer, alarm and reminder as it gets due, for as long as the caller listens."""
        return self.rooms.bell.rings([self.rooms.timers.due, self.rooms.alarms.due])

    def _query(
        self,
        text: str,
        *,
        language: str | None = None,
        area: str | None = None,
        private: bool = False,
        local_only: bool = False,
        conversation: str | None = None,
        deadline: float | None = None,
    ) -> Query:
        if not text.strip():
            raise InputError("the question is empty")
        if writable_text(text) != text:
            raise InputError("the question is not text: it holds bytes that are no UTF-8")
        if len(text) > LONGEST_QUESTION:
            raise InputError(f"the question has {len(text):,} characters; at most {LONGEST_QUESTION:,} can be read")
        chosen = language or (self.config.language if self.config.language != "auto" else None)
        spoken = languages.supported(chosen) if chosen else languages.detect(text)
        return Query(
            text.strip(),
            spoken,
            self._past(conversation),
            private=private,
            local_only=local_only,
            context=Context(area=area, conversation=conversation),
            deadline=None if deadline is None else self.rooms.clock() + deadline,
        )

    def _past(self, conversation: str | None) -> tuple[Message, ...]:
        if conversation is None:
            return ()
        try:
            turns = self.rooms.history.latest(_REMEMBERED_TURNS, conversation)
        except StorageError as error:
            _log.warning("the earlier turns are not known: %s", error)
            return ()
        messages: list[Message] = []
        for turn in turns:
            messages.append(Message("user", turn.question, turn.private))
            quotes = turn.receipt["tier"] != "cloud" and bool(turn.receipt["sources"])
            messages.append(Message("assistant", turn.receipt["text"], turn.private or quotes))
        return tuple(messages)

    def _kept(self, query: Query, answer: Answer) -> Answer:
        """Give the answer its id, and keep it; one that cannot be kept is given all the same."""
        answer = replace(answer, id=secrets.token_hex(4))
        try:
            self.rooms.history.add(
                _HIDDEN if any(attempt.reason == "intent Pin" for attempt in answer.trace) else query.text,
                explain.receipt(answer),
                private=query.private or _overheard(query, answer),
                conversation=query.context.conversation,
            )
            if self.config.answers.enabled and _reusable(query, answer):
                self.rooms.answers.put(key(query.text, query.language, self.rooms.stamp()), answer)
        except StorageError as error:
            _log.warning("the answer was not kept: %s", error)
        return answer


def _reusable(query: Query, answer: Answer) -> bool:
    return answer.complete and answer.tier in _REUSED and not query.private and not query.history


def _overheard(query: Query, answer: Answer) -> bool:
    """Return whether a model at home may have said again what it was told in confidence, or read in a document."""
    return answer.tier == "device" and any(message.private for message in query.history)
