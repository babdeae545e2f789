"""Keeps what libraries print off the screen that is being drawn."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from edge_assistant.safe_text import safe_text

_KEPT: Final = 20_000
"""Characters of what was printed meanwhile that are shown afterwards."""


@contextmanager
def quiet() -> Iterator[None]:
    """Collect everything written to descriptor 2, and the log, and show the end of it when the screen is gone.

    A library that prints a warning there from C would tear the picture. Textual draws on ``sys.__stderr__``,
    which meanwhile stands for the terminal under another number.
    """
    usual = sys.__stderr__
    with (
        tempfile.TemporaryFile() as collected,
        os.fdopen(os.dup(2), "w", encoding="utf-8") as terminal,
        os.fdopen(os.dup(collected.fileno()), "w", encoding="utf-8", errors="replace") as log,
    ):
        logger = logging.StreamHandler(log)
        logging.getLogger().addHandler(logger)
        os.dup2(collected.fileno(), 2)
        sys.__stderr__ = terminal  # type: ignore[misc]
        try:
            yield
        finally:
            logging.getLogger().removeHandler(logger)
            sys.__stderr__ = usual  # type: ignore[misc]
            sys.stderr.flush()
            os.dup2(terminal.fileno(), 2)
            log.flush()
            collected.seek(0)
            sys.stderr.write(safe_text(collected.read().decode(errors="replace"))[-_KEPT:])
