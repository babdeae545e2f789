"""`edge-assistant why`: the receipt of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from edge_assistant import explain
from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text
from edge_assistant.storage.history import Turn

if TYPE_CHECKING:
    from edge_assistant.assistant import Assistant


@click.command(name="why")
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print the receipt as JSON.")
@click.pass_obj
def command(session: Session, id: str, as_json: bool) -> None:
    """Show how the answer with this ID came about; the first characters are enough."""

    async def found(assistant: Assistant) -> Turn:
        return assistant.why(id)

    turn = session.run(found)
    if as_json:
        echo_json(turn.receipt)
        return
    click.echo(safe_text(f"{turn.question}\n\n{turn.receipt['text']}\n\n{explain.in_words(turn.receipt)}"))
