"""What a file holds, in 64 digits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import IO, Final

_AT_ONCE: Final = 1 << 20


def sha256(stream: IO[bytes], progress: Callable[[int], object] = lambda count: None) -> str:
    """Return the SHA-256 of what is left of a stream, in hexadecimal digits; `progress` is told how many bytes.

    Raises `OSError`.
    """
    digest = hashlib.sha256()
    while content := stream.read(_AT_ONCE):
        digest.update(content)
        progress(len(content))
    return digest.hexdigest()
