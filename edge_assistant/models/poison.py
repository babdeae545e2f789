"""Which prompts a model died of, so that none is tried for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

DEADLY: Final = 2
"""Deaths after which a prompt is not tried again."""
REMEMBERED: Final = 256
"""Prompts; the one that did its harm the longest ago is forgotten first."""


class Poison:
    """Prompts are known by their hashes only: nothing that somebody said is kept."""

    def __init__(self) -> None:
        self._deaths: dict[str, int] = {}

    def deadly(self, prompt: str) -> bool:
        return self._deaths.get(prompt, 0) >= DEADLY

    def died(self, prompt: str) -> None:
        """Note that the model died while it had this prompt."""
        self._deaths[prompt] = self._deaths.pop(prompt, 0) + 1
        if len(self._deaths) > REMEMBERED:
            del self._deaths[next(iter(self._deaths))]

    def survived(self, prompt: str) -> None:
        self._deaths.pop(prompt, None)


def fingerprint(request: Mapping[str, object]) -> str:
    """Return what a request is known by: a sha256 of what the model is given, whatever the limits."""
    given = [request["messages"], request.get("choices")]
    return hashlib.sha256(json.dumps(given, ensure_ascii=False).encode(errors="surrogatepass")).hexdigest()
