"""How a conversation is written for a model: by the file's own template where that is known, else by ours.

A template is a program of whoever made the file. So only one whose hash stands here is run, and that in a sandbox,
with bounds on time, memory and length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge_assistant.adapters.bounds import OutOfBounds, bounded
from edge_assistant.adapters.chat_families import FAMILIES, Turn

if TYPE_CHECKING:
    import jinja2

KNOWN: Final = {
    "872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788": "SmolLM2 Instruct",
    "cd8e9439f0570856fd70470bf8889ebd8b5d1107207f67a5efb46e342330527f": "Qwen2.5 Coder 0.5B Instruct",
    "d5495a1e5db0611132a97e46a65dbb64a642a499421228b9c8b93229097fa9a4": "Qwen2.5 Coder 1.5B Instruct",
}
"""The sha256 of templates that were read and are run; each was found in the file of the catalog that is named."""
SECONDS: Final = 1.0
COMPILING: Final = 3.0
"""Seconds to read a template, once; jinja2 works out what is constant while it reads."""
MEGABYTES: Final = 256
LONGEST: Final = 16 << 20
"""Characters that a template may write."""


class Template(Protocol):
    """Writes conversations for one model."""

    def written(self, messages: Sequence[Turn]) -> str:
        """Return a conversation up to where the answer begins. Raises `ValueError`."""
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """A template, and why it is this one."""

    template: Template
    reason: str


def choose(
    embedded: str | None, has: Callable[[str], bool], beginning: str = "", end: str = "", known: dict[str, str] = KNOWN
) -> Chosen:
    """Return how conversations are written for a file with this template and this vocabulary.

    `has` tells whether a text is one token of the vocabulary. Raises `ValueError` where neither is known.
    """
    digest = hashlib.sha256(embedded.encode(errors="replace")).hexdigest() if embedded else ""
    if embedded and digest in known:
        return Chosen(Embedded(embedded, beginning, end), f"the file's own chat template, known from {known[digest]}")
    stranger = f"the file's chat template (sha256 {digest[:12]}…) is not known" if embedded else "the file has none"
    family = next((family for family in FAMILIES if all(map(has, family.marks))), None)
    if family is None:
        raise ValueError(f"no chat template fits: {stranger}, and its vocabulary is of no family that is known")
    return Chosen(family, f"our chat template for {family.name}: {stranger}")


class Embedded:
    """A template out of a file, in jinja2's sandbox."""

    def __init__(self, text: str, beginning: str, end: str) -> None:
        with _told(), bounded(COMPILING, MEGABYTES, gently=False):
            self._template = _environment().from_string(text)
        self._tokens = {"bos_token": beginning, "eos_token": end}

    def written(self, messages: Sequence[Turn]) -> str:
        """Return a conversation up to where the answer begins. Raises `ValueError`."""
        with _told(), bounded(SECONDS, MEGABYTES):
            return "".join(_short(self._pieces(messages)))

    def _pieces(self, messages: Sequence[Turn]) -> Iterator[str]:
        given: dict[str, Any] = {"messages": messages, "add_generation_prompt": True, "enable_thinking": False}
        return self._template.generate(**given, **self._tokens, tools=None, raise_exception=_refuse)


@contextmanager
def _told() -> Iterator[None]:
    """Say in one sentence what is wrong with a template."""
    import jinja2

    try:
        yield
    except (OutOfBounds, MemoryError) as error:
        raise ValueError(f"the chat template of the file takes too much {str(error) or 'memory'}") from error
    except (jinja2.TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(f"the chat template of the file fails: {error}") from error


def _environment() -> jinja2.Environment:
    from jinja2.exceptions import SecurityError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"**"})

        def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
            raise SecurityError("no template needs powers, which may take for ever")

    environment = Environment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment


def _refuse(reason: str) -> None:
    raise ValueError(f"the chat template of the file refuses: {reason}")


def _short(pieces: Iterator[str]) -> Iterator[str]:
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > LONGEST:
            raise OutOfBounds(f"room: more than {LONGEST:,} characters")
        yield piece
