"""What works and what is missing, each tried for real."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter
from typing import Final, Literal, TypeAlias

from edge_assistant import languages
from edge_assistant.assistant import Assistant
from edge_assistant.config import Config, LocalServer
from edge_assistant.errors import ActionError, ConfigError, EdgeAssistantError, StorageError, TierError
from edge_assistant.models.boards import Machine
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.spoken import Spoken
from edge_assistant.operations.graphics import judged
from edge_assistant.rooms import (
    discovered_file,
    gpu_layers,
    open_embedder,
    open_house,
    open_ladder,
    open_library,
    open_rulebooks,
    open_served,
)
from edge_assistant.storage.actions import Actions
from edge_assistant.types import Limits, Message

Health: TypeAlias = Literal["works", "missing", "broken"]
LOW_SPACE: Final = 200_000_000
"""Bytes of free disk below which keeping anything is at risk."""
_SPOKEN: Final = {"en": "English", "zh": "Chinese"}
_COUNT: Final = (Message("user", "Count to ten."),)
_GREETINGS: Final = {"en": "hello", "zh": "你好"}


@dataclass(frozen=True, slots=True)
class Finding:
    """How one room is, what that rests on, and how long the trial took."""

    room: str
    health: Health
    detail: str
    seconds: float


class _Missing(Exception):
    """A part that is not set up: no fault, but something is not there."""


Trial: TypeAlias = Callable[[Assistant], Awaitable[str]]


async def examine(assistant: Assistant) -> AsyncGenerator[Finding]:
    """Try every room with a real action, one after the other."""
    for room, trial in TRIALS.items():
        started = perf_counter()
        health: Health = "works"
        try:
            detail = await trial(assistant)
        except _Missing as missing:
            health, detail = "missing", str(missing)
        except EdgeAssistantError as error:
            health, detail = "broken", str(error)
        yield Finding(room, health, detail, perf_counter() - started)


async def _storage(assistant: Assistant) -> str:
    home = assistant.config.home
    with assistant.rooms.database.transaction() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS trial(number INTEGER)")
        connection.execute("DROP TABLE trial")
    _synced(assistant)
    free = shutil.disk_usage(home).free
    if free < LOW_SPACE:
        raise StorageError(f"only {free / 1e6:.0f} MB are free in {home}")
    return f"{home} can be written, {free / 1e9:.0f} GB free"


def _synced(assistant: Assistant) -> None:
    """Write a file and force it to the disk: what a full or read-only disk refuses."""
    path = assistant.config.home / "trial"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, b"\0" * 4096)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            path.unlink()
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


async def _rules(assistant: Assistant) -> str:
    books, house = open_rulebooks(assistant.config), open_house(assistant.config)
    skipped = [reason for language in languages.LANGUAGES for reason in books(language).skipped]
    for language, greeting in _GREETINGS.items():
        if books(language).match(greeting, house) is None:
            raise ConfigError(f"the rules of {language} do not know {greeting!r}")
    if skipped:
        raise ConfigError("; ".join(skipped))
    count = sum(len(rules.templates) for language in languages.LANGUAGES for rules in books(language).packs)
    return f"{count} templates, a home of {len(house.areas)} areas and {len(house.entities)} devices"


async def _devices(assistant: Assistant) -> str:
    """Connect to what devices are connected through, and look into the log of actions."""
    discovered = await _discover(assistant.config)
    devices = assistant.rooms.devices
    await devices.refresh()
    doubtful = Actions(assistant.rooms.outbox).in_doubt()
    if doubtful:
        asked = ", ".join(f"{entry.service} {entry.entity}" for entry in doubtful)
        raise ActionError(f"begun and never ended, so it may or may not have been done: {asked}")
    connected = devices.connected()
    if not connected:
        raise _Missing("no device is connected; home.yaml can name MQTT topics or HTTP addresses")
    silent = [entity.id for entity in connected if entity.state in ("unknown", "unavailable")]
    return f"{len(connected)} connected{discovered}" + (f"; no state from {', '.join(silent)}" if silent else "")


async def _discover(config: Config) -> str:
    """Read what devices announce, remember it for the next start, and say what came of it."""
    if config.actions.discover is None:
        return ""
    from edge_assistant.adapters.mqtt_broker import Broker
    from edge_assistant.adapters.mqtt_kept import announced, keep, known

    settings, file = config.actions, discovered_file(config)
    keep(file, await announced(Broker.of(settings), config.actions.discover))
    found = known(file)
    first = f", {len(found.skipped)} not understood ({found.skipped[0]})" if found.skipped else ""
    return f", {len(found.entities)} announced themselves{first}"


async def _knowledge(assistant: Assistant) -> str:
    library = open_library(assistant.config, assistant.rooms.database)
    documents = library.documents()
    if not documents:
        raise _Missing("no document yet; add some with: edge-assistant kb add PATH")
    found = library.find(documents[0].title, 1)
    if library.trouble:
        raise TierError(f"searching by words only: {library.trouble}")
    told = [f"{len(documents)} documents" + (f", found {found[0].passage.source}" if found else "")]
    if not library.meanings.measured:
        told.append("answers are weighed by their words only: docs/knowledge.md, Embedders")
    return "; ".join([*told, *(str(one) for one in library.embedders() if one.waiting)])


async def _embedder(assistant: Assistant) -> str:
    """Embed something, and say on what, and which languages that is worth something in."""
    embedder = open_embedder(assistant.config)
    embedder.embed(["hello"], "query")
    unread = [_SPOKEN[language] for language in languages.LANGUAGES if language not in embedder.languages]
    reads = f"does not read {' or '.join(unread)}, which is found by words" if unread else "reads every language we do"
    return f"{embedder.about}; {reads}"


async def _device(assistant: Assistant) -> str:
    """Ask the model that would be asked now, and say what it takes, and what speaks against every other one."""
    server = assistant.config.device.endpoint
    if server is not None:
        return await _served(assistant.config, server)
    ladder, heard = open_ladder(assistant.config), list[Spoken]()
    try:
        rung = await ladder.current("en")
        async with aclosing(rung.model.stream(_COUNT, Limits(max_tokens=10), heard.append)) as words:
            said = "".join([word async for word in words])
        facts = ladder.facts(rung)
        others = [f"{step.described.name} {why}" for step, why in ladder.against() if why]
    except TierError as error:
        raise error if ladder.here else _Missing(str(error)) from error
    finally:
        await ladder.close()
    if not heard:
        return "; ".join([f"{rung.described.name} said nothing, {ladder.needs(rung)}", *others])
    rate = heard[0].tokens_per_second
    wanted, models = gpu_layers(assistant.config.device), Catalog.usual(assistant.config.home)
    proof = judged(rung.described, rate, wanted, facts, Machine.read(), models)
    first = f"{rung.described.name} said {said!r}, {rate:.0f} tokens/s, {ladder.needs(rung)}"
    return "; ".join([first, *([proof] if proof else []), *others])


async def _served(config: Config, server: LocalServer) -> str:
    """Ask the server that answers instead of a file; one that we start is started for this, and ended."""
    model = open_served(config, server)
    try:
        async with aclosing(model.stream(_COUNT, Limits(max_tokens=10))) as words:
            said = "".join([word async for word in words])
    finally:
        await model.close()
    return f"{model.name} said {said!r}"


async def _cloud(assistant: Assistant) -> str:
    endpoints = assistant.config.cloud.endpoints
    if not endpoints:
        raise _Missing("not configured, so nothing leaves the device")
    from edge_assistant.adapters.openai_http import OpenAIChat

    named = [(OpenAIChat(endpoint).name, endpoint.key()) for endpoint in endpoints]
    without = [name for name, key in named if key is None]
    names = ", else ".join(name for name, _ in named)
    return f"{names}; not asked now" + (f"; no key for {', '.join(without)}" if without else "")


TRIALS: Final[dict[str, Trial]] = {
    "storage": _storage,
    "rules": _rules,
    "devices": _devices,
    "knowledge": _knowledge,
    "embedder": _embedder,
    "device": _device,
    "cloud": _cloud,
}
