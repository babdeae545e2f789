"""`edge-assistant kb`: add, list, search and check documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_assistant import languages
from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.interfaces.cli.kb_add import add_documents
from edge_assistant.interfaces.cli.kb_collections import list_documents, set_collection
from edge_assistant.interfaces.cli.libraries import library_of
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.knowledge.answering import Finding
    from edge_assistant.knowledge.fuse import Found

_FILE = click.Path(path_type=Path)


@click.group(name="kb")
def command() -> None:
    """Add, list and search documents."""


command.add_command(add_documents)
command.add_command(list_documents)
command.add_command(set_collection)


@command.command(name="search")
@click.argument("text")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50), help="How many passages.")
@click.option("--language", help="The language to look in first; without it, that of the text.")
@click.option("--collection", "collections", multiple=True, help="Only in this collection; may be given again.")
@click.option("--source", metavar="PATTERN", help="Only in documents whose names match, like '*.pdf'.")
@click.option("--why", is_flag=True, help="Say which stage found or lost what, and what to do.")
@click.option("--expect", metavar="SOURCE", help="Say where the document SOURCE fell out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def search_documents(
    session: Session,
    text: str,
    limit: int,
    language: str | None,
    collections: tuple[str, ...],
    source: str | None,
    why: bool,
    expect: str | None,
    as_json: bool,
) -> None:
    """Show the passages that bear on TEXT, and what would be quoted."""
    from edge_assistant.interfaces.cli import kb_why
    from edge_assistant.knowledge.selection import Selection

    if not text.strip():
        raise InputError("there is nothing to look for")
    spoken = languages.supported(language) if language else languages.detect(text)
    within = Selection(collections, source)
    with library_of(session) as library:
        found = library.find(text, max(limit, 10), spoken, within=within)
        finding = library.answer(text, spoken, found, within=within)
        trouble = library.trouble
        diagnosis = kb_why.diagnosed(library, text, spoken, session.config, expect, within) if why or expect else None
    if as_json:
        told = {} if diagnosis is None else {"why": kb_why.record(diagnosis)}
        echo_json({**_record(found[:limit], finding, trouble), **told})
        return
    for one in found[:limit]:
        click.echo(safe_text(_line(one)))
    if not found:
        click.echo("nothing was found", err=True)
    if finding is not None:
        click.echo(safe_text(f"the best answer, with probability {finding.confidence:.2f}: {finding.text}"), err=True)
    for line in [] if diagnosis is None else kb_why.lines(diagnosis):
        click.echo(safe_text(line), err=True)


@command.command(name="remove")
@click.argument("source")
@click.option("--collection", help="Only in this collection.")
@click.pass_obj
def remove_document(session: Session, source: str, collection: str | None) -> None:
    """Remove the document named SOURCE (as `kb list` shows it), or read from that path."""
    with library_of(session) as library:
        count = library.remove(source, collection) or library.remove(str(Path(source).resolve()), collection)
        if not count:
            raise InputError(f"{source}: there is no such document")
        library.settle()
    click.echo(f"{count} removed", err=True)


@command.command(name="verify")
@click.option("--repair", is_flag=True, help="Make again what is wrong: words, vectors and the index.")
@click.pass_obj
def verify_library(session: Session, repair: bool) -> None:
    """Compare the search index with the documents and with exact search, and say what is wrong."""
    from edge_assistant.errors import StorageError

    with library_of(session) as library:
        faults = library.verify()
        if repair and faults:
            library.repair()
            faults = library.verify()
        count = len(library.documents())
    if faults:
        raise StorageError("; ".join(faults))
    click.echo(f"{count} documents, nothing wrong", err=True)


@command.command(name="rebuild")
@click.pass_obj
def rebuild_index(session: Session) -> None:
    """Make the search index again from the documents."""
    with library_of(session) as library:
        count = library.rebuild()
        trouble = library.trouble
    click.echo(safe_text(f"by words only: {trouble}" if trouble else f"{count} passages indexed"), err=True)


@command.command(name="export")
@click.argument("file", type=_FILE)
@click.pass_obj
def export_library(session: Session, file: Path) -> None:
    """Write your documents with their vectors to one FILE, for another device."""
    from edge_assistant.knowledge.exchange import export

    with library_of(session) as library:
        count = export(library, file)
    click.echo(safe_text(f"{count} documents are in {file}"), err=True)


@command.command(name="import")
@click.argument("file", type=_FILE)
@click.pass_obj
def import_library(session: Session, file: Path) -> None:
    """Add the documents of a FILE that `kb export` wrote."""
    from edge_assistant.knowledge.exchange import take_in

    with library_of(session) as library:
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
