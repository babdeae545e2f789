"""YAML as plain data: small, shallow, without anchors; every complaint names its file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from edge_assistant.errors import ConfigError

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
Place: TypeAlias = "tuple[str | int, ...]"

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and in which line it says it."""

    name: str
    value: Value
    lines: Mapping[Place, int]

    def at(self, *place: str | int) -> str:
        """Return ``file.yaml:12`` for a place in the document, or for the nearest place around it."""
        return f"{self.name}:{self.lines.get(self.nearest(*place), 1)}"

    def nearest(self, *place: str | int) -> Place:
        """Return the place, or the nearest one around it that the document has."""
        while place and place not in self.lines:
            place = place[:-1]
        return place


def read_yaml(path: Path) -> Document:
    """Read one file. Raises `ConfigError` in one sentence."""
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if content is None:
        raise ConfigError(f"{path}: the file is larger than {MAX_BYTES // 1000} kB")
    return parse_yaml(content, path.name)


def parse_yaml(content: bytes, name: str) -> Document:
    """Read the bytes of a file that people call `name`. Raises `ConfigError` in one sentence."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: this is not UTF-8 text") from error
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                line = getattr(event.start_mark, "line", 0) + 1
                raise ConfigError(f"{name}:{line}: anchors and aliases are not allowed")
        root = yaml.compose(text, Loader=_LOADER)
        lines: dict[Place, int] = {}
        value = None if root is None else _value(root, (), lines, name)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}:{_line(error, text)}: {_problem(error)}") from error
    except RecursionError as error:
        raise ConfigError(f"{name}: nested too deeply") from error
    return Document(name, value, lines)


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], name: str) -> Value:
    line = node.start_mark.line + 1
    lines[place] = line
    if len(place) > MAX_DEPTH:
        raise ConfigError(f"{name}:{line}: nested more than {MAX_DEPTH} deep")
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), lines, name) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, place, lines, name))
    return _scalar(node)


def _pairs(node: yaml.MappingNode, place: Place, lines: dict[Place, int], name: str) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{name}:{line}: a key must be a word")
        if key.value in seen:
            raise ConfigError(f"{name}:{line}: {key.value!r} stands here twice")
        seen.add(key.value)
        yield key.value, _value(value, (*place, key.value), lines, name)


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    """Only true and false are truth values: in a home, `on` and `off` are states."""
    text: str = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in ("int", "float"):
        try:
            return float(text) if kind == "float" else int(text)
        except ValueError:
            return text
    return text


def _line(error: yaml.YAMLError, text: str) -> int:
    """Return the line of an error; what is missing at the end is missing in the last line."""
    mark = getattr(error, "problem_mark", None)
    return min(mark.line + 1 if mark is not None else 1, max(1, len(text.splitlines())))


def _problem(error: yaml.YAMLError) -> str:
    return getattr(error, "problem", None) or str(error).splitlines()[0]
