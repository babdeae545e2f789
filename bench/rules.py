"""What understanding a command costs by templates: ours with both packs, and plain hassil with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from time import thread_time
from typing import Final

from bench.result import Result, report
from bench.sentences import drawn, full_lists, plain
from edge_assistant.config import shipped
from edge_assistant.devices.home import Home
from edge_assistant.rules import slot_checks
from edge_assistant.rules.files import read_rules
from edge_assistant.rules.packs import PACKS, read_pack
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.skills import CHECKS

SENTENCES: Final = 300
BLOCK: Final = 30
"""Texts after which the other way takes its turn."""
_CHAT: Final = {
    "en": ("why is the sky blue", "tell me something about the history of tea", "i had a long day at work today"),
    "zh": ("天空为什么是蓝色的", "给我讲讲茶的历史", "我今天上班很累"),
}
"""What no template matches: every reading of it is tried."""


def measure(sentences: int) -> list[tuple[str, str, list[float], list[float]]]:
    """Return for each language and kind of text the milliseconds of ours and of hassil, text by text."""
    home = Home.read(shipped("rules") / "home.yaml")
    return [row for language in ("en", "zh") for row in _measured(language, home, sentences)]


def _measured(language: str, home: Home, count: int) -> list[tuple[str, str, list[float], list[float]]]:
    from hassil.recognize import recognize_best

    rules = read_rules(language, [shipped("rules")], {**slot_checks.CHECKS, **CHECKS})
    packs = [found for pack in PACKS.values() if (found := read_pack(pack, language))]
    ours = Rulebook(rules, CHECKS, packs)
    theirs = [plain(pack, full_lists(home, language)) for pack in (rules, *packs)]
    random = Random(7)
    pool = [
        (intents, template.text)
        for intents, pack in zip(theirs, (rules, *packs), strict=True)
        for template in pack.templates
    ]
    said = [next(drawn(intents, random, [text])) for intents, text in random.sample(pool, count)]

    def hassil(text: str) -> None:
        for intents in theirs:
            recognize_best(text, intents, best_slot_name="name", language=language)

    texts = {"commands": said, "chat": [text for text in _CHAT[language] for _ in range(count // 10)]}
    return [
        (language, kind, *_times(lambda text: ours.match(text, home), hassil, each)) for kind, each in texts.items()
    ]


def _times(
    one: Callable[[str], object], other: Callable[[str], object], texts: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Return the milliseconds that two ways compute for each text; they take turns: a busy machine slows both alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for some in (texts[start : start + BLOCK] for start in range(0, len(texts), BLOCK)):
        for way, spent in zip((one, other), times, strict=True):
            for text in some:  # warms up: what is made once is made, and the processor has it at hand
                way(text)
            for text in some:
                started = thread_time()
                way(text)
                spent.append((thread_time() - started) * 1000)
    return times


def at(times: Sequence[float], share: float) -> float:
    """Return the time that this share of the texts does not exceed."""
    return round(sorted(times)[min(len(times) - 1, int(len(times) * share))], 3)


def main(sentences: int = SENTENCES) -> None:
    """Print what a command costs."""
    measured = measure(sentences)
    rows = [
        (language, kind, len(ours), *(at(times, share) for times in (ours, peer) for share in (0.5, 0.99)))
        for language, kind, ours, peer in measured
    ]
    head = ("language", "texts", "number", "ours p50 ms", "ours p99 ms", "hassil p50 ms", "hassil p99 ms")
    commands = [row for row in measured if row[1] == "commands"]
    ours, peer = [time for row in commands for time in row[2]], [time for row in commands for time in row[3]]
    report("Template matching", head, rows, Result("rules", at(ours, 0.5), at(peer, 0.5), "ms per command", "lower"))


if __name__ == "__main__":
    main()
