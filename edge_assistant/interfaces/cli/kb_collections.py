"""`edge-assistant kb list` and `kb collection`: what there is, and what holds for each collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

import click

from edge_assistant import languages
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.interfaces.cli.libraries import library_of
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Share

if TYPE_CHECKING:
    from edge_assistant.knowledge.collections import Collection


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def list_documents(session: Session, as_json: bool) -> None:
    """List the documents with their collection, language and number of passages."""
    with library_of(session) as library:
        entries = library.documents()
        embedders = library.embedders()
        collections = {name: library.collections.of(name) for name in {entry.collection for entry in entries}}
    for entry in entries:
        if as_json:
            names = ("source", "title", "language", "collection", "passages", "origin", "sha256")
            kept = {name: getattr(entry, name) for name in names}
            terms = collections[entry.collection]
            echo_json({**kept, "share": terms.share, "priority": terms.priority})
        else:
            line = f"{entry.collection:10} {entry.language:3} {entry.passages:5}  {entry.source}  {entry.title}"
            click.echo(safe_text(line))
    if not as_json:
        for collection in sorted(collections.values(), key=lambda one: one.name):
            click.echo(safe_text(_line(collection)), err=True)
        for embedder in embedders:
            click.echo(safe_text(str(embedder)), err=True)


@click.command(name="collection")
@click.argument("name")
@click.option("--share", type=click.Choice(get_args(Share)), help="How far its passages may travel.")
@click.option("--language", help="The language of its documents, from the next `kb add` on.")
@click.option("--priority", type=click.IntRange(-9, 9), help="How many places its passages are lifted.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def set_collection(
    session: Session, name: str, share: str | None, language: str | None, priority: int | None, as_json: bool
) -> None:
    """Show or set what holds for the collection NAME.

    Passages leave the device only where the collection allows it and `cloud.share_passages` is on.
    """
    spoken = languages.supported(language) if language else None
    with library_of(session) as library:
        if share is None and spoken is None and priority is None:
            now = library.collections.of(name)
        else:
            now = library.collections.change(
                name, language=spoken, share=cast("Share | None", share), priority=priority
            )
    if as_json:
        echo_json({"name": now.name, "language": now.language, "share": now.share, "priority": now.priority})
    else:
        click.echo(safe_text(_line(now)))


def _line(collection: Collection) -> str:
    travel = {"never": "stays on this device", "lan": "may go to this network", "cloud": "may go to the cloud"}
    parts = [travel[collection.share], f"priority {collection.priority}"]
    parts += [f"language {collection.language}"] if collection.language else []
    return f"collection {collection.name}: {', '.join(parts)}"
