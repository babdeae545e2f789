"""Tier 5: a large model on another machine, asked only when nobody at home is sure."""

from __future__ import annotations

from typing import Final

from edge_assistant import prompts
from edge_assistant.network.endpoints import Failover
from edge_assistant.types import Declined, Limits, Query, Reply, TierName

CONFIDENCE: Final = 0.85
"""The probability that a large hosted model is right: an estimate until one is fitted on its answers."""


class CloudTier:
    """Hands the question, and what the policy left of it, to an endpoint. No endpoints: the cloud is off."""

    name: TierName = "cloud"
    leaves_device = True

    def __init__(
        self, endpoints: Failover | None, limits: Limits | None = None, confidence: float = CONFIDENCE
    ) -> None:
        self._endpoints = endpoints
        self._limits = limits or Limits(max_tokens=1024)
        self._confidence = confidence

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query if an endpoint may be asked now; nothing is sent before the first word is wanted."""
        if self._endpoints is None:
            return Declined("the cloud is not configured")
        if (reason := self._endpoints.resting()) is not None:
            return Declined(reason)
        words = self._endpoints.stream(prompts.messages(query), self._limits)
        return Reply(words, f"asks {self._endpoints.name}", self._confidence, query.passages)
