"""The vocabulary of a GGUF file: from text to tokens, and back."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Final

_LONGEST_PIECE: Final = 256
"""Bytes that one token may stand for."""


class Vocabulary:
    """What llama.cpp knows of a model's tokens; it only reads, so that any thread may ask."""

    def __init__(self, model: int) -> None:
        import llama_cpp

        self._library = llama_cpp
        self.pointer: int = llama_cpp.llama_model_get_vocab(model)
        self.size: int = llama_cpp.llama_vocab_n_tokens(self.pointer)

    def tokens(self, text: str, *, special: bool = True) -> list[int]:
        """Cut a text into tokens; `special` takes names of control tokens in it for those tokens."""
        said = text.encode(errors="replace")
        room = len(said) + 2
        tokens = (self._library.llama_token * room)()
        count = self._library.llama_tokenize(self.pointer, said, len(said), tokens, room, False, special)
        return list(tokens[: max(0, count)])

    def has(self, name: str) -> bool:
        """Return whether a text is the name of a single token."""
        return len(self.tokens(name)) == 1

    def text(self, tokens: Sequence[int]) -> str:
        return b"".join(map(self.piece, tokens)).decode(errors="replace")

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for; a character may be spread over several of them."""
        buffer = ctypes.create_string_buffer(_LONGEST_PIECE)
        length = self._library.llama_token_to_piece(self.pointer, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(0, length)]

    def name(self, token: int) -> str:
        """Return how a token is written in the file, or nothing for the number of no token."""
        return "" if token == -1 else self._library.llama_vocab_get_text(self.pointer, token).decode(errors="replace")

    @property
    def beginning(self) -> str:
        return self.name(self._library.llama_vocab_bos(self.pointer))

    @property
    def end(self) -> str:
        return self.name(self._library.llama_vocab_eos(self.pointer))

    def ends(self, token: int) -> bool:
        """Return whether a token says that the answer is over."""
        return bool(self._library.llama_vocab_is_eog(self.pointer, token))

    def plain(self, text: str) -> str:
        """Take out control tokens: who speaks next is said by the template, never by what was said."""
        while True:
            tokens = self.tokens(text)
            kept = [token for token in tokens if not self._commands(token)]
            if len(kept) == len(tokens):
                return text
            text = self.text(kept)

    def _commands(self, token: int) -> bool:
        return bool(self._library.llama_vocab_is_control(self.pointer, token))
