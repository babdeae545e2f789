"""Which language a text is in, and which ones this assistant speaks."""

from __future__ import annotations

import re
from typing import Final

from edge_assistant.errors import InputError

LANGUAGES: Final = ("en", "zh")
"""The languages with rules, replies and prompts of their own."""

IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD: Final = re.compile(r"[^\W\d_\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def detect(text: str) -> str:
    """Return the language a text is written in: Chinese where ideographs carry it, else English.

    A Chinese sentence with foreign names in it has at least as many ideographs as foreign words:
    "打开 kitchen light" is Chinese, "what does 你好 mean" is English.
    """
    ideographs = len(IDEOGRAPH.findall(text))
    return "zh" if ideographs and ideographs >= len(_WORD.findall(text)) else "en"


def supported(language: str) -> str:
    """Return the language of a tag like ``zh-CN``; raises `InputError` for one we do not speak."""
    primary = re.split(r"[-_]", language.strip().lower())[0]
    if primary not in LANGUAGES:
        raise InputError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    return primary
