"""Warnings of the library, told to the user while the screen is in the way of stderr."""

from __future__ import annotations

import logging
from collections.abc import Callable


class Logged(logging.Handler):
    """Passes on the sentence of each warning; a record with a traceback is for the log alone."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is None:
            self._tell(record.getMessage())
