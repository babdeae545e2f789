"""Sentences in documents that are written to an assistant, not to its reader: they are never quoted."""

from __future__ import annotations

import re
from typing import Final

from edge_assistant.knowledge.sentences import sentences

_ADDRESSED: Final = re.compile(
    r"^\W*(?:(?-i:SYSTEM|ASSISTANT|DEVELOPER)|(?:system|assistant|developer) (?:prompt|message|note|instruction)s?)"
    r"\s*[:\]>]"
    r"|\b(?:ignore|disregard|forget|override)\b.{0,24}\b(?:previous|prior|above|earlier|preceding|your)\b.{0,24}"
    r"\b(?:instructions?|prompts?|rules?|messages?|context|guidelines)\b"
    r"|\b(?:tell|inform|assure|convince|answer|reply to|say to) the (?:user|human|person asking)\b"
    r"|\byou are (?:now )?(?:an? |the )?(?:\w+ )?(?:assistant|chatbot|language model|AI|LLM)\b"
    r"|\b(?:AI|language model|assistant|LLM)s? (?:must|should|shall|has to|have to) (?:now )?"
    r"(?:say|answer|reply|respond|call|tell|ignore|output)\b"
    r"|\bcall (?:the )?(?:tool |function |service )?`?[a-z_]+\.[a-z_]+`?"
    r"|^\W*(?:系统提示|系统消息|系统指令|助手)\s*[:：\]】]"
    r"|(?:忽略|无视|忘记|忘掉|不要理会)[^。！？]{0,12}(?:以上|之前|前面|上面|先前|你的)[^。！？]{0,8}"
    r"(?:指令|指示|提示|规则|要求|内容|设定)"
    r"|告诉(?:用户|提问者|使用者)|对用户说|向用户(?:保证|说明)"
    r"|你(?:现在)?是(?:一个|一名)?[^。！？]{0,6}(?:助手|语言模型|人工智能|机器人)"
    r"|调用(?:工具|函数|服务)?\s*[a-z_]+\.[a-z_]+",
    re.IGNORECASE,
)


def for_readers(text: str) -> str:
    """Return a passage without what it says to an assistant: what cannot be obeyed should not be read out either."""
    if not _ADDRESSED.search(text) and not any(_ADDRESSED.search(line) for line in text.splitlines()):
        return text
    return "\n\n".join(filter(None, map(_kept, text.split("\n\n"))))


def _kept(block: str) -> str:
    lines = (" ".join(one for one in sentences(line) if not _ADDRESSED.search(one)) for line in block.splitlines())
    return "\n".join(filter(None, lines))
