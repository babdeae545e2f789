"""A GGUF file read forward, with bounds on how much of it is read and kept."""

from __future__ import annotations

from struct import Struct
from typing import BinaryIO, Final

LARGEST: Final = 64 << 20
"""Bytes that a header may have: a vocabulary of 262,000 words with its merges takes 16 MB."""
_BLOCK: Final = 1 << 20
_U32: Final = Struct("<I")
_U64: Final = Struct("<Q")


class Flaw(Exception):
    """What is wrong with a header, as the end of a sentence that begins with the file's name."""


class Reader:
    """Reads forward through a window of one block; the sum of what is read is bounded."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._window = b""
        self._start = 0
        self._at = 0

    @property
    def position(self) -> int:
        return self._start + self._at

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._window):
            self._refill(count)
        self._at += count
        return self._window[self._at - count : self._at]

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def text(self, most: int, what: str) -> str:
        length = self.u64()
        if length > most:
            raise Flaw(f"has a damaged header: {what} of {length:,} bytes")
        return self.take(length).decode(errors="replace")

    def skip(self, count: int) -> None:
        while count > _BLOCK:
            self.take(_BLOCK)
            count -= _BLOCK
        self.take(count)

    def skip_texts(self, count: int) -> None:
        for _ in range(count):
            at, window = self._at, self._window
            if at + 8 > len(window):
                self.skip(self.u64())
                continue
            (length,) = _U64.unpack_from(window, at)
            if at + 8 + length > len(window):
                self.skip(self.u64())
            else:
                self._at = at + 8 + length

    def _refill(self, count: int) -> None:
        left = self._window[self._at :]
        self._start += self._at
        if self._start + count > LARGEST:
            raise Flaw(f"has a damaged header: it does not end within {LARGEST >> 20} MB")
        self._window, self._at = left + self._file.read(max(_BLOCK, count) - len(left)), 0
        if len(self._window) < count:
            raise Flaw("ends within its header")
