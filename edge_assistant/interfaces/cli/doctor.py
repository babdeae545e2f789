"""`edge-assistant doctor`: what works and what is missing."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from edge_assistant.interfaces.cli import Session, echo_json
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.assistant import Assistant


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_obj
def command(session: Session, as_json: bool) -> int:
    """Try every room for real and say how it is. Exit code 1: something is broken."""

    async def examined(assistant: Assistant) -> bool:
        from edge_assistant.operations.doctor import examine

        well = True
        async with aclosing(examine(assistant)) as findings:
            async for finding in findings:
                well = well and finding.health != "broken"
                if as_json:
                    echo_json(asdict(finding))
                    continue
                told = f"{finding.room:<9} {finding.health:<7} {finding.detail} ({finding.seconds:.1f} s)"
                click.echo(safe_text(told))
        return well

    return 0 if session.run(examined) else 1
