"""Folders watched for change, by the operating system itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from edge_assistant.adapters import needs

_QUIET: Final = 200
"""Milliseconds without a change after which a batch is complete."""
_LONGEST: Final = 1600
"""Milliseconds after which it is given, quiet or not."""


def changes(paths: Sequence[Path], stop: threading.Event | None = None) -> Iterator[set[Path]]:
    """Yield what changed below these paths, a moment later; folders that may not be looked into are passed over.

    Raises `MissingExtra`.
    """
    with needs("edge-assistant[documents]"):
        from watchfiles import watch
    for batch in watch(
        *paths, watch_filter=None, debounce=_LONGEST, step=_QUIET, stop_event=stop, ignore_permission_denied=True
    ):
        yield {Path(name) for _, name in batch}
