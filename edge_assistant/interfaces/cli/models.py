"""`edge-assistant models`: list, fetch, check and choose language models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edge_assistant.errors import DownloadError, InputError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.models.catalog import Catalog, EmbedderModel, ModelFile

_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Room:
    """What every subcommand works on."""

    catalog: Catalog
    folder: Path
    in_use: str
    embeds: str
    """The embedder that the settings name."""

    @classmethod
    def of(cls, session: Session) -> _Room:
        from edge_assistant.models.catalog import Catalog

        home = session.config.home
        embeds = str(session.config.knowledge.embedder or "")
        return cls(Catalog.usual(home), home / "models", session.config.device.model, embeds)

    @property
    def remembered(self) -> Path:
        return self.folder / "previous"

    def find(self, name: str | None) -> tuple[ModelFile, Path]:
        return self.catalog.find(name or self.in_use, self.folder)


@click.group(name="models")
def command() -> None:
    """List, fetch and choose language models."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_models(session: Session, as_json: bool) -> None:
    """List the models: which there are, which lie here, which is in use (*)."""
    room = _Room.of(session)
    if room.in_use not in {model.name for model in room.catalog}:
        click.echo(safe_text(f"in use: {room.in_use}"), err=True)
    for model in room.catalog:
        here = model.flaw(model.path(room.folder)) is None
        if as_json:
            echo_json(_record(model, here, room))
        else:
            click.echo(safe_text(_line(model, here, room)))
    for embedder in room.catalog.embedders.values():
        here = (room.folder / embedder.name / "origin.json").exists()
        if as_json:
            echo_json(_embedder_record(embedder, here, room))
        else:
            click.echo(safe_text(_embedder_line(embedder, here, room)))


@command.command(name="pull")
@click.argument("name", required=False)
@click.pass_obj
def pull_model(session: Session, name: str | None) -> None:
    """Fetch the model NAME, or the one in use; an interrupted fetch is taken up again."""
    from edge_assistant.adapters.downloads import pull

    room = _Room.of(session)
    if name in room.catalog.embedders:
        _pull_embedder(room, room.catalog.embedders[name])
        return
    model, path = room.find(name)
    if path != model.path(room.folder):
        raise InputError(f"{path} is a file of your own; only models of the list can be fetched")
    with _progress(model.name, model.size, elsewhere=_Tenths(model.name, model.size)) as progress:
        pull(model, room.folder, lambda done, total: progress(done))
    click.echo(safe_text(f"{model.name}: {path}"), err=True)


@command.command(name="verify")
@click.argument("name", required=False)
@click.pass_obj
def verify_model(session: Session, name: str | None) -> None:
    """Compare size and SHA-256 of NAME, or of every model that lies here, with what they should be."""
    room = _Room.of(session)
    present = [(model, model.path(room.folder)) for model in room.catalog if model.path(room.folder).exists()]
    damaged = []
    for model, path in [room.find(name)] if name else present:
        read = 0
        with _progress(model.name, model.size, elsewhere=lambda done: None) as progress:

            def count(size: int, progress: Callable[[int], object] = progress) -> None:
                nonlocal read
                read += size
                progress(read)

            damage = model.damage(path, count)
        if damage is not None:
            damaged.append((model.name, damage))
            continue
        click.echo(safe_text(f"{model.name}: whole"))
    if damaged:
        told = "; ".join(f"{name} {damage}" for name, damage in damaged)
        raise DownloadError(f"{told}; fetch again with: edge-assistant models pull {damaged[0][0]}")


@command.command(name="use")
@click.argument("name")
@click.pass_obj
def use_model(session: Session, name: str) -> None:
    """Answer with the model NAME, or with a GGUF file, from now on."""
    _use(session, name)


@command.command(name="rollback")
@click.pass_obj
def rollback_model(session: Session) -> None:
    """Return to the model that was in use before."""
    from edge_assistant.models.choice import chosen_before

    _use(session, chosen_before(_Room.of(session).remembered))


