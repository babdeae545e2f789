"""`edge-assistant eval`: predictions for a labelled set."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from edge_assistant.errors import InputError, StorageError
from edge_assistant.interfaces.cli import Session

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction


@click.command(name="eval")
@click.argument("task")
@click.argument("gold", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the predictions are written.")
@click.option("--home-file", type=click.Path(path_type=Path), help="The JSON file with the homes of the rows.")
@click.option("--documents", type=click.Path(path_type=Path), help="The JSONL file with the documents to index.")
@click.option("--tiers", metavar="NAME,…", help="The tiers of a workload (default: rules,answers,knowledge).")
@click.option("--single-home", is_flag=True, help="Use the home written for a sentence, not the merged one.")
@click.option("--index", type=click.Path(path_type=Path), help="Keep the indexed documents here for the next run.")
@click.option("--limit", type=click.IntRange(1), help="Use only the first rows.")
@click.pass_obj
def command(
    session: Session,
    task: str,
    gold: Path,
    out: Path,
    home_file: Path | None,
    documents: Path | None,
    tiers: str | None,
    single_home: bool,
    index: Path | None,
    limit: int | None,
) -> None:
    """Write predictions for TASK (commands, routing, actions, kb, grounded, pairs, workload) on the labelled file GOLD.

    kb quotes documents; grounded also lets the language model read them, and prints how much is answered, and how much
    of that is right, at every threshold. Nothing outside is touched: homes are kept in memory, documents are indexed
    in a temporary folder.
    """
    from edge_assistant.operations.evaluate import Evaluation

    if out.resolve() == gold.resolve():
        raise InputError(f"{out}: the predictions would take the place of the labelled set")
    if out.exists() and not out.is_file():  # a device or a pipe would be replaced by the file
        raise InputError(f"{out}: this is not a file")
    names = tuple(name.strip() for name in tiers.split(",")) if tiers else None
    evaluation = Evaluation.read(
        task,
        gold,
        session.config,
        homes=home_file,
        documents=documents,
        tiers=names,
        single=single_home,
        limit=limit,
        index=index,
    )
    with _fresh(out) as file:
        made = asyncio.run(_write(evaluation, file))
    click.echo(f"{len(evaluation.rows)} predictions are in {out}", err=True)
    for line in evaluation.curve(made):
        click.echo(line, err=True)


async def _write(evaluation: Evaluation, file: TextIO) -> list[Prediction]:
    made: list[Prediction] = []
    with _progress(len(evaluation.rows)) as advance:
        async with aclosing(evaluation.predictions()) as predictions:
            async for prediction in predictions:
                file.write(json.dumps(prediction, ensure_ascii=False) + "\n")
                made.append(prediction)
                advance()
    return made


@contextmanager
def _fresh(path: Path) -> Iterator[TextIO]:
    """Open a file that takes the place of `path` when everything is in it. Raises `InputError`, `StorageError`."""
    part = path.with_name(f"{path.name}.part")
    try:
        file = part.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    try:
        with file:
            yield file
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; yield what moves it one row further."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        rows = progress.add_task("rows", total=total)
        yield lambda: progress.advance(rows)
