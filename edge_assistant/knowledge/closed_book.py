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
_OWN: Final = re.compile(r"\b(my|mine|our)\b|\b(did|do|am|was|were|have|had) (i|we)\b|[我咱]", re.IGNORECASE)
_ADVICE: Final = re.compile(r"\b(should|can|could|would|must|you|your)\b|[你您该能]", re.IGNORECASE)
_POLITE: Final = re.compile(
    r"^\W*((please|hey|hello|hi|ok|so|and|well)\W+)*((can|could|would|will) you (please )?)?(do you (happen to )?know\b"
    r"|(tell|remind) me\b|(i wonder|i (want|would like|['’]d like) to know)\b|say\b)?\W*"
    r"|^(你好|请|麻烦)*[，,]?(问(一下)?|(你|您)?(知道|晓得|清楚)|(你|您)?(能|可以)?(告诉|说说)我?|我想(知道|问))[：:，,]?",
    re.IGNORECASE,
)
"""What people put before a question; it makes none of them personal."""
_DEFINITION: Final = re.compile(
    r"^(?!.*\b(called|known as|named)\b)\W*what (is|are) (an? )?(?!(the|my|your|our|this|that)\b)[^\d'’]+$"
    r"|^\W*(什么(是|叫)|[^的最\d]+(是什么|是啥)(意思)?[?？]?$)",
    re.IGNORECASE,
)
"""What something is takes a talk too, unless it is what something has: a capital, a symbol, a price."""
_UNKNOWING: Final = re.compile(
    r"\b(i|we) (do not|don['’]t|cannot|can['’]t|am unable|am not able|am not sure|have no)\b|\bi['’]m (sorry|not)\b"
    r"|\b(as|am|i['’]m) an ai\b|\bthere is no (information|record)\b|\bunknown\b"
    r"|我(不|无法|没有|并不)|(不|未)知道|不清楚|无法(回答|确定|提供)|抱歉|对不起|没有相关",
    re.IGNORECASE,
)


def is_fact(question: str) -> bool:
    """Return whether a thing of the world is asked for that has a short answer: a name, a year, a number."""
    plain = _POLITE.sub("", question)
    asked = wanted(question) in _KNOWN and not _PERSONAL.search(plain)
    return asked and not _DEFINITION.search(plain)


def is_own(question: str) -> bool:
    """Return whether a name, a place, a year or a number is asked for that only the user can know."""
    plain = _POLITE.sub("", question)
    asked = wanted(question) in _KNOWN - {"thing"}
    return asked and _OWN.search(plain) is not None and not _ADVICE.search(plain)


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
