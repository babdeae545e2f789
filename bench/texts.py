"""Real text for benches, from what every machine with Python has: the documentation inside its modules."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

_QUOTED: Final = re.compile(r'"""(.+?)"""', re.DOTALL)


def paragraphs(most: int = 80_000) -> list[str]:
    """Return distinct paragraphs of 80 to 900 characters, in an order that is the same on every run."""
    found: dict[str, None] = {}
    for file in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        for paragraph in _of_module(file):
            found.setdefault(paragraph)
        if len(found) >= most:
            break
    return list(found)


def passages(count: int, seed: int = 0) -> Iterator[str]:
    """Yield passages of two paragraphs each, drawn by chance."""
    known, random = paragraphs(), Random(seed)
    for _ in range(count):
        yield f"{random.choice(known)}\n\n{random.choice(known)}"


def questions(count: int, seed: int = 1) -> list[str]:
    """Return questions that ask about a few words of a paragraph, as people do."""
    known, random = paragraphs(), Random(seed)
    asked = []
    for _ in range(count):
        words = random.choice(known).split()
        start = random.randrange(max(1, len(words) - 6))
        asked.append(f"What is said about {' '.join(words[start : start + random.randint(2, 6)])}?")
    return asked


def _of_module(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    for documentation in _QUOTED.findall(text):
        for paragraph in re.split(r"\n\s*\n", documentation):
            plain = " ".join(paragraph.split())
            if 80 <= len(plain) <= 900 and plain.count(" ") > 12:
                yield plain
