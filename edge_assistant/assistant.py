"""The composition root, and the object that every door holds."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Final

from edge_assistant import explain, languages
from edge_assistant.config import Config, shipped
from edge_assistant.engine import Engine
from edge_assistant.errors import InputError, StorageError
from edge_assistant.knowledge.store import Store
from edge_assistant.policy import PATIENCE, Policy
from edge_assistant.safe_text import writable_text
from edge_assistant.storage.answers import Answers, key
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History, Turn
from edge_assistant.storage.timers import TimerStore
from edge_assistant.tiers.answers import AnswersTier
from edge_assistant.types import Answer, Context, Declined, Event, Limits, Manner, Message, Query, Reply, Tier, TierName

LONGEST_QUESTION: Final = 8_000
"""Characters; about what fits the smallest model's context with room for an answer."""
_REMEMBERED_TURNS: Final = 6
_MARGIN: Final = 2.0
"""Seconds that the engine waits longer for the cloud than its endpoints do."""
_HIDDEN: Final = "••••"
"""What is kept of a question that was a PIN."""
_REUSED: Final = frozenset({"knowledge", "device", "cloud"})

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from edge_assistant.actuator import Backend
    from edge_assistant.adapters.python_home import Carry
    from edge_assistant.adapters.router import Router
    from edge_assistant.home import Home
    from edge_assistant.knowledge.library import Library
    from edge_assistant.pin import Pin
    from edge_assistant.skills.alarms import Alarms
    from edge_assistant.skills.bell import Bell, Ring
    from edge_assistant.skills.books import Rulebooks
    from edge_assistant.skills.timers import Timers
    from edge_assistant.watched import Watched

_log = logging.getLogger(__name__)


