"""The receipt of an answer, as JSON and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypedDict

from edge_assistant.types import Action, Answer, Attempt, Passage, Slot

UNSURE: Final = 0.5
"""Below this probability of being right an answer is not shown without a word about it."""
_BROKE_OFF: Final[Mapping[str, str]] = {
    "en": "(the answer broke off before its end)",
    "zh": "（回答没有说完就中断了）",
}
_NOT_SURE: Final[Mapping[str, str]] = {
    "en": "(not sure: about {right:.0%} of such answers are right; edge-assistant why {id})",
    "zh": "（不太确定：这类回答大约 {right:.0%} 是对的；依据见 edge-assistant why {id}）",
}
_FROM: Final[Mapping[str, str]] = {"en": "(from {sources})", "zh": "（出自 {sources}）"}


class SourceRecord(TypedDict):
    source: str
    score: float
    text: str


class ActionRecord(TypedDict):
    action: str
    target: str
    slots: dict[str, Slot]
    status: str


class AttemptRecord(TypedDict):
    tier: str
    outcome: str
    reason: str
    confidence: float | None
    seconds: float


class Receipt(TypedDict):
    """What ``ask --json`` prints and the history keeps; see docs/design.md."""

    id: str
    text: str
    tier: str
    confidence: float
    complete: bool
    language: str
    sources: list[SourceRecord]
    actions: list[ActionRecord]
    trace: list[AttemptRecord]
    seconds: float


def receipt(answer: Answer) -> Receipt:
    """Return an answer as plain data."""
    return {
        "id": answer.id,
        "text": answer.text,
        "tier": answer.tier,
        "confidence": round(answer.confidence, 4),
        "complete": answer.complete,
        "language": answer.language,
        "sources": [_source(passage) for passage in answer.sources],
        "actions": [_action(action) for action in answer.actions],
        "trace": [_attempt(attempt) for attempt in answer.trace],
        "seconds": round(answer.seconds, 6),
    }


def notes(answer: Answer) -> tuple[str, ...]:
    """Return what belongs under an answer, in its language: where it stands, that it broke off or is not sure."""
    sources = ", ".join(dict.fromkeys(passage.source for passage in answer.sources))
    told = [_FROM[answer.language].format(sources=sources)] if sources else []
    if not answer.complete:
        told.append(_BROKE_OFF[answer.language])
    if answer.confidence < UNSURE:
        told.append(_NOT_SURE[answer.language].format(right=answer.confidence, id=answer.id))
    return tuple(told)


def in_words(told: Receipt) -> str:
    """Return a receipt for people: who was asked, what each said, what was used, what left the device."""
    return "\n".join([*map(line, told["trace"]), summary(told)])


def summary(told: Receipt) -> str:
    """Return what follows the trace: the outcome, what was done, what was used, and what left the device."""
    ending = "" if told["complete"] else ", and broke off"
    sure = f"with confidence {told['confidence']:.2f} in {_time(told['seconds'])}"
    lines = [f"answered by {told['tier']} {sure}{ending}, id {told['id']}"]
    lines += [f"action {a['action']} {a['target']}{_slots(a['slots'])}: {a['status']}" for a in told["actions"]]
    lines += [f"source {source['source']} ({source['score']:.2f})" for source in told["sources"]]
    lines.append(_departure(told))
    return "\n".join(lines)


def line(attempt: AttemptRecord) -> str:
    """Return one line of the trace in words."""
    return f"{attempt['tier']:<9} {attempt['outcome']:<8} {attempt['reason']} ({_time(attempt['seconds'])})"


def trace_line(attempt: Attempt) -> str:
    """Return one attempt in words, while it happens."""
    return line(_attempt(attempt))


def _departure(told: Receipt) -> str:
    outcomes = {attempt["outcome"] for attempt in told["trace"] if attempt["tier"] == "cloud"}
    if "answered" in outcomes or told["tier"] == "cloud":
        return "the question was sent to the cloud"
    return "the cloud was asked, so the question may have left" if "failed" in outcomes else "nothing left the device"


def _source(passage: Passage) -> SourceRecord:
    return {"source": passage.source, "score": round(passage.score, 4), "text": passage.text}


def _action(action: Action) -> ActionRecord:
    return {"action": action.action, "target": action.target, "slots": dict(action.slots), "status": action.status}


def _attempt(attempt: Attempt) -> AttemptRecord:
    confidence = None if attempt.confidence is None else round(attempt.confidence, 4)
    return {
        "tier": attempt.tier,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "confidence": confidence,
        "seconds": round(attempt.seconds, 6),
    }


def _slots(slots: dict[str, Slot]) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in slots.items())})" if slots else ""


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
