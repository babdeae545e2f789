"""`edge-assistant chat`: talk in the terminal."""

from __future__ import annotations

import os
import secrets
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from edge_assistant import languages
from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.tui.backroom import Backroom
from edge_assistant.types import Manner

if TYPE_CHECKING:
    from edge_assistant.config import Config


@click.command(name="chat")
@click.option("--language", metavar="xx", help="Speak this language (en, zh); else that of each question.")
@click.option("--area", metavar="ROOM", help="The room you are in.")
@click.option("--private", is_flag=True, help="Never let a question leave the device; do not reuse its answer.")
@click.option("--local-only", is_flag=True, help="Leave out every tier that leaves the device.")
@click.option("--plain", is_flag=True, help="Line by line, for screen readers and simple terminals.")
@click.pass_obj
def command(
    session: Session, language: str | None, area: str | None, private: bool, local_only: bool, plain: bool
) -> int:
    """Talk in the terminal: words appear as they come, Esc stops an answer, F2 explains it, Ctrl+Q quits."""
    if not sys.stdin.isatty():
        raise InputError("chat needs a terminal to read from; for one question use: edge-assistant ask TEXT")
    if language is not None:
        language = languages.supported(language)
    conversation = secrets.token_hex(4)
    manner = Manner(language=language, area=area, private=private, local_only=local_only, conversation=conversation)
    config = session.config
    if plain or not _can_draw():
        return _lines(config, manner)
    return _screen(config, manner)


def _can_draw() -> bool:
    """Whether there is a whole screen to draw on; Textual writes to stderr."""
    return os.environ.get("TERM", "dumb") != "dumb" and sys.stdout.isatty() and sys.stderr.isatty()


def _screen(config: Config, manner: Manner) -> int:
    from edge_assistant.assistant import LONGEST_QUESTION, Assistant
    from edge_assistant.interfaces.tui.app import ChatApp
    from edge_assistant.interfaces.tui.quiet import quiet
    from edge_assistant.interfaces.tui.wording import wording

    with Backroom(partial(Assistant.open, config=config)) as backroom, quiet():
        words = wording(_spoken(config, manner))
        app = ChatApp(backroom, words, manner, config.tiers, LONGEST_QUESTION)
        app.run()
    return app.return_code or 0


def _lines(config: Config, manner: Manner) -> int:
    from edge_assistant.assistant import Assistant
    from edge_assistant.interfaces.tui import plain
    from edge_assistant.interfaces.tui.wording import wording

    with Backroom(partial(Assistant.open, config=config)) as backroom:
        plain.talk(backroom, wording(_spoken(config, manner)), manner)
    return 0


def _spoken(config: Config, manner: Manner) -> str:
    """Return the language of the interface: the one asked for, else that of the settings, else of the terminal."""
    if (language := manner.get("language")) is not None:
        return language
    if config.language != "auto":
        return config.language
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if named.startswith("zh") else "en"
