from __future__ import annotations

import json
from dataclasses import replace

from edge_assistant.explain import in_words, notes, receipt, trace_line
from edge_assistant.types import Action, Answer, Attempt, Passage

ANSWER = Answer(
    text="The kitchen light is on.",
    tier="rules",
    confidence=1.0,
    sources=(Passage("Press reset.", "router.md#reset", 0.91234),),
    actions=(Action("turn_on", "light.kitchen", {"brightness": 40}),),
    trace=(Attempt("rules", "answered", "intent HassTurnOn", 1.0, 0.0031),),
    seconds=0.0042,
    id="ab12cd34",
)


def test_a_receipt_has_the_stable_form() -> None:
    assert json.loads(json.dumps(receipt(ANSWER))) == {
        "id": "ab12cd34",
        "text": "The kitchen light is on.",
        "tier": "rules",
        "confidence": 1.0,
        "complete": True,
        "language": "en",
        "sources": [{"source": "router.md#reset", "score": 0.9123, "text": "Press reset."}],
        "actions": [{"action": "turn_on", "target": "light.kitchen", "slots": {"brightness": 40}, "status": "done"}],
        "trace": [
            {
                "tier": "rules",
                "outcome": "answered",
                "reason": "intent HassTurnOn",
                "confidence": 1.0,
                "seconds": 0.0031,
            }
        ],
        "seconds": 0.0042,
    }


def test_a_receipt_reads_well_aloud() -> None:
    assert in_words(receipt(ANSWER)).splitlines() == [
        "rules     answered intent HassTurnOn (3 ms)",
        "answered by rules with confidence 1.00 in 4 ms, id ab12cd34",
        "action turn_on light.kitchen (brightness 40): done",
        "source router.md#reset (0.91)",
        "nothing left the device",
    ]


def test_a_receipt_says_that_the_question_left_and_the_answer_broke_off() -> None:
    trace = (Attempt("cloud", "failed", "broke off: reset", 0.9, 2.0),)

    words = in_words(receipt(Answer("Well,", "cloud", 0.9, trace=trace, complete=False)))

    assert "and broke off" in words
    assert words.endswith("the question was sent to the cloud")


def test_a_cloud_that_failed_may_have_heard_the_question() -> None:
    trace = (Attempt("cloud", "failed", "no word within 8 s"), Attempt("device", "answered", "the best draft", 0.2))

    words = in_words(receipt(Answer("Perhaps.", "device", 0.2, trace=trace)))

    assert words.endswith("the cloud was asked, so the question may have left")


def test_an_attempt_is_told_while_it_happens() -> None:
    assert trace_line(Attempt("cloud", "skipped", "the question is private")) == (
        "cloud     skipped  the question is private (0 ms)"
    )


def test_a_sure_answer_is_noted_with_its_source_only() -> None:
    assert notes(ANSWER) == ("(from router.md#reset)",)


def test_an_unsure_and_broken_answer_says_so_in_its_language() -> None:
    english = replace(ANSWER, confidence=0.1, complete=False, sources=())
    chinese = replace(english, language="zh")

    in_english, in_chinese = notes(english), notes(chinese)

    assert in_english[0] == "(the answer broke off before its end)"
    assert "about 10% of such answers are right; edge-assistant why ab12cd34" in in_english[1]
    assert in_chinese[0] == "（回答没有说完就中断了）"
    assert "大约 10% 是对的" in in_chinese[1]
