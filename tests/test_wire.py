"""The chat format: what is asked, what is understood, and what is not."""

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from edge_assistant import wire
from edge_assistant.errors import EndpointError
from edge_assistant.types import Limits, Message

GOLDEN = Path(__file__).parent / "golden"
WHOLE = {
    "deepseek_keep_alive.sse": "Rain taps the glass.",
    "vllm_null_choices.sse": "Rain taps the glass.",
    "reasoning.sse": "42",
    "no_done.sse": "Rain taps the glass.",
    "carriage_returns.sse": "雨点轻敲玻璃。",
    "malformed_once.sse": "Rain taps the glass.",
}


def read(reader: wire.Reader, *chunks: bytes) -> str:
    deltas = [delta for chunk in chunks for delta in reader.feed(chunk)]
    return "".join(delta.text for delta in (*deltas, *reader.close()))


def frame(**fields: object) -> bytes:
    return f"data: {json.dumps(fields)}\n\n".encode()


@pytest.mark.parametrize(("name", "text"), WHOLE.items())
def test_a_stream_is_understood_wherever_it_is_cut(name: str, text: str) -> None:
    stream = (GOLDEN / name).read_bytes()

    whole = read(wire.StreamReader(), stream)
    bytewise = read(wire.StreamReader(), *(stream[index : index + 1] for index in range(len(stream))))

    assert (whole, bytewise) == (text, text)


def test_thoughts_are_kept_apart_from_the_answer() -> None:
    stream = (GOLDEN / "reasoning.sse").read_bytes()

    deltas = wire.StreamReader().feed(stream)

    assert "".join(delta.reasoning for delta in deltas) == "Six times seven."
    assert "".join(delta.text for delta in deltas) == "42"


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"data: [DONE]\n\n",
        frame(choices=[{"delta": {"content": "Rain"}, "finish_reason": None}]),
        frame(choices=[{"delta": {"content": "Rain"}}]) + b"data: [DONE]\n\n",
        frame(choices=[{"delta": {"content": "Rain"}}]) + b'data: {"choices": [{"delta": {}, "finish_rea',
    ],
)
def test_an_answer_without_a_reason_to_end_is_not_whole(stream: bytes) -> None:
    with pytest.raises(EndpointError, match="broke off before the end") as caught:
        read(wire.StreamReader(), stream)

    assert caught.value.fault == "broken"


@pytest.mark.parametrize(
    "payload",
    [
        b"{oops",
        b"[1]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"choices": 7}',
        b'{"choices": [7]}',
        b'{"choices": [{"delta": "text"}]}',
        b'{"choices": [{"delta": {"content": 7}}]}',
    ],
)
def test_three_unreadable_events_are_skipped_and_the_fourth_is_too_many(payload: bytes) -> None:
    unreadable = b"data: " + payload + b"\n\n"
    end = frame(choices=[{"delta": {"content": "Rain"}, "finish_reason": "stop"}])

    assert read(wire.StreamReader(), unreadable * 3 + end) == "Rain"
    with pytest.raises(EndpointError, match="4 unreadable events"):
        read(wire.StreamReader(), unreadable * 4 + end)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    half = b'data: {"choices": [{"delta": {"content": "Rain \\ud83d"}, "finish_reason": "stop"}]}\n\n'

    assert read(wire.StreamReader(), half) == "Rain ?"


def test_what_follows_the_end_of_an_answer_is_not_part_of_it() -> None:
    end = frame(choices=[{"delta": {"content": "Rain"}, "finish_reason": "stop"}])
    more = frame(choices=[{"delta": {"content": " and snow"}, "finish_reason": None}])

    assert read(wire.StreamReader(), end + more) == "Rain"


def test_a_line_and_an_answer_have_a_largest_size() -> None:
    with pytest.raises(EndpointError, match="a line of more than 10 bytes"):
        wire.StreamReader(line_limit=10).feed(b"data: aaaaaaaaaaaa")
    with pytest.raises(EndpointError, match="more than 100 bytes"):
        wire.StreamReader(total_limit=100).feed(b": ping\n" * 20)
    with pytest.raises(EndpointError, match="more than 10 bytes"):
        wire.CompletionReader(total_limit=10).feed(b" " * 11)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ({"error": {"message": "the engine died"}}, "server"),
        ({"error": "the engine died"}, "server"),
        ({"error": {"code": 429, "message": "slow down"}}, "limited"),
        ({"error": {"code": "503", "message": "later"}}, "server"),
        ({"choices": [{"delta": {}, "finish_reason": "content_filter"}]}, "filtered"),
        ({"choices": [{"delta": {}, "finish_reason": "insufficient_system_resource"}]}, "broken"),
    ],
)
def test_an_error_within_a_stream_ends_it(event: dict[str, object], fault: str) -> None:
    with pytest.raises(EndpointError) as caught:
        wire.StreamReader().feed(frame(**event))

    assert caught.value.fault == fault


