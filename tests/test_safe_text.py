from __future__ import annotations

import random

import pytest

from edge_assistant.safe_text import safe_text, writable_text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b]52;c;ZXZpbA==\x07copied", "]52;c;ZXZpbA==copied"),
        ("\x1b[2Jgone", "[2Jgone"),
        ("\x9b31mred", "31mred"),
        ("safe\u202eevil", "safeevil"),
        ("tag\U000e0041s", "tags"),
        ("灯开了 👩\u200d🚒", "灯开了 👩\u200d🚒"),
    ],
)
def test_nothing_shown_commands_the_terminal(given: str, shown: str) -> None:
    assert safe_text(given) == shown


def test_pieces_may_be_cut_anywhere() -> None:
    chooser = random.Random(7)
    text = "".join(chr(chooser.choice((*range(0xA0), *range(0x2000, 0x2070), 0x4E00))) for _ in range(5_000))

    assert "".join(map(safe_text, text)) == safe_text(text)
    assert not any(ord(character) < 0x20 and character not in "\t\n" for character in safe_text(text))


def test_what_cannot_be_written_becomes_a_question_mark() -> None:
    assert writable_text("灯 👩 caf\udce9") == "灯 👩 caf?"
