"""The only place where optional and heavy libraries are imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edge_assistant.errors import MissingExtra


@contextmanager
def needs(package: str) -> Iterator[None]:
    """Turn a failed import into the command that would fix it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(package, error.name) from error
