"""Every error this package raises on purpose.

* EdgeAssistantError
  - InputError        what was handed in cannot be used (a question, a file, a name)
  - ConfigError       the configuration or a rule file cannot be used
  - StorageError      something could not be kept: no space, read-only, damaged
  - DownloadError     a model file could not be fetched or is not what was promised
  - ActionError       a rule matched, but the world did not do as it was told
  - TierError         one tier is broken; the engine moves on to the next
    - MissingExtra    an optional dependency is not installed
  - Unanswered        every tier declined, was skipped or failed
"""

from __future__ import annotations

from collections.abc import Sequence

from edge_assistant.types import Attempt


class EdgeAssistantError(Exception):
    """Base class: catch this to catch everything we raise on purpose."""


class InputError(EdgeAssistantError):
    """What was handed in cannot be used."""


class ConfigError(EdgeAssistantError):
    """The configuration or a rule file cannot be used."""


class StorageError(EdgeAssistantError):
    """Something could not be kept."""


class DownloadError(EdgeAssistantError):
    """A file could not be fetched, or is not what was promised."""


class ActionError(EdgeAssistantError):
    """A rule matched, but the world did not do as it was told."""


class TierError(EdgeAssistantError):
    """One tier could not do its work; the engine moves on to the next."""


class MissingExtra(TierError):
    """A library that this needs is not installed."""

    def __init__(self, package: str, missing: str | None) -> None:
        super().__init__(f"{missing or package} is not installed: pip install '{package}'")
        self.package = package


class Unanswered(EdgeAssistantError):
    """Every tier declined, was skipped or failed."""

    def __init__(self, trace: Sequence[Attempt]) -> None:
        super().__init__("no tier answered: " + "; ".join(f"{a.tier} {a.outcome} ({a.reason})" for a in trace))
        self.trace = tuple(trace)
