"""Which language a text is in, and which ones this assistant speaks."""

from __future__ import annotations

import re
from typing import Final

from edge_assistant.errors import InputError

LANGUAGES: Final = ("en", "zh")
"""The languages with rules, replies and prompts of their own."""

IDEOGRAPH: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LETTER: Final = re.compile(r"[^\W\d_]")


def detect(text: str) -> str:
    """Return the language a text is written in: Chinese where ideographs carry it, else English.

    One ideograph holds about as much as half an English word, so a fifth of the letters decides:
    "打开 kitchen light" is Chinese, "what does 你好 mean" is English.
    """
    ideographs = len(IDEOGRAPH.findall(text))
    letters = len(_LETTER.findall(text))
    return "zh" if ideographs and ideographs * 5 >= letters else "en"


def supported(language: str) -> str:
    """Return the language of a tag like ``zh-CN``; raises `InputError` for one we do not speak."""
    primary = re.split(r"[-_]", language.strip().lower())[0]
    if primary not in LANGUAGES:
        raise InputError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    return primary
