"""What a judge's verdict changes: a finding that was undecided becomes surer, or less so."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge_assistant.calibration import log_odds, shipped
from edge_assistant.errors import ConfigError
from edge_assistant.knowledge.answering import Finding

UNDECIDED: Final = (0.28, 0.92)
"""Probabilities between which a verdict can lift a finding over the threshold of .6 or push it under, as fitted."""


def undecided(finding: Finding) -> bool:
    """Return whether a judge could change what becomes of a finding."""
    return UNDECIDED[0] < finding.confidence < UNDECIDED[1]


def shown(finding: Finding) -> str:
    """Return what a judge reads: the passage under its title."""
    title = finding.found.stored.chunk.title
    return f"{title}\n{finding.found.passage.text}" if title else finding.found.passage.text


def judged(finding: Finding, verdict: float, language: str) -> Finding:
    """Return the finding with the probability that it has in the light of a verdict."""
    try:
        table = shipped("knowledge", f"judged.{language}")
    except ConfigError:
        table = shipped("knowledge", "judged.en")
    return replace(finding, confidence=table.probability(features(finding.confidence, verdict)))


def features(confidence: float, verdict: float) -> dict[str, float]:
    """Return both probabilities as log-odds, which a logistic table can add."""
    return {"cheap": log_odds(confidence), "judge": log_odds(verdict)}
