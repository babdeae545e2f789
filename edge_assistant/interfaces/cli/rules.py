"""`edge-assistant rules`: list, try and test sentence rules."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge_assistant import languages
from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.operations.candidates import Candidate
    from edge_assistant.rules.packs import Pack

_FOLDER = click.Path(path_type=Path)
_LANGUAGE = click.option("--language", help="One language; without it, all of them.")


@click.group(name="rules")
def command() -> None:
    """List, try and test sentence rules."""


@command.command(name="list")
@_LANGUAGE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_rules(session: Session, language: str | None, as_json: bool) -> None:
    """List the intents, how many templates each has, and the files they come from."""
    from edge_assistant.rooms import open_rulebooks
    from edge_assistant.rules.packs import PACKS

    books = open_rulebooks(session.config)
    listed: dict[str, Any] = {}
    for spoken in _languages(language):
        book = books(spoken)
        counts = Counter(template.intent for rules in book.packs for template in rules.templates)
        files = [file for rules in book.packs for file in rules.files]
        listed[spoken] = {"intents": dict(sorted(counts.items())), "files": files, "skipped": book.skipped}
    if as_json:
        echo_json(listed)
        return
    for spoken, found in listed.items():
        click.echo(f"{spoken}: {sum(found['intents'].values())} templates in {len(found['files'])} files")
        for intent, count in found["intents"].items():
            click.echo(safe_text(f"  {count:4}  {intent}"))
        for file in found["files"]:
            click.echo(safe_text(f"  file  {file}"))
        for reason in found["skipped"]:
            click.echo(safe_text(f"  not in use: {reason}"))
    for name in session.config.rules.packs:
        click.echo(safe_text(_credit(PACKS[name])))


@command.command(name="match")
@click.argument("text")
@click.option("--language", help="The language of the text; without it, it is recognised.")
@click.option("--area", help="The room in which it is said.")
@click.option("--why", is_flag=True, help="Show every template that matches, and why it was not chosen.")
@click.pass_context
def match_text(context: click.Context, text: str, language: str | None, area: str | None, why: bool) -> None:
    """Show which rule matches TEXT, without doing anything. Exit code 1: none does."""
    from edge_assistant.operations.candidates import candidates
    from edge_assistant.rooms import open_house, open_rulebooks

    if not text.strip():
        raise InputError("the text is empty")
    session: Session = context.obj
    spoken = languages.supported(language) if language else languages.detect(text)
    found = candidates(open_rulebooks(session.config)(spoken), text, open_house(session.config), area)
    for candidate in found if why else [each for each in found[:1] if not each.lost]:
        click.echo(safe_text(_line(candidate, why)))
    if not found or found[0].lost:
        click.echo("no rule matches", err=True)
        context.exit(1)


@command.command(name="test")
@click.argument("folder", required=False, type=_FOLDER)
@_LANGUAGE
@click.pass_context
def test_rules(context: click.Context, folder: Path | None, language: str | None) -> None:
    """Check that every sentence of the twin tests in FOLDER means what they claim, and nothing else.

    Packs of others are left out: what they understand besides is no fault of a rule. Exit code 1: one does not.
    """
    from edge_assistant.config import shipped
    from edge_assistant.devices.home import Home
    from edge_assistant.operations.twins import complaint, read_twins
    from edge_assistant.rooms import open_house, open_rulebooks

    session: Session = context.obj
    ours = shipped("rules").parent / "tests" / "rules"
    chosen = folder or ours
    if not chosen.is_dir():
        raise InputError(f"{chosen}: there is no such folder of twin tests")
    home = open_house(session.config) if folder else Home.read(shipped("rules") / "home.yaml")
    alone = session.config.model_copy(update={"rules": session.config.rules.model_copy(update={"packs": ()})})
    books, sentences, wrong = open_rulebooks(alone), 0, []
    for spoken in _languages(language):
        book = books(spoken)
        twins = read_twins(chosen / spoken)
        sentences += len(twins)
        wrong += [*book.skipped, *(said for twin in twins if (said := complaint(twin, book, home)))]
    for said in wrong:
        click.echo(safe_text(said))
    click.echo(f"{sentences} sentences, {len(wrong)} wrong", err=True)
    context.exit(1 if wrong else 0)


def _credit(pack: Pack) -> str:
    if pack.folder is None:
        return f"pack {pack.name}: not installed; add it with: pip install 'edge-assistant[{pack.name}]'"
    return f"pack {pack.name} {pack.version}: {pack.credit}"


def _languages(language: str | None) -> tuple[str, ...]:
    return languages.LANGUAGES if language is None else (languages.supported(language),)


def _line(candidate: Candidate, why: bool) -> str:
    meaning = candidate.match
    if not why:
        return meaning.why
    mark = f"not chosen, {candidate.lost}" if candidate.lost else "chosen"
    return f"{mark}: {meaning.why}\n    by {meaning.source}: {meaning.template}\n    read as: {meaning.text}"
