"""How the rooms of an assistant are built from its settings, each when it is first entered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from edge_assistant.adapters.llama_build import for_graphics
from edge_assistant.config import Config, Device, LocalServer, shipped
from edge_assistant.engine import Engine
from edge_assistant.errors import ConfigError
from edge_assistant.knowledge.store import Store
from edge_assistant.network.nearby import nearby
from edge_assistant.policy import PATIENCE, Policy
from edge_assistant.storage.answers import Answers
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from edge_assistant.storage.salvage import opened
from edge_assistant.storage.timers import TimerStore
from edge_assistant.tiers.answers import AnswersTier
from edge_assistant.types import Declined, Judge, Limits, Query, Reply, Tier, TierName

if TYPE_CHECKING:
    from edge_assistant.actuator import Actuator, Backend
    from edge_assistant.adapters.embedders import LocalEmbedder
    from edge_assistant.adapters.local_server import Served, ServedModel
    from edge_assistant.adapters.python_home import Carry
    from edge_assistant.adapters.router import Router
    from edge_assistant.devices.home import Home
    from edge_assistant.devices.pin import Pin
    from edge_assistant.knowledge.library import Library
    from edge_assistant.knowledge.synonyms import Synonyms
    from edge_assistant.models.board import Board
    from edge_assistant.models.catalog import ModelFile
    from edge_assistant.models.judge import Judges
    from edge_assistant.models.ladder import Ladder
    from edge_assistant.models.loading import Loading
    from edge_assistant.skills.alarms import Alarms
    from edge_assistant.skills.bell import Bell
    from edge_assistant.skills.books import Rulebooks
    from edge_assistant.skills.proposals import Proposals
    from edge_assistant.skills.timers import Timers
    from edge_assistant.watched import Watched

_MARGIN: Final = 2.0
"""Seconds that the engine waits longer for the cloud than its endpoints do."""


class Rooms:
    """Everything an assistant lives in. `closing` closes what was opened, last first."""

    def __init__(
        self,
        config: Config,
        clock: Callable[[], float] = monotonic,
        backend: Backend | Mapping[str, Carry] | None = None,
    ) -> None:
        self.config = config
        self.closing = AsyncExitStack()
        self.clock = clock
        self._backend = backend

    @cached_property
    def database(self) -> Database:
        """Documents, history and answers: ``assistant.db``."""
        return self._opened(opened(self.config.home / "assistant.db"))

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

        return Timers(cache(lambda: TimerStore(self.database)), self._rulebooks, self.bell)

    @cached_property
    def alarms(self) -> Alarms:
        from edge_assistant.skills.alarms import Alarms
        from edge_assistant.storage.alarms import AlarmStore

        return Alarms(cache(lambda: AlarmStore(self.database)), self._rulebooks, self.bell)

    @cached_property
    def bell(self) -> Bell:
        from edge_assistant.skills.bell import Bell

        return Bell()

    @cached_property
    def _rulebooks(self) -> Rulebooks:
        return open_rulebooks(self.config)

    @cached_property
    def engine(self) -> Engine:
        cloud = self.config.cloud
        # An endpoint keeps its own time, so that the next one can step in and its silence is remembered.
        cloud_patience = cloud.patience * max(1, len(cloud.endpoints)) + _MARGIN
        patience = {**PATIENCE, "device": self.config.device.patience, "cloud": cloud_patience}
        if self.config.actions.propose != "never":
            patience["rules"] = self.config.device.patience
        near = all(nearby(endpoint.base_url) for endpoint in cloud.endpoints)
        policy = Policy(share_passages=cloud.share_passages, reach="lan" if near else "cloud", patience=patience)
        builders: Mapping[TierName, Callable[[], Tier]] = {
            "rules": self._rules_tier,
            "answers": self._answers_tier,
            "knowledge": self._knowledge_tier,
            "device": self._device_tier,
            "cloud": self._cloud_tier,
        }
        wanted = [name for name in self.config.tiers if name != "answers" or self.config.answers.enabled]
        return Engine([_LateTier(name, builders[name]) for name in wanted], policy, self.clock)

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
            self.clock,
            refresh=devices.refresh,
            rehearse=planned if self.config.actions.dry_run else None,
            logged=(self.config.home / "outbox.db").exists,
            pin=self._pin,
        )
        lists = Lists(cache(lambda: ListStore(self.database)))
        table = skills(actuator, self.timers, self.alarms, lists)
        return RuleTier(self._rulebooks, table, actuator, self._proposals(actuator))

    def _proposals(self, actuator: Actuator) -> Proposals | None:
        """Return what puts a model's choice to the speaker, where the owner wants that."""
        if self.config.actions.propose == "never" or "device" not in self.config.tiers:
            return None
        from edge_assistant.models.proposing import Proposer
        from edge_assistant.skills.proposals import Proposals

        return Proposals(actuator, Proposer(lambda: self._served or self._ladder).commands, self.config.actions.propose)

    @cached_property
    def _pin(self) -> Pin | None:
        from edge_assistant.devices.pin import Pin

        variable = self.config.actions.pin_env
        return Pin.named(variable, self.clock) if variable else None

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
        self.closing.push_async_callback(devices.aclose)
        return devices

    def _answers_tier(self) -> Tier:
        thresholds = {"knowledge": self.config.knowledge.threshold, "device": self.config.device.threshold}
        return AnswersTier(lambda: self.answers, self.stamp, thresholds)

    def _knowledge_tier(self) -> Tier:
        from edge_assistant.tiers.knowledge import KnowledgeTier

        chosen = self.config.knowledge
        library = cache(lambda: open_library(self.config, self.database))
        tier = KnowledgeTier(library, chosen.threshold, chosen.passages, self._judge, self.clock)
        self.closing.callback(tier.close)
        return tier

    def _device_tier(self) -> Tier:
        from edge_assistant.tiers.device import DeviceTier

        chosen = self.config.device
        return DeviceTier(
            self._served or self._ladder,
            limits=Limits(max_tokens=chosen.max_tokens),
            threshold=chosen.threshold,
            passages=self.config.knowledge.passages,
        )

    @cached_property
    def _ladder(self) -> Ladder:
        ladder = open_ladder(self.config, self.clock)
        self.closing.push_async_callback(ladder.close)
        return ladder

    @cached_property
    def _served(self) -> Served | None:
        """Return the server that answers instead of a file, where there is one. Raises `ConfigError`."""
        if self.config.device.endpoint is None:
            return None
        from edge_assistant.adapters.local_server import Served, described
        from edge_assistant.models.catalog import Catalog

        model = open_served(self.config, self.config.device.endpoint, self.clock)
        self.closing.push_async_callback(model.close)
        catalog, context = Catalog.usual(self.config.home), self.config.device.context
        return Served(model, described(self.config.device.endpoint, tuple(catalog)), context)

    @cached_property
    def _judges(self) -> Judges:
        from edge_assistant.models.judge import Judges

        return Judges(self._ladder, self.clock)

    def _judge(self) -> Judge | None:
        """Return the model that runs now as a judge of passages, where it is worth asking."""
        ours = "device" in self.config.tiers and self.config.device.endpoint is None
        return self._judges.now() if ours else None

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
        self.closing.push_async_callback(endpoints.aclose)
        return CloudTier(endpoints, Limits(max_tokens=chosen.max_tokens))

    @cached_property
    def _store(self) -> Store:
        return Store(self.database)

    def stamp(self) -> str:
        """Name what an answer depends on besides the question."""
        endpoints = ",".join(f"{endpoint.base_url} {endpoint.model}" for endpoint in self.config.cloud.endpoints)
        server = self.config.device.endpoint
        device = f"{server.base_url} {server.model}" if server else self.config.device.model
        return f"{self._store.generation}|{device}|{endpoints}"

    def _opened(self, database: Database) -> Database:
        self.closing.callback(database.close)
        return database