@command.command(name="remove")
@click.argument("name")
@click.pass_obj
def remove_model(session: Session, name: str) -> None:
    """Delete the file of the model NAME, unless it is in use."""
    room = _Room.of(session)
    model, path = room.find(name)
    if path == room.find(None)[1]:
        raise InputError(f"{model.name} is in use; choose another one first: edge-assistant models use NAME")
    if path != model.path(room.folder) or not path.exists():
        raise InputError(f"{model.name} does not lie in {room.folder}")
    path.unlink()
    click.echo(f"{model.name}: removed, {model.size / _MEGABYTE:,.0f} MB freed", err=True)


def _pull_embedder(room: _Room, model: EmbedderModel) -> None:
    from edge_assistant.adapters.embedder_downloads import pull_embedder

    with _progress(model.name, model.size, elsewhere=_Tenths(model.name, model.size)) as progress:
        path = pull_embedder(model, room.folder, progress)
    click.echo(
        safe_text(
            f'{model.name}: {path}; use it with: knowledge.embedder = "{model.name}", then: edge-assistant kb rebuild'
        ),
        err=True,
    )


def _use(session: Session, name: str) -> None:
    from edge_assistant.models.choice import choose

    room = _Room.of(session)
    model, path = room.find(name)
    flaw = model.flaw(path)
    if flaw is not None:
        raise InputError(f"{model.name} {flaw}; fetch it first: edge-assistant models pull {model.name}")
    chosen = name if path == model.path(room.folder) else str(path.resolve())
    if chosen != room.in_use:
        choose(session.settings_file, room.remembered, chosen, room.in_use)
    again = Session(session.settings_file, session.config.home).config.device.model
    if again != chosen:
        raise InputError(f"{chosen} is chosen, but the environment variable EDGE_ASSISTANT_DEVICE__MODEL says {again}")
    click.echo(safe_text(f"{chosen} is in use"), err=True)


def _line(model: ModelFile, here: bool, room: _Room) -> str:
    mark = "*" if model.name == room.in_use else " "
    size, memory = f"{model.size / _MEGABYTE:,.0f} MB", f"{model.memory:,} MB memory" if model.memory else "-"
    spoken = ", ".join(model.languages)
    return f"{mark} {model.name:<30} {'here' if here else '-':<5} {size:>9} {memory:>16}  {model.licence:<11} {spoken}"


def _embedder_line(model: EmbedderModel, here: bool, room: _Room) -> str:
    mark = "*" if model.name == room.embeds else " "
    size, memory = f"{model.size / _MEGABYTE:,.0f} MB", f"{model.memory:,} MB memory" if model.memory else "-"
    spoken = f"embeds {', '.join(model.languages)}"
    return f"{mark} {model.name:<30} {'here' if here else '-':<5} {size:>9} {memory:>16}  {model.licence:<11} {spoken}"


def _embedder_record(model: EmbedderModel, here: bool, room: _Room) -> dict[str, object]:
    facts = model.model_dump(include={"name", "memory", "licence", "languages"})
    return {**facts, "size": model.size, "kind": "embedder", "installed": here, "in_use": model.name == room.embeds}


def _record(model: ModelFile, here: bool, room: _Room) -> dict[str, object]:
    facts = model.model_dump(include={"name", "size", "memory", "licence", "languages", "quantization", "sha256"})
    return {**facts, "installed": here, "in_use": model.name == room.in_use}


@contextmanager
def _progress(name: str, size: int, elsewhere: Callable[[int], object]) -> Iterator[Callable[[int], object]]:
    """Show a bar with rate and time left on stderr, and do something else where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield elsewhere
        return
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=console) as bar:
        task = bar.add_task(name, total=size)
        yield lambda done: bar.update(task, completed=done)


class _Tenths:
    """Tells progress in lines."""

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._told = 0

    def __call__(self, done: int) -> None:
        tenth = 10 * done // self._size
        if tenth > self._told:
            self._told = tenth
            click.echo(f"{self._name}: {tenth}0 %", err=True)
