"""Sees that a model goes round in circles: the same tokens in the same order, again and again."""

from __future__ import annotations

from collections import deque
from typing import Final

LONGEST: Final = 128
"""Tokens of the longest circle that is seen."""
_TIMES: Final = 3
"""Rounds after the first that close a circle, and at least so many tokens; a refrain comes back, but not at once."""
_TOKENS: Final = 40
_DOUBT: Final = 8
"""Tokens said again, and at least a whole round, from which on it is doubtful that anything new comes."""


class Circles:
    """Counts for every distance how many of the last tokens were the same so far back; 10 µs a token."""

    def __init__(self) -> None:
        self._last: deque[bytes] = deque(maxlen=LONGEST)
        self._same = [0] * LONGEST
        self.begun = False
        """The last tokens were all said before, in this order."""
        self.closed = False

    def add(self, token: bytes) -> None:
        """Note one more token."""
        same = self._same
        self.begun = False
        for back, before in enumerate(self._last):  # the latest first
            if before != token:
                same[back] = 0
                continue
            count = same[back] = same[back] + 1
            self.begun |= count >= max(back + 1, _DOUBT)
            self.closed |= count >= max(_TIMES * (back + 1), _TOKENS)
        self._last.appendleft(token)
