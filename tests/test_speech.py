"""From the bytes of tokens to words that can be shown."""

from __future__ import annotations

import pytest

from edge_assistant.adapters.speech import Speech


def pieces(speech: Speech, *parts: bytes) -> list[str]:
    return [*map(speech.add, parts), speech.rest()]


def test_a_character_that_spans_tokens_comes_out_whole() -> None:
    moon = "月😀".encode()

    told = pieces(Speech(()), *(moon[at : at + 1] for at in range(len(moon))))

    assert [text for text in told if text] == ["月", "😀"]


def test_nothing_from_a_stop_sequence_on_is_shown() -> None:
    speech = Speech(("\nUser:",))

    told = pieces(speech, b"Yes.", b"\nUs", b"ual", b"ly.\nUser", b": more")

    assert ("".join(told), speech.stopped) == ("Yes.\nUsually.", True)


def test_the_beginning_of_a_stop_sequence_is_shown_when_no_more_comes() -> None:
    assert "".join(pieces(Speech(("\nUser:",)), b"Yes.", b"\nUse")) == "Yes.\nUse"


@pytest.mark.parametrize("thinking", [True, False])
def test_thoughts_are_not_shown(thinking: bool) -> None:
    parts = (b"" if thinking else b"<th", b"ink>", b"Hmm. \n" * 3, b"</thi", b"nk>\n\n", b"Four", b" <think> it is.")

    told = pieces(Speech((), thinking=thinking), *(parts if not thinking else parts[2:]))

    assert "".join(told) == "Four <think> it is."


@pytest.mark.parametrize("answer", ["<b>bold</b>", "<thinking is fun", "  < 3"])
def test_an_answer_that_looks_like_a_thought_is_shown(answer: str) -> None:
    told = pieces(Speech(()), *(answer[at : at + 2].encode() for at in range(0, len(answer), 2)))

    assert "".join(told) == answer.lstrip()