def open_library(config: Config, database: Database) -> Library:
    """Return the knowledge base of a home, with the shipped documents in it; takes seconds when these are new."""
    from edge_assistant.adapters.faiss import FaissIndex
    from edge_assistant.knowledge.ingest import sync_starter
    from edge_assistant.knowledge.library import Library

    index = config.home / "index"
    library = Library(
        database,
        embedder=lambda: open_embedder(config),
        index=FaissIndex,
        folder=index,
        settings=config.knowledge.collections,
        place=str(config.knowledge.embedder or ""),
        former=lambda place: _embedder_at(config, Path(place) if place else None),
        synonyms=_synonyms(config.home / "synonyms.txt"),
    )
    sync_starter(library, shipped("knowledge_base") if config.knowledge.starter else None)
    return library


def _synonyms(file: Path) -> Synonyms | None:
    """Return the user's own synonyms, if there is such a file. Raises `ConfigError`."""
    from edge_assistant.knowledge.synonyms import Synonyms

    try:
        return Synonyms.read(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: this file cannot be read as UTF-8 text") from error


def open_embedder(config: Config) -> LocalEmbedder:
    """Return what makes vectors of texts; its weights are loaded at first use. Raises `TierError`."""
    return _embedder_at(config, config.knowledge.embedder)


def _embedder_at(config: Config, setting: Path | None) -> LocalEmbedder:
    from edge_assistant.adapters.embedders import located, open_embedder

    shipped_one, seen = shipped("models") / "all-MiniLM-L6-v2", config.home / "index" / "seen.json"
    return open_embedder(located(setting, shipped_one, config.home / "models"), seen)


def open_ladder(config: Config, clock: Callable[[], float] = monotonic) -> Ladder:
    """Return whatever decides which model runs; nothing is loaded yet. Raises `ConfigError`."""
    from edge_assistant.adapters.llama import LlamaModel
    from edge_assistant.models.bars import Floors
    from edge_assistant.models.catalog import Catalog
    from edge_assistant.models.choice import candidates
    from edge_assistant.models.ladder import Ladder, Wishes
    from edge_assistant.models.loading import Fixed
    from edge_assistant.models.need import packed_types
    from edge_assistant.prompts import SYSTEM

    chosen, folder = config.device, config.home / "models"
    fixed = Fixed(str(config.home / "cache" / "prefixes"), tuple(SYSTEM.values()))
    return Ladder(
        candidates(Catalog.usual(config.home), folder, chosen.model, chosen.ladder),
        board(chosen),
        lambda file, loading: LlamaModel(file, loading=loading, fixed=fixed, queue=chosen.queue),
        loading=lambda model: _loading(config, model),
        packed=packed_types(),
        wishes=Wishes(Floors(chosen.slowest, chosen.hottest, chosen.battery), chosen.idle, chosen.reserve * 1_000_000),
        clock=clock,
    )


def open_served(config: Config, server: LocalServer, clock: Callable[[], float] = monotonic) -> ServedModel:
    """Return the model of another engine on this device or network; nobody is asked yet. Raises `ConfigError`."""
    from edge_assistant.adapters.local_server import ServedModel
    from edge_assistant.adapters.openai_http import Waits

    waits = Waits(first_word=config.device.patience, gap=config.device.patience, total=Limits().seconds)
    return ServedModel(server, config.device.context, config.home / "logs" / "server.log", waits, clock)


def _loading(config: Config, model: ModelFile) -> Loading:
    """Return how a model is to be loaded: as it was measured best here, and as the owner says."""
    from edge_assistant.models.fit import physical_cores
    from edge_assistant.models.loading import usual
    from edge_assistant.models.measured import measured

    chosen = config.device
    best = measured(config.home, model) or usual(physical_cores())
    threads, batch_threads = chosen.threads or best.threads, chosen.threads or best.batch_threads
    return replace(
        best,
        context=chosen.context,
        gpu_layers=gpu_layers(chosen),
        threads=threads,
        batch_threads=batch_threads,
    )


def board(chosen: Device) -> Board:
    """Return what says how the machine is now; a graphics processor is asked only where layers are to lie on it."""
    from edge_assistant.adapters.nvml import Nvml
    from edge_assistant.models.board import Board

    return Board(graphics=Nvml() if gpu_layers(chosen) else lambda: None)


def gpu_layers(chosen: Device, built: Callable[[], bool] = for_graphics) -> int:
    """Return how many layers are to lie on the GPU: as the owner says, else all where llama.cpp was built for one."""
    if chosen.gpu_layers is not None:
        return chosen.gpu_layers
    return -1 if built() else 0


def open_rulebooks(config: Config) -> Rulebooks:
    """Return the rules of a home: the shipped ones with the user's over them. Read when first asked."""
    from edge_assistant.skills.books import Rulebooks

    return Rulebooks((shipped("rules"), *config.rules.folders), config.home / "cache", config.rules.packs)


def open_house(config: Config) -> Home:
    """Return the areas and devices that rules speak about. Raises `ConfigError`."""
    return watched_house(config)()


def watched_house(config: Config) -> Watched[Home]:
    """Return the areas and devices that rules speak about, read again when their file changes."""
    from edge_assistant.devices.home import Home
    from edge_assistant.watched import Watched

    file, announced = config.rules.house or shipped("rules") / "home.yaml", discovered_file(config)
    if config.actions.discover is None:
        return Watched(lambda: (file,), lambda last: Home.read(file))
    from edge_assistant.adapters.mqtt_kept import known
    from edge_assistant.devices.discovery import merged

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