def test_an_answer_may_come_in_one_piece_after_empty_lines() -> None:
    message = {"role": "assistant", "content": "Rain taps the glass."}
    body = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()

    assert read(wire.CompletionReader(), b"\n\n", body[:20], body[20:]) == "Rain taps the glass."
    for broken in (b"", b"{", b"[]", b'{"choices": [{"message": {"content": "Rain"}}]}'):
        with pytest.raises(EndpointError):
            read(wire.CompletionReader(), broken)


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({"content-type": "text/html; charset=utf-8"}, "portal"),
        ({"content-type": "text/plain"}, "broken"),
        ({}, "broken"),
        ({"content-type": "text/event-stream", "content-encoding": "gzip"}, "broken"),
    ],
)
def test_what_is_not_in_the_chat_format_is_not_read(headers: dict[str, str], fault: str) -> None:
    with pytest.raises(EndpointError) as caught:
        wire.reader(headers)

    assert caught.value.fault == fault


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (302, {}, "portal"),
        (400, {"code": "context_length_exceeded", "message": "too long"}, "too_long"),
        (400, {"code": "content_filter"}, "filtered"),
        (400, {"message": "Content Exists Risk", "type": "invalid_request_error"}, "filtered"),
        (401, {}, "key"),
        (402, {}, "credit"),
        (403, {}, "key"),
        (404, {}, "unknown"),
        (413, {}, "refused"),
        (422, {}, "refused"),
        (429, {}, "limited"),
        (429, {"code": "insufficient_quota"}, "credit"),
        (500, {}, "server"),
        (503, {}, "server"),
        (511, {}, "portal"),
    ],
)
def test_each_refusal_says_what_kind_it_is(status: int, error: dict[str, str], fault: str) -> None:
    failure = wire.failure(status, {}, json.dumps({"error": error}).encode())

    assert failure.fault == fault


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 7}', b"\xff", b'{"error": {"message": 7}}'])
def test_a_refusal_without_a_readable_reason_is_still_a_refusal(body: bytes) -> None:
    assert str(wire.failure(400, {}, body)) == "refused the request (HTTP 400)"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("2", 2.0),
        ("0.5", 0.5),
        ("-5", 0.0),
        ("1e9", 3600.0),
        ("inf", 3600.0),
        ("Sun, 22 Nov 2026 13:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 12:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2027 12:00:00 -0000", 3600.0),
    ],
)
def test_a_pause_is_between_nothing_and_an_hour(value: str | None, seconds: float | None) -> None:
    now = datetime(2026, 11, 22, 13, 0, tzinfo=timezone.utc)

    assert wire.retry_after(value, now) == seconds


def test_a_request_says_what_to_continue_and_for_how_long() -> None:
    messages = (Message("system", "请用中文回答。"), Message("user", "下雨了吗？ \ud800", private=True))

    body = wire.request("deepseek-chat", messages, Limits(64, 0.2, ("\n\n",), 7))

    assert "请用中文回答".encode() in body
    assert json.loads(body) == {
        "model": "deepseek-chat",
        "messages": [{"role": "system", "content": "请用中文回答。"}, {"role": "user", "content": "下雨了吗？ ?"}],
        "stream": True,
        "max_tokens": 64,
        "temperature": 0.2,
        "stop": ["\n\n"],
        "seed": 7,
    }


def test_what_is_written_is_what_other_clients_read() -> None:
    frames = wire.Frames("chatcmpl-7", 1_764_000_000, "auto")

    written = b"".join((frames.opening(), frames.word("雨点"), frames.word(" taps."), frames.closing()))

    assert written == (GOLDEN / "written.sse").read_bytes()
    assert read(wire.StreamReader(), written) == "雨点 taps."


def test_an_error_that_is_written_ends_the_answer_visibly() -> None:
    frames = wire.Frames("chatcmpl-7", 1_764_000_000, "auto")

    with pytest.raises(EndpointError, match="reports an error in place of an answer: the model stopped"):
        read(wire.StreamReader(), frames.opening(), frames.word("Rain"), frames.error("the model stopped"))
