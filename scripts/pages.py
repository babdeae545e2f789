"""The generated parts of the pages: the table of settings and the help of every command."""

from __future__ import annotations

from collections.abc import Iterator

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from edge_assistant.config import Config, Endpoint, LocalServer, Section
from edge_assistant.interfaces.cli import command


def settings() -> str:
    """Return one Markdown table for each section of the settings."""
    sections: dict[str, type[BaseModel]] = {
        "": Config,
        "cloud.endpoints": Endpoint,
        "device.endpoint": LocalServer,
    }
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            sections[name] = field.annotation
    return "\n".join(_section(name, section) for name, section in sorted(sections.items()))


def commands() -> str:
    """Return the help of every command."""
    return "\n".join(_help((), command))


def _section(name: str, section: type[BaseModel]) -> str:
    rows = [_row(key, field) for key, field in section.model_fields.items() if not _is_section(field)]
    title = f"## `[{name}]`" if name else "## At the top"
    return "\n".join([title, "", "| setting | default | what it does |", "| --- | --- | --- |", *rows, ""])


def _row(key: str, field: FieldInfo) -> str:
    default = "the user's data folder" if key == "home" else f"`{_toml(field.default)}`"
    return f"| `{key}` | {default} | {' '.join((field.description or '').split())} |"


def _is_section(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _toml(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _help(path: tuple[str, ...], one: click.Command) -> Iterator[str]:
    context = click.Context(one, info_name=" ".join(("edge-assistant", *path)), max_content_width=100)
    if path:
        yield f"{'#' * (len(path) + 1)} {' '.join(path)}\n\n```text\n{one.get_help(context)}\n```\n"
    if isinstance(one, click.Group):
        for name in one.list_commands(context):
            inner = one.get_command(context, name)
            assert inner is not None, "a listed command exists"
            yield from _help((*path, name), inner)
