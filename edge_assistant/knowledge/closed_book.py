"""Questions that a model can only answer out of its own memory: which ones, and what speaks for the answer."""

from __future__ import annotations

import re
from typing import Final

from edge_assistant.knowledge.answered import fit, promise
from edge_assistant.knowledge.asked import wanted
from edge_assistant.knowledge.sentences import sentences

_KNOWN: Final = frozenset(("time", "number", "person", "place", "thing"))
"""Kinds of things that have short answers; why and how something is take a talk."""
_PERSONAL: Final = re.compile(
    r"\b(my|mine|me|we|our|you(?! (call|say|spell))|your|yours|should)\b"
    r"|\b(do|did|can|could|may|might|must|am|will|would) i\b"
    r"|\bi (am|was|have|need|want|like|do|did|can|said|told)\b|[我你您咱]",
    re.IGNORECASE,
)
"""Talk between two, and advice: there is nothing in the world that could make an answer right or wrong."""
_UNKNOWING: Final = re.compile(
    r"\b(i|we) (do not|don['’]t|cannot|can['’]t|am unable|am not able|am not sure|have no)\b|\bi['’]m (sorry|not)\b"
    r"|\b(as|am|i['’]m) an ai\b|\bthere is no (information|record)\b|\bunknown\b"
    r"|我(不|无法|没有|并不)|(不|未)知道|不清楚|无法(回答|确定|提供)|抱歉|对不起|没有相关",
    re.IGNORECASE,
)


def is_fact(question: str) -> bool:
    """Return whether a thing of the world is asked for that has a short answer: a name, a year, a number."""
    return wanted(question) in _KNOWN and not _PERSONAL.search(question)


def knows_nothing(answer: str) -> bool:
    """Return whether an answer says that it is none."""
    return not answer.strip() or _UNKNOWING.search(answer) is not None


def finished(answer: str) -> str:
    """Return an answer that was cut off up to the end of its last whole sentence, if it has one."""
    whole = sentences(answer)
    return " ".join(whole[:-1]) if len(whole) > 1 else answer.strip()


def remembered(question: str, answer: str) -> dict[str, float]:
    """Return what speaks for an answer of which there is nothing to read: its kind, its length, its words."""
    return {**promise(question, ()), **fit(question, answer, ())}