class Assistant:
    """Answers and acts. Rooms are built when they are first entered, and closed with the assistant.

    >>> async with Assistant.open() as assistant:
    ...     answer = await assistant.ask("turn on the kitchen light")
    """

    def __init__(
        self,
        config: Config,
        clock: Callable[[], float] = monotonic,
        backend: Backend | Mapping[str, Carry] | None = None,
    ) -> None:
        self.config = config
        self._clock = clock
        self._backend = backend
        self._closing = AsyncExitStack()

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
        return cls(config if home is None else config.model_copy(update={"home": home}), backend=backend)

    async def __aenter__(self) -> Assistant:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._closing.aclose()

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
        async with aclosing(self._engine.stream(query, restartable=restartable)) as events:
            async for event in events:
                yield self._kept(query, event) if isinstance(event, Answer) else event

    def why(self, id: str) -> Turn:
        """Return the turn whose answer has this id, or starts with it. Raises `InputError`."""
        return self.history.find(id)

    @cached_property
    def database(self) -> Database:
        """Documents, history and answers: ``assistant.db``."""
        return self._opened(Database(self.config.home / "assistant.db"))

    @cached_property
    def outbox(self) -> Database:
        """What must survive a power cut: ``outbox.db``, with every commit on the disk."""
        return self._opened(Database(self.config.home / "outbox.db", durable=True))

    @cached_property
    def history(self) -> History:
        return History(self.database)

    @cached_property
    def answers(self) -> Answers:
        return Answers(self.database, self.config.answers.days)

    @cached_property
    def timers(self) -> Timers:
        from edge_assistant.skills.timers import Timers

        return Timers(cache(lambda: TimerStore(self.database)), self._rulebooks, self._bell)

    @cached_property
    def alarms(self) -> Alarms:
        from edge_assistant.skills.alarms import Alarms
        from edge_assistant.storage.alarms import AlarmStore

        return Alarms(cache(lambda: AlarmStore(self.database)), self._rulebooks, self._bell)

    @cached_property
    def _bell(self) -> Bell:
        from edge_assistant.skills.bell import Bell

        return Bell()

    def rings(self) -> AsyncGenerator[Ring]:
        """Yield every timer, alarm and reminder as it gets due, for as long as the caller listens."""
        return self._bell.rings([self.timers.due, self.alarms.due])

    @cached_property
    def _rulebooks(self) -> Rulebooks:
        return open_rulebooks(self.config)

    @cached_property
    def _engine(self) -> Engine:
        cloud = self.config.cloud
        # An endpoint keeps its own time, so that the next one can step in and its silence is remembered.
        cloud_patience = cloud.patience * max(1, len(cloud.endpoints)) + _MARGIN
        patience = {**PATIENCE, "device": self.config.device.patience, "cloud": cloud_patience}
        policy = Policy(share_passages=cloud.share_passages, patience=patience)
        builders: Mapping[TierName, Callable[[], Tier]] = {
            "rules": self._rules_tier,
            "answers": self._answers_tier,
            "knowledge": self._knowledge_tier,
            "device": self._device_tier,
            "cloud": self._cloud_tier,
        }
        wanted = [name for name in self.config.tiers if name != "answers" or self.config.answers.enabled]
        return Engine([_LateTier(name, builders[name]) for name in wanted], policy, self._clock)

    def _rules_tier(self) -> Tier:
        from edge_assistant.actuator import Actuator
        from edge_assistant.adapters.router import planned
        from edge_assistant.skills.lists import Lists
        from edge_assistant.skills.table import skills
        from edge_assistant.storage.actions import Actions
        from edge_assistant.storage.lists import ListStore
        from edge_assistant.tiers.rules import RuleTier

        devices = self.devices
        actuator = Actuator(
            devices,
            cache(lambda: Actions(self.outbox)),
            self._clock,
            refresh=devices.refresh,
            rehearse=planned if self.config.actions.dry_run else None,
            logged=(self.config.home / "outbox.db").exists,
            pin=self._pin,
        )
        lists = Lists(cache(lambda: ListStore(self.database)))
        return RuleTier(self._rulebooks, skills(actuator, self.timers, self.alarms, lists), actuator)

    @cached_property
    def _pin(self) -> Pin | None:
        from edge_assistant.pin import Pin

        variable = self.config.actions.pin_env
        return Pin.named(variable, self._clock) if variable else None

    @cached_property
    def devices(self) -> Router:
        """Return the home with its connections; they are made when they are first needed."""
        from edge_assistant.adapters.memory_home import MemoryHome
        from edge_assistant.adapters.router import Router, connect

        given = self._backend
        if given is not None and not isinstance(given, Mapping):
            return Router(given)
        house = watched_house(self.config)
        memory = MemoryHome(house(), lambda: self.database, house)
        devices = Router(memory, house, lambda home: connect(home, self.config.actions, given))
        self._closing.push_async_callback(devices.aclose)
        return devices

    def _answers_tier(self) -> Tier:
        thresholds = {"knowledge": self.config.knowledge.threshold, "device": self.config.device.threshold}
        return AnswersTier(lambda: self.answers, self._stamp, thresholds)

    def _knowledge_tier(self) -> Tier:
        from edge_assistant.tiers.knowledge import KnowledgeTier

        chosen = self.config.knowledge
        library = cache(lambda: open_library(self.config, self.database))
        tier = KnowledgeTier(library, chosen.threshold, chosen.passages)
        self._closing.callback(tier.close)
        return tier

    def _device_tier(self) -> Tier:
        from edge_assistant.adapters.llama import LlamaModel
        from edge_assistant.models.catalog import Catalog
        from edge_assistant.tiers.device import DeviceTier

        chosen = self.config.device
        rung, file = Catalog.usual(self.config.home).find(chosen.model, self.config.home / "models")
        model = LlamaModel(file, context=chosen.context, threads=chosen.threads, gpu_layers=chosen.gpu_layers)
        self._closing.push_async_callback(model.close)
        return DeviceTier(
            model,
            rung,
            file,
            limits=Limits(max_tokens=chosen.max_tokens),
            threshold=chosen.threshold,
            context=chosen.context,
            passages=self.config.knowledge.passages,
        )

    def _cloud_tier(self) -> Tier:
        from edge_assistant.tiers.cloud import CloudTier

        chosen = self.config.cloud
        if not chosen.endpoints:
            return CloudTier(None)
        from edge_assistant.adapters.openai_http import OpenAIChat, Waits
        from edge_assistant.network.endpoints import Failover
        from edge_assistant.network.resolver import Resolver

        waits, resolver = Waits(first_word=chosen.patience, total=chosen.total), Resolver()
        endpoints = Failover([OpenAIChat(endpoint, waits, resolver) for endpoint in chosen.endpoints])
        self._closing.push_async_callback(endpoints.aclose)
        return CloudTier(endpoints, Limits(max_tokens=chosen.max_tokens))

    def _stamp(self) -> str:
        """Name what an answer depends on besides the question."""
        endpoints = ",".join(f"{endpoint.base_url} {endpoint.model}" for endpoint in self.config.cloud.endpoints)
        return f"{Store(self.database).generation}|{self.config.device.model}|{endpoints}"

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
            deadline=None if deadline is None else self._clock() + deadline,
        )

    def _past(self, conversation: str | None) -> tuple[Message, ...]:
        if conversation is None:
            return ()
        try:
            turns = self.history.latest(_REMEMBERED_TURNS, conversation)
        except StorageError as error:
            _log.warning("the earlier turns are not known: %s", error)
            return ()
        messages: list[Message] = []
        for turn in turns:
            messages.append(Message("user", turn.question, turn.private))
            messages.append(Message("assistant", turn.receipt["text"], turn.private))
        return tuple(messages)

    def _kept(self, query: Query, answer: Answer) -> Answer:
        """Give the answer its id, and keep it; one that cannot be kept is given all the same."""
        answer = replace(answer, id=secrets.token_hex(4))
        try:
            self.history.add(
                _HIDDEN if any(attempt.reason == "intent Pin" for attempt in answer.trace) else query.text,
                explain.receipt(answer),
                private=query.private,
                conversation=query.context.conversation,
            )
            if self.config.answers.enabled and _reusable(query, answer):
                self.answers.put(key(query.text, query.language, self._stamp()), answer)
        except StorageError as error:
            _log.warning("the answer was not kept: %s", error)
        return answer

    def _opened(self, database: Database) -> Database:
        self._closing.callback(database.close)
        return database


