"""Every error this package raises on purpose.

* EdgeAssistantError
  - InputError        what was handed in cannot be used (a question, a file, a name)
  - ConfigError       the configuration or a rule file cannot be used
  - StorageError      something could not be kept: no space, read-only, damaged
    - Damaged         a database cannot be read any more
  - DownloadError     a model file could not be fetched or is not what was promised
  - ActionError       a rule matched, but the world did not do as it was told
    - NotSent         the command never left, and never will
  - TierError         one tier is broken; the engine moves on to the next
    - PromptTooLong   a model's context cannot hold what it was given
    - ModelDied       the process of a model on this device is dead, and how it died
    - MissingExtra    an optional dependency is not installed
    - EndpointError   a chat endpoint on a network failed, and how
  - Unanswered        every tier declined, was skipped or failed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from edge_assistant.types import Attempt

Fault: TypeAlias = Literal[
    "unreachable",  # no connection: name, route, refusal, certificate, reset
    "timeout",  # connected, but no word came in time
    "portal",  # the network wants a sign-in first
    "key",  # 401, 403
    "credit",  # 402
    "limited",  # 429
    "server",  # 5xx
    "unknown",  # 404: no such model or path there
    "refused",  # 400, 413, 422: this request would be refused again
    "too_long",  # the prompt does not fit its context
    "filtered",  # a content filter said no
    "broken",  # the answer began, or should have, and is no whole answer
]
"""How a chat endpoint failed, for whoever decides what to try next."""


class EdgeAssistantError(Exception):
    """Base class: catch this to catch everything we raise on purpose."""


class InputError(EdgeAssistantError):
    """What was handed in cannot be used."""


class ConfigError(EdgeAssistantError):
    """The configuration or a rule file cannot be used."""


class StorageError(EdgeAssistantError):
    """Something could not be kept."""


class Damaged(StorageError):
    """A database cannot be read any more."""


class DownloadError(EdgeAssistantError):
    """A file could not be fetched, or is not what was promised."""


class ActionError(EdgeAssistantError):
    """A rule matched, but the world did not do as it was told."""


class NotSent(ActionError):
    """A command never left, and nothing keeps it to be sent later."""


class TierError(EdgeAssistantError):
    """One tier could not do its work; the engine moves on to the next."""


class PromptTooLong(TierError):
    """What a model was given leaves no room for an answer."""

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(f"the question needs {tokens:,} tokens, and the model sees {context:,} at once")
        self.tokens = tokens
        self.context = context


Death: TypeAlias = Literal["crashed", "silent", "killed"]
"""`killed`: from outside, by somebody or for want of memory."""


class ModelDied(TierError):
    """The process of a model on this device is dead."""

    def __init__(self, how: str, cause: Death) -> None:
        super().__init__(f"the local model {how}")
        self.cause: Death = cause


class MissingExtra(TierError):
    """A library that this needs is not installed."""

    def __init__(self, package: str, missing: str | None) -> None:
        super().__init__(f"{missing or package} is not installed: pip install '{package}'")
        self.package = package


class EndpointError(TierError):
    """A chat endpoint on a network failed; `fault` says how, `retry_after` when it wants to be asked again."""

    def __init__(self, message: str, fault: Fault, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.fault: Fault = fault
        self.retry_after = retry_after


class Unanswered(EdgeAssistantError):
    """Every tier declined, was skipped or failed."""

    def __init__(self, trace: Sequence[Attempt]) -> None:
        super().__init__("no tier answered: " + "; ".join(f"{a.tier} {a.outcome} ({a.reason})" for a in trace))
        self.trace = tuple(trace)
