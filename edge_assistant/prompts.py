"""How a model is asked: what never changes first, then the conversation, then what was found and the question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_assistant.types import Message, Query

SYSTEM: Final[Mapping[str, str]] = {
    "en": (
        "You are edge-assistant, a helpful assistant that runs on the user's own device. "
        "Answer in English, in a few short sentences. "
        "You cannot switch devices, set timers or look things up, so never say that you did. "
        "If you do not know, say so."
    ),
    "zh": (
        "你是 edge-assistant，在用户自己的设备上运行的助手。请用中文简短回答。"
        "你不能控制设备、设置计时器或上网查询，所以绝不要说你已经做了。如果不知道，就直说。"
    ),
}
"""The fixed prefix, per language: the same in every turn, so that a model's prefix cache holds."""

_GROUNDED: Final[Mapping[str, str]] = {
    "en": (
        "Answer from these passages where they help, and do not contradict them.\n\n{passages}\n\nQuestion: {question}"
    ),
    "zh": "如果下面的资料有帮助，请根据资料回答，不要与资料矛盾。\n\n{passages}\n\n问题：{question}",
}


def messages(query: Query) -> tuple[Message, ...]:
    """Return the conversation to continue, ending with the question and the passages that bear on it."""
    return (Message("system", SYSTEM[query.language]), *query.history, Message("user", _question(query)))


def _question(query: Query) -> str:
    if not query.passages:
        return query.text
    passages = "\n\n".join(f"[{number}] {passage.text}" for number, passage in enumerate(query.passages, 1))
    return _GROUNDED[query.language].format(passages=passages, question=query.text)
