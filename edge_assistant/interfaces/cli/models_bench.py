"""`edge-assistant models bench`: find how a model runs best on this machine, and remember it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.interfaces.cli.progress import progress
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.models.catalog import ModelFile
    from edge_assistant.models.loading import Loading
    from edge_assistant.operations.tuning import Trial

_USUAL: Final = 10
"""Ways of loading that are tried where nobody is in a hurry."""


@click.command(name="bench")
@click.argument("name", required=False)
@click.option("--seconds", type=click.FloatRange(min=0), default=180.0, show_default=True, help="Try no longer.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def command(session: Session, name: str | None, seconds: float, as_json: bool) -> None:
    """Measure threads, batch, flash attention and cache of the model NAME, and use the best from now on."""
    from edge_assistant.models.catalog import Catalog
    from edge_assistant.models.choice import named
    from edge_assistant.models.measured import remember

    config = session.config
    model, file = Catalog.usual(config.home).find(name or named(config.device.model), config.home / "models")
    flaw = model.flaw(file)
    if flaw is not None:
        raise InputError(f"{model.name} {flaw}; fetch it first: edge-assistant models pull {model.name}")
    best, trials = asyncio.run(_tuned(model, file, _start(session), seconds))
    remember(config.home, model, best.loading, best.speed)
    for trial in trials:
        if as_json:
            echo_json({**asdict(trial.loading), **asdict(trial.speed), "best": trial == best})
        else:
            click.echo(safe_text(_line(trial, "*" if trial == best else " ")))
    click.echo(f"{model.name}: the way marked * is used from now on", err=True)


def _start(session: Session) -> Loading:
    from edge_assistant.models.fit import physical_cores
    from edge_assistant.models.loading import usual
    from edge_assistant.rooms import gpu_layers

    chosen = session.config.device
    start = usual(chosen.threads or physical_cores())
    return replace(start, context=chosen.context, gpu_layers=gpu_layers(chosen))


async def _tuned(model: ModelFile, file: Path, start: Loading, seconds: float) -> tuple[Trial, list[Trial]]:
    from edge_assistant.models.fit import physical_cores
    from edge_assistant.operations.tuning import Tuning, measure

    done = 0
    with progress() as shown:

        def told(trial: Trial) -> None:
            nonlocal done
            done += 1
            shown(model.name, done, max(done, _USUAL), _line(trial, ""))

        shown(model.name, 0, _USUAL, "")
        processors = len(os.sched_getaffinity(0))
        tuning = Tuning(lambda way: measure(file, way), physical_cores(), processors, seconds=seconds, told=told)
        return await tuning.best(start)


def _line(trial: Trial, mark: str) -> str:
    way, speed = trial.loading, trial.speed
    flash = "flash" if way.flash_attention else "-"
    threads = f"{way.threads}/{way.batch_threads or way.threads} threads"
    return (
        f"{mark} {threads:<14} batch {way.batch:<5} {flash:<6} {way.cache_type:<5} "
        f"reads {speed.reading:6.1f}/s  says {speed.speaking:5.1f}/s  a turn {speed.turn:5.2f} s"
    )
