"""`edge-assistant kb add`: files and folders into the knowledge base, once or for as long as they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge_assistant import languages
from edge_assistant.errors import InputError, StorageError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.interfaces.cli.libraries import library_of
from edge_assistant.interfaces.cli.progress import progress
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.adapters.reading import Reading
    from edge_assistant.knowledge.ingest import Report
    from edge_assistant.knowledge.library import Library


@click.command(name="add")
@click.argument("named", nargs=-1, required=True, metavar="PATH…")
@click.option("--collection", default="main", show_default=True, help="The collection they become part of.")
@click.option(
    "--language", help="The language they are written in; without it, that of the collection, else recognised."
)
@click.option("--sync", is_flag=True, help="Remove documents whose files are gone from these folders.")
@click.option("--watch", is_flag=True, help="Go on: take in what changes in these folders, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of every file as one JSON object.")
@click.pass_obj
def add_documents(
    session: Session,
    named: tuple[str, ...],
    collection: str,
    language: str | None,
    sync: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Add files, and the documents in folders: Markdown, text, HTML, PDF, Word, EPUB, tables, cards, subtitles, mail.

    What is known already is passed over, so an interrupted run goes on where it was.
    """
    from edge_assistant.knowledge.collections import STARTER

    if "" in named:  # a variable that is not set; as a path it would be the current folder
        raise InputError("one of the paths is empty")
    paths = tuple(map(Path, named))
    spoken = languages.supported(language) if language else None
    if collection == STARTER:
        raise InputError(f"the collection {STARTER} is what comes with the program; choose another name")
    with library_of(session) as library, _reading(session) as reading:
        spoken = spoken or library.collections.of(collection).language
        intake = _Intake(session, library, reading, collection, spoken, sync, as_json)
        report = intake.take(paths)
        if watch:
            intake.watch([path.resolve() for path in paths if path.exists()])
    if not report.useful:
        click.get_current_context().exit(1)


@dataclass(frozen=True, slots=True)
class _Intake:
    """What one command adds, again and again where it watches."""

    session: Session
    library: Library
    reading: Reading
    collection: str
    language: str | None
    sync: bool
    as_json: bool

    def take(self, paths: tuple[Path, ...] | list[Path], only: Callable[[Path], bool] | None = None) -> Report:
        """Add what is in these paths, and say what became of it."""
        from edge_assistant.knowledge import ingest

        limit = int(self.session.config.knowledge.max_megabytes * 1_000_000)
        with progress() as shown:
            report = ingest.add(
                self.library,
                paths,
                limit=limit,
                collection=self.collection,
                language=self.language,
                sync=self.sync,
                only=only,
                read=self.reading.read,
                progress=shown,
            )
        self._say(report)
        return report

    def watch(self, paths: list[Path]) -> None:
        """Add what changes; what could not be kept now is tried again with the next change."""
        from edge_assistant.adapters.watching import changes

        pending: set[Path] = set()
        for changed in changes(paths):
            pending |= changed
            try:
                self.take(paths, partial(_among, pending))
                pending.clear()
            except StorageError as error:
                click.echo(safe_text(str(error)), err=True)
            self.reading.close()

    def _say(self, report: Report) -> None:
        for sentence in report.refused:
            click.echo(safe_text(sentence), err=True)
        for source in report.missing:
            click.echo(safe_text(f"{source}: its file is gone; `kb add --sync` removes it"), err=True)
        if self.library.trouble:
            click.echo(safe_text(f"searchable by words only: {self.library.trouble}"), err=True)
        counts = {name: len(parts) for name, parts in asdict(report).items()}
        always = ("added", "unchanged", "refused")
        click.echo(", ".join(f"{n} {name}" for name, n in counts.items() if n or name in always), err=True)
        if self.as_json:
            echo_json({**asdict(report), "words_only": self.library.trouble or None})


def _among(changed: set[Path], file: Path) -> bool:
    """Return whether a file, or a folder above it, is among what changed."""
    return not changed.isdisjoint((file, *file.parents))


@contextmanager
def _reading(session: Session) -> Iterator[Reading]:
    from edge_assistant.adapters.reading import Reading

    with closing(Reading(session.config.knowledge.max_seconds)) as reading:
        yield reading
