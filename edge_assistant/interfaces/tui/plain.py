"""The chat line by line: nothing moves, nothing is drawn twice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing, suppress

from edge_assistant import explain
from edge_assistant.errors import EdgeAssistantError
from edge_assistant.interfaces.tui.answering import Ring
from edge_assistant.interfaces.tui.backroom import Backroom
from edge_assistant.interfaces.tui.wording import Wording
from edge_assistant.safe_text import safe_text, writable_text
from edge_assistant.types import Answer, Manner, Restart, Token


def talk(backroom: Backroom, words: Wording, manner: Manner, read: Callable[[str], str] = input) -> None:
    """Read questions from the terminal and print the answers, until the user leaves."""
    with suppress(ImportError):
        import readline  # noqa: F401 (gives input() editing and a history)
    _print("\n".join([words.welcome, *(f"  {example}" for example in words.examples), words.plain_help]))
    backroom.listen(_ring)
    last: Answer | None = None
    while (question := _read(read)) is not None:
        if question == "/why":
            _print(explain.in_words(explain.receipt(last)) if last else words.no_receipt)
        elif question:
            last = _answer(backroom, question, words, manner) or last


def _read(read: Callable[[str], str]) -> str | None:
    """Return the next question, or None when the user leaves."""
    try:
        line = read("> ")
    except (EOFError, KeyboardInterrupt):
        _print("")
        return None
    return safe_text(writable_text(line)).strip()


def _answer(backroom: Backroom, question: str, words: Wording, manner: Manner) -> Answer | None:
    answer = None
    try:
        with closing(backroom.events(question, manner)) as events:
            for event in events:
                if isinstance(event, Token):
                    _print(event.text, end="")
                elif isinstance(event, Restart):
                    _print(f"\n{words.restarted}")
                elif isinstance(event, Answer):
                    answer = event
                    _print(f"\n[{words.tiers[event.tier]} · {words.facts(event)}]")
    except KeyboardInterrupt:
        _print(f"\n{words.stopped}")
    except EdgeAssistantError as error:
        _print(words.failed(error))
    return answer


def _ring(ring: Ring) -> None:
    _print(f"\n{ring.sentence}", bell=True)


def _print(text: str, end: str = "\n", bell: bool = False) -> None:
    sys.stdout.write("\a" * bell + safe_text(text) + end)
    sys.stdout.flush()
