"""What each tier may see of a query, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from edge_assistant.types import Declined, Query, Tier, TierName

PATIENCE: Mapping[TierName, float] = {"rules": 5.0, "answers": 2.0, "knowledge": 10.0, "device": 60.0, "cloud": 8.0}
"""Seconds until a tier's first word. A cold start is inside: a Raspberry Pi 5 reads a prompt for up to 30 s."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The house rules, applied before a tier is shown a query."""

    share_passages: bool = False
    """Whether pieces of the knowledge base may leave the device, of collections that allow it."""
    reach: Literal["lan", "cloud"] = "cloud"
    """How far away the machines are that are asked outside the device."""
    patience: Mapping[TierName, float] = field(default_factory=lambda: PATIENCE)
    """Seconds until the first word; after that the next tier is asked."""
    stall: float = 15.0
    """Seconds between two words; after that the answer counts as broken off."""
    total: float = 180.0
    """Seconds for a whole answer, where the query sets no deadline of its own."""

    def view(self, tier: Tier, query: Query) -> Query | Declined:
        """Return what this tier may see of the query, or why it may see nothing."""
        if not tier.leaves_device:
            return query
        if query.private:
            return Declined("the question is private")
        if query.local_only:
            return Declined("only local answers are wanted")
        public = tuple(message for message in query.history if not message.private)
        allowed = ("lan", "cloud") if self.reach == "lan" else ("cloud",)
        shared = tuple(passage for passage in query.passages if self.share_passages and passage.share in allowed)
        return replace(query, history=public, passages=shared)
