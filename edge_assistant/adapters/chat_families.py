"""How the families of models are spoken to: what stands around each turn of a conversation.

Sources: the chat templates that the makers publish with their models; llama.cpp writes the same (tested).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

Turn: TypeAlias = "Mapping[str, str]"
"""A ``role`` (system, user or assistant) and its ``content``."""


@dataclass(frozen=True, slots=True)
class Family:
    """What stands before and after a turn of each role; without a pair of its own, a system's turn opens the user's."""

    name: str
    marks: tuple[str, ...]
    """The tokens by which a vocabulary shows that it belongs here: all of them are in it."""
    user: tuple[str, str]
    assistant: tuple[str, str]
    system: tuple[str, str] | None
    opening: str = ""
    answer: str | None = None
    """What the answer begins after, where it is not what stands before every turn of the assistant."""

    def written(self, messages: Sequence[Turn]) -> str:
        """Return a conversation up to where the answer begins."""
        around = {"user": self.user, "assistant": self.assistant, "system": self.system or self.user}
        turns = ((around[turn["role"]], turn["content"].strip()) for turn in self._own(messages))
        said = "".join(f"{before}{text}{after}" for (before, after), text in turns)
        return self.opening + said + (self.assistant[0] if self.answer is None else self.answer)

    def _own(self, messages: Sequence[Turn]) -> Sequence[Turn]:
        """Put what a system says in front of the user's first turn, where systems have no turns."""
        alike = [turn["role"] for turn in messages[:2]] == ["system", "user"]
        if self.system is not None or not alike:
            return messages
        text = f"{messages[0]['content'].strip()}\n\n{messages[1]['content'].strip()}"
        return [{"role": "user", "content": text}, *messages[2:]]


def _spoken(before: str, after: str) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    user, assistant, system = ((before.format(role), after) for role in ("user", "assistant", "system"))
    return user, assistant, system


_CHATML: Final = _spoken("<|im_start|>{}\n", "<|im_end|>\n")
FAMILIES: Final = (
    Family("phi4", ("<|im_sep|>",), *_spoken("<|im_start|>{}<|im_sep|>", "<|im_end|>")),
    Family("qwen3", ("<|im_start|>", "<think>"), *_CHATML, answer="<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    Family("chatml", ("<|im_start|>",), *_CHATML),
    Family(
        "llama3",
        ("<|start_header_id|>",),
        *_spoken("<|start_header_id|>{}<|end_header_id|>\n\n", "<|eot_id|>"),
        opening="<|begin_of_text|>",
    ),
    Family(
        "gemma",
        ("<start_of_turn>",),
        ("<start_of_turn>user\n", "<end_of_turn>\n"),
        ("<start_of_turn>model\n", "<end_of_turn>\n"),
        None,
        opening="<bos>",
    ),
    Family("phi3", ("<|user|>", "<|end|>"), *_spoken("<|{}|>", "<|end|>")),
    Family(
        "deepseek-r1",
        ("<｜User｜>", "<｜Assistant｜>"),
        ("<｜User｜>", ""),
        ("<｜Assistant｜>", "<｜end▁of▁sentence｜>"),
        ("", ""),
        opening="<｜begin▁of▁sentence｜>",
        answer="<｜Assistant｜><think>\n",
    ),
    Family("mistral", ("[INST]", "[/INST]"), ("[INST] ", " [/INST]"), (" ", "</s>"), None, opening="<s>", answer=""),
)
"""The first whose marks a vocabulary has is the one that it belongs to."""
