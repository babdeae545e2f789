"""`edge-assistant history`: the latest questions and answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text
from edge_assistant.storage.history import Turn

if TYPE_CHECKING:
    from edge_assistant.assistant import Assistant
    from edge_assistant.storage.actions import Entry


@click.command(name="history")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many turns.")
@click.option("--actions", is_flag=True, help="List what was asked of devices and what came of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def command(session: Session, limit: int, actions: bool, as_json: bool) -> None:
    """List the latest questions and answers, newest last."""

    async def latest(assistant: Assistant) -> list[Turn]:
        return assistant.rooms.history.latest(limit)

    if actions:
        _list_actions(session, limit, as_json)
        return
    for turn in session.run(latest):
        if as_json:
            echo_json({"question": turn.question, "asked": turn.asked, "private": turn.private, **turn.receipt})
        else:
            click.echo(safe_text(_line(turn)))


def _list_actions(session: Session, limit: int, as_json: bool) -> None:
    async def logged(assistant: Assistant) -> list[Entry]:
        from edge_assistant.storage.actions import Actions

        return Actions(assistant.rooms.outbox).latest(limit)

    for entry in session.run(logged):
        if as_json:
            echo_json(asdict(entry))
        else:
            click.echo(safe_text(_action(entry)))


def _action(entry: Entry) -> str:
    at = datetime.fromtimestamp(entry.at).isoformat(" ", "seconds")
    slots = " ".join(f"{name}={value}" for name, value in entry.slots.items())
    reason = entry.reason if entry.phase == "ended" else ""
    return "  ".join(part for part in (at, f"{entry.status:<7}", entry.service, entry.entity, slots, reason) if part)


def _line(turn: Turn) -> str:
    asked = datetime.fromtimestamp(turn.asked).isoformat(" ", "minutes")
    text = " ".join(turn.receipt["text"].split())
    shortened = text if len(text) <= 80 else f"{text[:79]}…"
    return f"{turn.receipt['id']}  {asked}  {turn.receipt['tier']:<9}  {turn.question}\n{'':10}{shortened}"
