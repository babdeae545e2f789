"""`edge-assistant ask`: one question, one answer."""

from __future__ import annotations

import sys
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from edge_assistant import explain
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Answer, Attempt, Restart, Token

if TYPE_CHECKING:
    from edge_assistant.assistant import Assistant


@dataclass(frozen=True, slots=True)
class _Display:
    """How the answer is shown."""

    as_json: bool
    why: bool
    stream: bool


@click.command(name="ask")
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with the receipt.")
@click.option("--why", is_flag=True, help="Show each tier's decision on stderr.")
@click.option("--private", is_flag=True, help="Never let the question leave the device; do not reuse its answer.")
@click.option("--local-only", is_flag=True, help="Leave out every tier that leaves the device.")
@click.option("--language", metavar="xx", help="Answer in this language (en, zh); else that of the question.")
@click.option("--area", metavar="ROOM", help="The room you are in.")
@click.option("--no-stream", is_flag=True, help="Print the answer when it is whole.")
@click.pass_obj
def command(
    session: Session,
    text: str,
    as_json: bool,
    why: bool,
    private: bool,
    local_only: bool,
    language: str | None,
    area: str | None,
    no_stream: bool,
) -> int:
    """Ask one question. TEXT may be - to read it from standard input."""
    text = sys.stdin.buffer.read().decode(errors="surrogateescape") if text == "-" else text
    display = _Display(as_json, why, stream=not (no_stream or as_json) and sys.stdout.isatty())

    async def asked(assistant: Assistant) -> Answer:
        events = assistant.stream(
            text, language=language, area=area, private=private, local_only=local_only, restartable=True
        )
        async with aclosing(events):
            async for event in events:
                _show(event, display)
        assert isinstance(event, Answer), "a stream ends with an Answer or raises Unanswered"
        return event

    return 0 if session.run(asked).complete else 4


def _show(event: object, display: _Display) -> None:
    """Show one event; on a terminal words appear as they come, elsewhere only when they are final."""
    if isinstance(event, Attempt) and display.why:
        click.echo(safe_text(explain.trace_line(event)), err=True)
    elif isinstance(event, Token) and display.stream:
        click.echo(safe_text(event.text), nl=False)
    elif isinstance(event, Restart) and display.stream:
        click.echo("\n(that broke off; starting again)", err=True)
    elif isinstance(event, Answer):
        _finish(event, display)


def _finish(answer: Answer, display: _Display) -> None:
    told = explain.receipt(answer)
    if display.as_json:
        echo_json(told)
        return
    click.echo("" if display.stream else safe_text(answer.text))
    if display.why:
        click.echo(safe_text(explain.summary(told)), err=True)
        return
    for note in explain.notes(answer):
        click.echo(safe_text(note), err=True)
