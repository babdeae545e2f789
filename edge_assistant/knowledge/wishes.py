"""Wishes: texts that are to be made, and need no document unless they are about one."""

from __future__ import annotations

import re
from typing import Final

_WISH: Final = re.compile(
    r"\b(write|compose|draft|rewrite|rephrase|translate|summari[sz]e|invent|imagine|pretend|brainstorm|suggest"
    r"|tell (me|us) (a|an|another|some) |make up|poem|story|joke|haiku|slogan|how are you|chat with me)\b"
    r"|写|编一?个|讲一?个|说一?个笑话|来一?[首个段]|翻译|总结|概括|改写|润色|起.{0,3}名|笑话|故事|作诗|一首|聊聊|你好吗",
    re.IGNORECASE,
)
_ABOUT_DOCUMENTS: Final = re.compile(
    r"\b(summari[sz]e|documents?|manuals?|notes?)\b|总结|概括|文档|手册|资料|笔记", re.IGNORECASE
)
_ASKED: Final = re.compile(
    r"^\W*(who|whose|when|where|which|in (what|which)|how (many|old|long|much))\b"
    r"|^(?!.*(翻译|改写|润色|总结|概括|写[一个首篇段封]|帮|给我|请)).*(谁|哪位|哪一?[年首部本篇]|哪里|何时|什么时候)",
    re.IGNORECASE,
)
"""Who wrote a poem, and when a story plays, are facts: no text is to be made of them."""


def is_wish(text: str) -> bool:
    """Return whether something is to be written, translated or told, or only talked."""
    return _WISH.search(text) is not None and _ASKED.search(text) is None


def is_about_documents(text: str) -> bool:
    """Return whether a wish names the user's documents, or a summary."""
    return _ABOUT_DOCUMENTS.search(text) is not None
