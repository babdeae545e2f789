"""`edge-assistant models`: list, fetch, check and choose language models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import click

from edge_assistant.errors import DownloadError, InputError, StorageError, TierError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.interfaces.cli.models_bench import command as bench_model
from edge_assistant.interfaces.cli.models_export import command as export_model
from edge_assistant.interfaces.cli.models_shown import MEGABYTE, Tenths, line, progress_of, record
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.models.catalog import Catalog, EmbedderModel, ModelFile


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
        from edge_assistant.models.choice import named

        return self.catalog.find(name or named(self.in_use), self.folder)


@click.group(name="models")
def command() -> None:
    """List, fetch and choose language models."""


command.add_command(bench_model)
command.add_command(export_model)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_models(session: Session, as_json: bool) -> None:
    """List the models: which there are, which lie here, which is in use (*), and which fit into the memory now."""
    from edge_assistant.interfaces.cli.models_fit import Fits

    room = _Room.of(session)
    in_use, told = _in_use(session, room)
    if told:
        click.echo(safe_text(f"in use: {told}"), err=True)
    fits = Fits(session.config.device)
    for model in sorted(room.catalog, key=lambda model: (model.billions, model.memory)):
        path = model.path(room.folder)
        here = model.flaw(path) is None
        _show(model, here, model.name == in_use, fits.of(model, path, here), as_json)
    for embedder in room.catalog.embedders.values():
        here = (room.folder / embedder.name / "origin.json").exists()
        _show(embedder, here, embedder.name == room.embeds, "embeds", as_json)


def _in_use(session: Session, room: _Room) -> tuple[str, str]:
    """Return the name of the model that answers now, and what the list cannot show about it."""
    from edge_assistant.models.choice import AUTO
    from edge_assistant.rooms import open_ladder

    if room.in_use != AUTO:
        return room.in_use, "" if room.in_use in {model.name for model in room.catalog} else room.in_use
    try:
        step, why = open_ladder(session.config).choose("en")
    except TierError as error:
        return "", f"{AUTO}, and none can run: {error}"
    name = step.described.name
    return name, f"{AUTO}, which is {name} now{f': {why}' if why else ''}"


def _show(model: ModelFile | EmbedderModel, here: bool, in_use: bool, fit: str, as_json: bool) -> None:
    if as_json:
        echo_json(record(model, here, in_use, fit))
    else:
        click.echo(safe_text(line(model, here, in_use, fit)))


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
    if not model.free:
        click.echo(
            safe_text(f"{model.name}: its licence, {model.licence}, is not a free one; read it before use"), err=True
        )
    with progress_of(model.name, model.size, elsewhere=Tenths(model.name)) as progress:
        pull(model, room.folder, progress)
    click.echo(safe_text(f"{model.name}: {path}"), err=True)


@command.command(name="verify")
@click.argument("name", required=False)
@click.pass_obj
def verify_model(session: Session, name: str | None) -> None:
    """Compare size, header and SHA-256 of NAME, or of everything that lies here, with what they should be."""
    room = _Room.of(session)
    embedders = [one for one in room.catalog.embedders.values() if (room.folder / one.name).is_dir()]
    if name in room.catalog.embedders:
        _tell_damage([_embedder_damage(room, room.catalog.embedders[name])])
        return
    present = [(model, model.path(room.folder)) for model in room.catalog if model.path(room.folder).exists()]
    told = [_model_damage(model, path) for model, path in ([room.find(name)] if name else present)]
    _tell_damage([*told, *(_embedder_damage(room, one) for one in embedders if not name)])


def _model_damage(model: ModelFile, path: Path) -> tuple[str, str | None]:
    read = 0
    with progress_of(model.name, model.size, elsewhere=lambda done, total: None) as progress:

        def count(size: int) -> None:
            nonlocal read
            read += size
            progress(read, model.size)

        damage = model.damage(path, count)
    if damage is None:
        known = all(part.sha256 for part in model.parts)
        click.echo(
            safe_text(f"{model.name}: whole" if known else f"{model.name}: whole by its header; its SHA-256 is unknown")
        )
    return model.name, damage


def _embedder_damage(room: _Room, model: EmbedderModel) -> tuple[str, str | None]:
    from edge_assistant.adapters.embedder_downloads import whole

    if not whole(room.folder / model.name):
        return model.name, "is damaged" if (room.folder / model.name).exists() else "is not there"
    click.echo(safe_text(f"{model.name}: whole"))
    return model.name, None


def _tell_damage(examined: list[tuple[str, str | None]]) -> None:
    """Raise `DownloadError`, which names every damaged one, if there is one."""
    damaged = [(name, damage) for name, damage in examined if damage is not None]
    if damaged:
        told = "; ".join(f"{name} {damage}" for name, damage in damaged)
        raise DownloadError(f"{told}; fetch again with: edge-assistant models pull {damaged[0][0]}")


@command.command(name="use")
@click.argument("name")
@click.pass_obj
def use_model(session: Session, name: str) -> None:
    """Answer with the model NAME, or with a GGUF file, from now on; `auto` is the largest that fits."""
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
    """Delete the model NAME, with what an interrupted fetch left of it, unless it is in use."""
    room = _Room.of(session)
    if name in room.catalog.embedders:
        _remove_embedder(room, name)
        return
    model, path = room.find(name)
    if path == room.find(None)[1]:
        raise InputError(f"{model.name} is in use; choose another one first: edge-assistant models use NAME")
    begun = [file for part in model.parts for file in room.folder.glob(f".{part.file}.part*") if file.is_file()]
    files = [file for file in (*model.paths(path), *begun) if file.exists()]
    if path != model.path(room.folder) or not files:
        raise InputError(f"{model.name} does not lie in {room.folder}")
    _delete(model.name, files)


def _remove_embedder(room: _Room, name: str) -> None:
    folder = room.folder / name
    if name == room.embeds:
        raise InputError(f"{name} is in use; name another one first: knowledge.embedder")
    if not folder.is_dir():
        raise InputError(f"{name} does not lie in {room.folder}")
    _delete(name, [file for file in folder.rglob("*") if file.is_file()])
    rmtree(folder, ignore_errors=True)


def _delete(name: str, files: list[Path]) -> None:
    """Delete files and say what that freed. Raises `StorageError`."""
    try:
        freed = sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink()
    except OSError as error:
        raise StorageError(f"{error.filename}: {(error.strerror or type(error).__name__).lower()}") from error
    click.echo(safe_text(f"{name}: removed, {freed / MEGABYTE:,.0f} MB freed"), err=True)


def _pull_embedder(room: _Room, model: EmbedderModel) -> None:
    from edge_assistant.adapters.embedder_downloads import pull_embedder

    with progress_of(model.name, model.size, elsewhere=Tenths(model.name)) as progress:
        path = pull_embedder(model, room.folder, lambda done: progress(done, model.size))
    used = f'knowledge.embedder = "{model.name}", then: edge-assistant kb rebuild'
    click.echo(safe_text(f"{model.name}: {path}; use it with: {used}"), err=True)


def _use(session: Session, name: str) -> None:
    from edge_assistant.models.choice import AUTO, choose

    room = _Room.of(session)
    chosen = name if name == AUTO else _here(room, name)
    if chosen != room.in_use:
        choose(session.settings_file, room.remembered, chosen, room.in_use)
    again = Session(session.settings_file, session.config.home).config.device.model
    if again != chosen:
        raise InputError(f"{chosen} is chosen, but the environment variable EDGE_ASSISTANT_DEVICE__MODEL says {again}")
    click.echo(safe_text(f"{chosen} is in use"), err=True)


def _here(room: _Room, name: str) -> str:
    """Return how the settings name a model that lies here. Raises `InputError` where it does not."""
    model, path = room.find(name)
    flaw = model.flaw(path)
    if flaw is not None:
        raise InputError(f"{model.name} {flaw}; fetch it first: edge-assistant models pull {model.name}")
    return name if path == model.path(room.folder) else str(path.resolve())
