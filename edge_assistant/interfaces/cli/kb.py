"""`edge-assistant kb`: add, list, search and check documents."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_assistant import languages
from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.knowledge.answering import Finding
    from edge_assistant.knowledge.fuse import Found
    from edge_assistant.knowledge.library import Library

_FILE = click.Path(path_type=Path)


@contextmanager
def _library(session: Session) -> Iterator[Library]:
    """Open the knowledge base of this home, with the shipped documents in it."""
    from edge_assistant.rooms import open_library
    from edge_assistant.storage.salvage import opened

    database = opened(session.config.home / "assistant.db")
    try:
        yield open_library(session.config, database)
    finally:
        database.close()


@click.group(name="kb")
def command() -> None:
    """Add, list and search documents."""


@command.command(name="add")
@click.argument("paths", nargs=-1, required=True, type=_FILE, metavar="PATH…")
@click.option("--collection", default="main", show_default=True, help="The collection they become part of.")
@click.option("--language", help="The language they are written in; without it, it is recognised.")
@click.pass_obj
def add_documents(session: Session, paths: tuple[Path, ...], collection: str, language: str | None) -> None:
    """Add files, and the documents in folders: Markdown, text, HTML, PDF, and cards as CSV or JSONL."""
    from edge_assistant.knowledge import ingest

    spoken = languages.supported(language) if language else None
    if collection == ingest.STARTER:
        raise InputError(f"the collection {ingest.STARTER} is what comes with the program; choose another name")
    limit = int(session.config.knowledge.max_megabytes * 1_000_000)
    with _library(session) as library, _progress() as progress:
        report = ingest.add(library, paths, limit=limit, collection=collection, language=spoken, progress=progress)
        trouble = library.trouble
    for sentence in report.refused:
        click.echo(safe_text(sentence), err=True)
    if trouble:
        click.echo(safe_text(f"searchable by words only: {trouble}"), err=True)
    click.echo(f"{len(report.added)} added, {len(report.unchanged)} unchanged, {len(report.refused)} refused", err=True)
    if not report.useful:
        click.get_current_context().exit(2)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_documents(session: Session, as_json: bool) -> None:
    """List the documents with their collection, language and number of passages."""
    with _library(session) as library:
        entries = library.documents()
    for entry in entries:
        if as_json:
            names = ("source", "title", "language", "collection", "passages", "origin", "sha256")
            echo_json({name: getattr(entry, name) for name in names})
        else:
            line = f"{entry.collection:10} {entry.language:3} {entry.passages:5}  {entry.source}  {entry.title}"
            click.echo(safe_text(line))


@command.command(name="search")
@click.argument("text")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50), help="How many passages.")
@click.option("--language", help="The language to look in first; without it, that of the text.")
@click.option("--why", is_flag=True, help="Say which stage found or lost what, and what to do.")
@click.option("--expect", metavar="SOURCE", help="Say where the document SOURCE fell out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def search_documents(
    session: Session, text: str, limit: int, language: str | None, why: bool, expect: str | None, as_json: bool
) -> None:
    """Show the passages that bear on TEXT, and what would be quoted."""
    from edge_assistant.interfaces.cli import kb_why

    if not text.strip():
        raise InputError("there is nothing to look for")
    spoken = languages.supported(language) if language else languages.detect(text)
    with _library(session) as library:
        found = library.find(text, max(limit, 10), spoken)
        finding = library.answer(text, spoken, found)
        trouble = library.trouble
        diagnosis = kb_why.diagnosed(library, text, spoken, session.config, expect) if why or expect else None
    if as_json:
        told = {} if diagnosis is None else {"why": kb_why.record(diagnosis)}
        echo_json({**_record(found[:limit], finding, trouble), **told})
        return
    for one in found[:limit]:
        click.echo(safe_text(_line(one)))
    if not found:
        click.echo("nothing was found", err=True)
    if finding is not None:
        click.echo(safe_text(f"quoted with probability {finding.confidence:.2f}: {finding.text}"), err=True)
    for line in [] if diagnosis is None else kb_why.lines(diagnosis):
        click.echo(safe_text(line), err=True)


@command.command(name="remove")
@click.argument("source")
@click.option("--collection", help="Only in this collection.")
@click.pass_obj
def remove_document(session: Session, source: str, collection: str | None) -> None:
    """Remove the document named SOURCE (as `kb list` shows it), or read from that path."""
    with _library(session) as library:
        count = library.remove(source, collection) or library.remove(str(Path(source).resolve()), collection)
        if not count:
            raise InputError(f"{source}: there is no such document")
        library.settle()
    click.echo(f"{count} removed", err=True)


@command.command(name="verify")
@click.pass_obj
def verify_library(session: Session) -> None:
    """Compare the search index with the documents, and say what is wrong."""
    from edge_assistant.errors import StorageError

    with _library(session) as library:
        faults = library.verify()
        count = len(library.documents())
    if faults:
        raise StorageError("; ".join(faults))
    click.echo(f"{count} documents, nothing wrong", err=True)


@command.command(name="rebuild")
@click.pass_obj
def rebuild_index(session: Session) -> None:
    """Make the search index again from the documents."""
    with _library(session) as library:
        count = library.rebuild()
        trouble = library.trouble
    click.echo(safe_text(f"by words only: {trouble}" if trouble else f"{count} passages indexed"), err=True)


@command.command(name="export")
@click.argument("file", type=_FILE)
@click.pass_obj
def export_library(session: Session, file: Path) -> None:
    """Write all documents with their index to one FILE, for another device."""
    from edge_assistant.knowledge.exchange import export

    with _library(session) as library:
        count = export(library, file)
    click.echo(safe_text(f"{count} documents are in {file}"), err=True)


@command.command(name="import")
@click.argument("file", type=_FILE)
@click.pass_obj
def import_library(session: Session, file: Path) -> None:
    """Add the documents of a FILE that `kb export` wrote."""
    from edge_assistant.knowledge.exchange import take_in

    with _library(session) as library:
        new, total = take_in(library, file)
    click.echo(f"{new} added, {total - new} unchanged", err=True)


def _line(one: Found) -> str:
    return f"{one.score:.2f}  {one.stored.chunk.place}\n      {' '.join(one.passage.text.split())[:160]}"


def _record(found: Sequence[Found], finding: Finding | None, trouble: str) -> dict[str, object]:
    passages = [
        {
            "source": one.stored.chunk.place,
            "document": one.stored.document,
            "score": round(one.score, 4),
            "bm25": round(one.bm25, 4),
            "cosine": None if one.cosine is None else round(one.cosine, 4),
            "text": one.passage.text,
        }
        for one in found
    ]
    quoted = finding and {
        "text": finding.text,
        "source": finding.found.stored.chunk.place,
        "confidence": round(finding.confidence, 4),
    }
    return {"passages": passages, "answer": quoted, "words_only": trouble or None}


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar on a terminal; yield what moves it."""
    if not sys.stderr.isatty():
        yield lambda done, total, name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, name: bar.update(task, completed=done, total=total, description=safe_text(name)[-40:])
