"""A PIN that stands in for a yes where somebody could be let in; it is checked here and kept nowhere."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable
from time import monotonic
from typing import Final, Literal, TypeAlias

from edge_assistant.errors import ConfigError

Verdict: TypeAlias = Literal["right", "wrong", "locked"]

SHORTEST: Final = 4
_TRIES: Final = 3
_REST: Final = (60.0, 3600.0)
"""Seconds without another try after too many wrong ones: the first time, and at most."""
_WORDS: Final = ("zero oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SPOKEN: Final = {word: str(digit) for digit, words in enumerate(_WORDS) for word in words.split()}
_SIGNS: Final = str.maketrans("零〇一幺二两三四五六七八九", "0011223456789")
_WORD: Final = re.compile("|".join(rf"\b{word}\b" for word in _SPOKEN), re.IGNORECASE)
_LEAD: Final = re.compile(r"^\s*(?:(?:my|the)\s+)?(?:pin|code)\b(?:\s+is)?|^\s*(?:我的)?密码是?", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"[\s.,:;!，。：；！、-]+")


class Pin:
    """One secret number, a few tries, and then a rest."""

    def __init__(self, secret: str, clock: Callable[[], float] = monotonic) -> None:
        if not (secret.isascii() and secret.isdecimal() and len(secret) >= SHORTEST):
            raise ConfigError(f"actions.pin_env: a PIN has at least {SHORTEST} digits and nothing else")
        self._secret = secret
        self._clock = clock
        self._wrong = 0
        self._until = 0.0

    @classmethod
    def named(cls, variable: str, clock: Callable[[], float] = monotonic) -> Pin:
        """Read the PIN from an environment variable. Raises `ConfigError`."""
        secret = os.environ.get(variable)
        if secret is None:
            raise ConfigError(f"actions.pin_env: the environment variable {variable} is not set")
        return cls(secret, clock)

    def holds(self, text: str) -> bool:
        """Return whether a text says the PIN."""
        return hmac.compare_digest(digits(text), self._secret)

    def check(self, text: str) -> Verdict:
        """Judge one try; after three wrong ones every try is refused for a while, longer each time."""
        if self._clock() < self._until:
            return "locked"
        if self.holds(text):
            self._wrong = 0
            return "right"
        self._wrong += 1
        if self._wrong % _TRIES == 0:
            self._until = self._clock() + min(_REST[0] * 2 ** (self._wrong // _TRIES - 1), _REST[1])
        return "wrong"


def may_be_pin(text: str) -> bool:
    """Return whether a text is nothing but a number, long enough for a PIN.

    It counts as one whether it is right or wrong, so that no answer tells which number the PIN is.
    """
    written = _WORD.sub(lambda word: _SPOKEN[word[0].lower()], _LEAD.sub("", text, count=1)).translate(_SIGNS)
    number = _BETWEEN.sub("", written)
    return number.isdecimal() and len(number) >= SHORTEST


def digits(text: str) -> str:
    """Return the digits of a text, written or spoken in English or Chinese, in a row."""
    written = _WORD.sub(lambda word: _SPOKEN[word[0].lower()], text).translate(_SIGNS)
    return "".join(str(int(sign)) for sign in written if sign.isdecimal())
