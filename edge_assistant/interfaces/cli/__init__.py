"""The command line: one file per command, imported when it is used."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from edge_assistant import __version__
from edge_assistant.errors import ConfigError, EdgeAssistantError, InputError, Unanswered
from edge_assistant.safe_text import safe_text, writable_text

if TYPE_CHECKING:
    from edge_assistant.assistant import Assistant
    from edge_assistant.config import Config

Result = TypeVar("Result")

COMMANDS: Final = {
    "ask": "Ask one question.",
    "chat": "Talk in the terminal.",
    "doctor": "Say what works and what is missing.",
    "eval": "Write predictions for a labelled set.",
    "history": "List the latest questions and answers.",
    "kb": "Add, list and search documents.",
    "models": "List, fetch and choose language models.",
    "rules": "List, try and test sentence rules.",
    "why": "Show the receipt of an answer.",
}
EXIT_CODES: Final = {InputError: 2, ConfigError: 3, Unanswered: 4}


class Session:
    """What every command starts from: the settings that the command line named."""

    def __init__(self, config_file: Path | None, home: Path | None) -> None:
        self._config_file = config_file
        self._home = home

    @cached_property
    def config(self) -> Config:
        """The settings. Raises `ConfigError`."""
        from edge_assistant.config import Config

        return Config.read(self._config_file, self._home)

    @property
    def settings_file(self) -> Path:
        """Where the settings are read from, whether it exists or not."""
        from edge_assistant.config import Config

        return self._config_file or Config.usual_path(self._home)

    def run(self, work: Callable[[Assistant], Awaitable[Result]]) -> Result:
        """Open an assistant, do the work with it, and close it again."""
        from edge_assistant.assistant import Assistant

        async def inside() -> Result:
            async with Assistant.open(config=self.config) as assistant:
                return await work(assistant)

        return asyncio.run(inside())


class _Commands(click.Group):
    """Commands that are imported when they are used; their one-line help is kept here."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), envvar="EDGE_ASSISTANT_CONFIG", help="The settings file.")
@click.option("--home", type=click.Path(path_type=Path), help="The folder that holds everything kept.")
@click.version_option(__version__, package_name="edge-assistant")
@click.pass_context
def command(context: click.Context, config: Path | None, home: Path | None) -> None:
    """An assistant for your own device: it answers and acts offline, and says how it decided."""
    context.obj = Session(config, home)


def echo_json(fields: Mapping[str, object]) -> None:
    """Print one object on one line; JSON itself lets the terminal commands of C1 pass."""
    click.echo(safe_text(json.dumps(fields, ensure_ascii=False)))


def main() -> None:
    """Run a command, and turn what went wrong into one sentence and an exit code.

    0 answered, 1 something broke, 2 usage, 3 configuration, 4 nobody could answer.
    """
    try:
        if sys.stdout is None:
            raise EdgeAssistantError("standard output is closed, so no answer could be given; nothing was done")
        if unreadable := [argument for argument in sys.argv if writable_text(argument) != argument]:
            raise InputError(f"{writable_text(unreadable[0])!r} is not text: it holds bytes that are no UTF-8")
        code = command.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        click.echo(f"{error.filename or 'standard output'}: {(error.strerror or str(error)).lower()}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except EdgeAssistantError as error:
        click.echo(safe_text(str(error)), err=True)
        code = next((number for kind, number in EXIT_CODES.items() if isinstance(error, kind)), 1)
    sys.exit(code if isinstance(code, int) else 0)