def open_library(config: Config, database: Database) -> Library:
    """Return the knowledge base of a home, with the shipped documents in it; takes seconds when these are new."""
    from edge_assistant.adapters.faiss import FaissIndex
    from edge_assistant.adapters.onnx import OnnxEmbedder
    from edge_assistant.knowledge.ingest import sync_starter
    from edge_assistant.knowledge.library import Library

    model = config.knowledge.embedder or shipped("models") / "all-MiniLM-L6-v2"
    index = config.home / "index"
    library = Library(
        database, embedder=lambda: OnnxEmbedder(model, seen=index / "seen.json"), index=FaissIndex, folder=index
    )
    sync_starter(library, shipped("knowledge_base") if config.knowledge.starter else None)
    return library


def open_rulebooks(config: Config) -> Rulebooks:
    """Return the rules of a home: the shipped ones with the user's over them. Read when first asked."""
    from edge_assistant.skills.books import Rulebooks

    return Rulebooks((shipped("rules"), *config.rules.folders), config.home / "cache", config.rules.packs)


def open_house(config: Config) -> Home:
    """Return the areas and devices that rules speak about. Raises `ConfigError`."""
    return watched_house(config)()


def watched_house(config: Config) -> Watched[Home]:
    """Return the areas and devices that rules speak about, read again when their file changes."""
    from edge_assistant.home import Home
    from edge_assistant.watched import Watched

    file, announced = config.rules.house or shipped("rules") / "home.yaml", discovered_file(config)
    if config.actions.discover is None:
        return Watched(lambda: (file,), lambda last: Home.read(file))
    from edge_assistant.adapters.mqtt_kept import known
    from edge_assistant.discovery import merged

    return Watched(lambda: (file, announced), lambda last: merged(Home.read(file), known(announced)))


def discovered_file(config: Config) -> Path:
    """Return where the announcements of devices are kept between starts."""
    return config.home / "cache" / "discovered.json"


class _LateTier:
    """A tier that is built when it is first asked, so that a question costs only the tiers it meets."""

    def __init__(self, name: TierName, build: Callable[[], Tier]) -> None:
        self.name: TierName = name
        self.leaves_device = name == "cloud"
        self._build = build

    @cached_property
    def _tier(self) -> Tier:
        return self._build()

    async def consider(self, query: Query) -> Reply | Declined:
        return await self._tier.consider(query)


def ask(text: str, home: Path | str | None = None, **manner: Unpack[Manner]) -> Answer:
    """Ask one question from synchronous code, of the assistant that lives in `home`.

    >>> ask("turn on the kitchen light").text
    'The kitchen light is on.'
    """

    async def asked() -> Answer:
        async with Assistant.open(Path(home) if home else None) as assistant:
            return await assistant.ask(text, **manner)

    return asyncio.run(asked())


def _reusable(query: Query, answer: Answer) -> bool:
    return answer.complete and answer.tier in _REUSED and not query.private and not query.history
