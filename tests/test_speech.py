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

    assert ("".join(told), speech.ended) == ("Yes.\nUsually.", "stop")


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


def test_thoughts_are_counted() -> None:
    speech = Speech((), thinking=True)

    pieces(speech, b"Hm", b"m.", b"</think>", b"\n", b"Four", b".")

    assert speech.thought == 2


def test_a_model_that_thinks_too_long_is_made_to_answer() -> None:
    speech = Speech((), thoughts=3)

    told = [(speech.add(piece), speech.hurried()) for piece in (b"<think>", b"Wait", b", so", b"Four", b".")]

    assert told == [("", ""), ("", ""), ("", "\n</think>\n\n"), ("Four", ""), (".", "")]


def test_what_is_said_for_ever_ends_and_most_of_it_is_not_shown() -> None:
    speech, told = Speech(()), list[str]()
    round_of_words = [b"The", b" lamp", b" is", b" on", b" the", b" table", b" again", b" now", b".", b" "]

    for count in range(1000):
        told.append(speech.add(round_of_words[count % len(round_of_words)]))
        if speech.stopped:
            break

    assert speech.ended == "loop"
    assert count < 60
    assert "".join([*told, speech.rest()]).count("The lamp is") == 2


def test_a_thought_that_goes_in_circles_ends_too() -> None:
    speech = Speech((), thinking=True)

    told = [speech.add(b"Wait. ") for _ in range(100)]

    assert ("".join(told), speech.ended) == ("", "loop")


def test_a_refrain_and_a_table_are_no_circles() -> None:
    refrain = "Row, row, row your boat, gently down the stream. " * 3
    table = "| a | b |\n|---|---|\n" + "".join(f"| {number} | {number * number} |\n" for number in range(30))
    text = f"{refrain}\n{'=' * 30}\n{table}"
    speech = Speech(())

    told = pieces(speech, *(text[at : at + 4].encode() for at in range(0, len(text), 4)))

    assert ("".join(told), speech.ended) == (text, None)


def test_what_was_held_back_in_doubt_is_shown_when_it_ends_after_all() -> None:
    told = pieces(Speech(()), *[b"no", b" "] * 8)

    assert "".join(told) == "no " * 8
