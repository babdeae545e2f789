"""Conversations that a model can take up again without reading them once more."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_assistant.adapters.llama_context import Context

WORTH: Final = 48
"""Tokens that are worth keeping: to read so many again takes longer than to copy them."""
_FILES: Final = 8
_LARGEST: Final = 32 << 20
"""Bytes of one kept prefix; a longer one is read again."""
_HASH: Final = hashlib.sha256().digest_size


@dataclass(frozen=True, slots=True)
class _Kept:
    tokens: tuple[int, ...]
    state: bytearray


class Conversations:
    """States of the conversations that others have pushed out of the context, the latest last.

    A model holds one sequence. When another conversation takes its turn, or a judge is asked in between, what was
    read is copied (12 kB a token for a model of 0.5B: milliseconds) and brought back when it goes on.
    """

    def __init__(self, context: Context, room: int) -> None:
        self._context = context
        self._room = room
        self._kept: list[_Kept] = []

    def turn_to(self, prompt: Sequence[int]) -> int:
        """Hold as much of the beginning of a prompt as there is, and return how many tokens that is.

        The last token is always read again: what follows it was not kept.
        """
        usable = prompt[:-1]
        held = common(self._context.tokens, usable)
        best = max(self._kept, key=lambda kept: common(kept.tokens, usable), default=None)
        found = common(best.tokens, usable) if best is not None else 0
        if len(self._context.tokens) - held >= WORTH:
            self._keep()
        if best is not None and found >= held + WORTH:
            self._kept = [kept for kept in self._kept if kept is not best]
            held = found if self._context.restore(best.tokens, best.state) else 0
        self._context.cut(held)
        return len(self._context.tokens)

    def _keep(self) -> None:
        """Copy what is held, in place of what it continues, and give up the oldest copies if room is short."""
        tokens = tuple(self._context.tokens)
        self._kept = [kept for kept in self._kept if common(kept.tokens, tokens) < len(kept.tokens)]
        if self._room > 0:
            self._kept.append(_Kept(tokens, self._context.state()))
        while sum(len(kept.state) for kept in self._kept) > self._room:
            del self._kept[0]


class Prefixes:
    """Files with the states of fixed beginnings, so that the first answer after a start need not read them.

    `key` says what makes a state useless elsewhere: the model's file, how it is loaded, the library's version.
    A file that is damaged, or cannot be read or written, is as good as none.
    """

    def __init__(self, context: Context, folder: Path, key: str) -> None:
        self._context = context
        self._folder = folder
        self._key = key

    def restore(self, prefix: Sequence[int]) -> bool:
        """Hold a prefix that was saved before; return whether it is held now."""
        try:
            content = bytearray(self._file(prefix).read_bytes())
        except OSError:
            return False
        state = content[_HASH:]
        return hashlib.sha256(state).digest() == content[:_HASH] and self._context.restore(prefix, state)

    def save(self) -> None:
        """Write down what is held."""
        state = self._context.state()
        if len(state) > _LARGEST:
            return
        file = self._file(self._context.tokens)
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = file.with_suffix(f".{os.getpid()}")
            descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as output:
                output.write(hashlib.sha256(state).digest())
                output.write(state)
            os.replace(fresh, file)
            self._tidy()

    def _tidy(self) -> None:
        files = sorted(self._folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[_FILES:]:
            file.unlink()

    def _file(self, prefix: Sequence[int]) -> Path:
        name = hashlib.sha256(f"{self._key}\n{list(prefix)}".encode()).hexdigest()
        return self._folder / f"{name[:32]}.state"


def common(before: Sequence[int], after: Sequence[int]) -> int:
    """Return how many tokens two sequences share from their beginning."""
    shorter = min(len(before), len(after))
    return next((index for index in range(shorter) if before[index] != after[index]), shorter)
