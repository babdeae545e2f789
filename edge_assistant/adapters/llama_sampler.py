"""Which token comes next: the likeliest, or one of the likely, and only where a grammar allows it."""

from __future__ import annotations

import ctypes
import math
import random
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_assistant.types import FloatArray, IntArray

REPEAT_PENALTY: Final = 1.05
"""Mild, over the last 64 tokens: small models go round in circles without it."""
_REPEATS: Final = 64
_LIKELY: Final = 40
_TOP: Final = 0.95
_LEAST: Final = math.log(0.05)
"""Chosen is among the 40 likeliest tokens, of those that together have 95 % and of which none has less than a
twentieth of the first one's probability: llama.cpp's own defaults."""


class Grammar:
    """What an answer must look like, in llama.cpp's notation (GBNF), followed token by token."""

    def __init__(self, vocabulary: int, text: str) -> None:
        import llama_cpp

        self._library = llama_cpp
        self._sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
        if not self._sampler:
            raise ValueError("the grammar is not written in GBNF with a rule named root")

    def allows(self, token: int) -> bool:
        """Return whether a token may come next."""
        return len(self._allowed([token])) == 1

    def forbid(self, logits: FloatArray) -> FloatArray:
        """Return a copy in which the logits of all tokens that may not come next are minus infinity."""
        import numpy

        allowed = self._allowed(range(len(logits)))
        kept = numpy.full_like(logits, -math.inf)
        kept[allowed] = logits[allowed]
        return kept

    def accept(self, token: int) -> None:
        """Go on behind a token that is allowed."""
        self._library.llama_sampler_accept(self._sampler, token)

    def _allowed(self, tokens: Sequence[int]) -> IntArray:
        import numpy

        kind = numpy.dtype([("id", numpy.int32), ("logit", numpy.float32), ("p", numpy.float32)])
        candidates = numpy.zeros(len(tokens), dtype=kind)
        candidates["id"] = tokens
        entries = candidates.ctypes.data_as(self._library.llama_token_data_p)
        array = self._library.llama_token_data_array(entries, len(tokens), -1, False)
        self._library.llama_sampler_apply(self._sampler, ctypes.byref(array))
        left = candidates[: array.size]
        return left["id"][left["logit"] > -math.inf].astype(numpy.int64)

    def __del__(self) -> None:
        if self._sampler:
            self._library.llama_sampler_free(self._sampler)


def gbnf(schema: str) -> str:
    """Return the grammar of a JSON schema. Raises `ValueError` when the schema says what no grammar can."""
    from llama_cpp.llama_grammar import json_schema_to_gbnf

    try:
        return str(json_schema_to_gbnf(schema))
    except (AssertionError, AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the JSON schema cannot be followed: {type(error).__name__}: {error}") from error


class Sampler:
    """Chooses one token after the other, each with a look at those before."""

    def __init__(self, temperature: float, seed: int | None, grammar: Grammar | None = None) -> None:
        self._temperature = temperature
        self._random = random.Random(seed)  # noqa: S311 - words, not secrets
        self._grammar = grammar
        self._said: deque[int] = deque(maxlen=_REPEATS)

    def choose(self, logits: FloatArray) -> tuple[int, float]:
        """Return the next token and the logarithm of its probability before any penalty.

        `logits` is left as it was. For 150,000 tokens this takes a quarter of a millisecond (measured), half of it
        for the probability; llama.cpp's own chain, which penalizes a list of all of them, takes longer.
        """
        import numpy

        said = numpy.fromiter(set(self._said), dtype=numpy.int64)
        before = logits[said]
        logits[said] = numpy.where(before > 0, before / REPEAT_PENALTY, before * REPEAT_PENALTY)
        token = self._allowed(logits)
        logits[said] = before
        self._said.append(token)
        top = logits.max()
        total = numpy.exp(logits - top).sum()
        return token, round(float(logits[token] - top - numpy.log(total)), 4)

    def _allowed(self, logits: FloatArray) -> int:
        """Return what is chosen freely if the grammar allows it, else what is chosen of all that it allows.

        A grammar looks at one token in no time, and at all of them in some milliseconds.
        """
        token = self._pick(logits)
        if self._grammar is None:
            return token
        if not self._grammar.allows(token):
            token = self._pick(self._grammar.forbid(logits))
        self._grammar.accept(token)
        return token

    def _pick(self, logits: FloatArray) -> int:
        import numpy

        first = int(logits.argmax())
        if self._temperature <= 0.0:
            return first
        likely = numpy.flatnonzero(logits >= logits[first] + _LEAST)
        likely = likely[numpy.argsort(-logits[likely], kind="stable")][:_LIKELY]
        together = numpy.cumsum(_softmax(logits[likely]))
        likely = likely[: int(numpy.searchsorted(together, _TOP)) + 1]
        weights = _softmax(logits[likely] / self._temperature)
        return int(self._random.choices(likely.tolist(), weights.tolist())[0])


def _softmax(logits: FloatArray) -> FloatArray:
    import numpy

    powers: FloatArray = numpy.exp(logits - logits.max())
    powers /= powers.sum()
    return powers
