"""A student taught by a teacher's soft answers, and where its lessons come from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy
import pytest

from edge_assistant.explain import Receipt
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from scripts.distil import JOBS, asked, auroc, collected, is_held, leanings, masked, own, train
from scripts.student import Head, Lesson, loss, slope, softened, taught

CLASSES = ("home", "fact", "other")


def receipt(id: str, tier: str = "cloud", *, complete: bool = True) -> Receipt:
    return Receipt(
        id=id,
        text="Ask anna@example.org.",
        tier=tier,
        confidence=0.85,
        complete=complete,
        language="en",
        sources=[{"source": "a.md", "score": 1.0, "text": "Call +49 170 5551234."}],
        actions=[],
        trace=[],
        seconds=1.0,
    )


def test_only_what_the_cloud_was_allowed_to_answer_is_collected_and_masked(tmp_path: Path) -> None:
    history = History(Database(tmp_path / "assistant.db"))
    history.add("Why is the sky blue? Write to me@example.org", receipt("a"))
    history.add("Where is my wallet?", receipt("b"), private=True)
    history.add("Turn on the lamp", receipt("c", "rules"))
    history.add("Tell a story", receipt("d", complete=False))
    history.add("Why is the sky blue? Write to me@example.org", receipt("e"))

    rows = list(collected(history))

    assert [row["text"] for row in rows] == ["Why is the sky blue? Write to <mail>"]
    assert (rows[0]["answer"], rows[0]["passages"]) == ("Ask <mail>.", ["Call <number>."])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Transfer to DE89 3704 0044 0532 0130 00 today", "Transfer to <account> today"),
        ("Look at https://example.org/?key=1 please", "Look at <link> please"),
        ("Wake me at 7 30 in 2026, 15 minutes later", "Wake me at 7 30 in 2026, 15 minutes later"),
        ("打13800138000找小王", "打<number>找小王"),
    ],
)
def test_what_looks_personal_is_masked_and_the_rest_is_kept(text: str, kept: str) -> None:
    assert masked(text) == kept


def test_own_sentences_know_their_job_and_are_drawn_the_same_again() -> None:
    rows = list(own("en", 5))

    assert {row["job"] for row in rows} == set(CLASSES)
    assert rows == list(own("en", 5))


@pytest.fixture
def teacher() -> Iterator[str]:
    """A server that is sure of one job, and never heard of another."""

    class Teacher(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert wanted["logprobs"]
            told = [
                {"token": "home", "logprob": -0.1},
                {"token": " Fact", "logprob": -2.5},
                {"token": "The", "logprob": -5},
            ]
            body = json.dumps({"choices": [{"logprobs": {"content": [{"top_logprobs": told}]}}]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Teacher)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_teacher_is_asked_for_its_choice_and_how_sure_it_is(teacher: str) -> None:
    rows = list(asked([{"text": "Dim the lamp", "group": "x"}], teacher, "large", None))

    assert rows == [{"text": "Dim the lamp", "group": "x", "logits": [-0.1, -2.5, -8.0], "teacher": "large"}]


def test_the_likelier_spelling_of_a_word_counts() -> None:
    assert leanings([{"token": " home", "logprob": -3.0}, {"token": "Home", "logprob": -1.0}]) == [-1.0, -6.0, -6.0]
    assert JOBS == CLASSES


@pytest.mark.parametrize("lesson", [Lesson(1.0, 0.0), Lesson(2.0, 0.5), Lesson(4.0, 1.0)])
def test_the_slope_is_that_of_the_loss(lesson: Lesson) -> None:
    chance = numpy.random.default_rng(1)
    logits, teacher = chance.normal(size=(2, 4, 3))
    hard = numpy.eye(3)[[0, 1, 2, 0]]
    moved = numpy.zeros_like(logits)
    moved[2, 1] = 1e-5

    rise = (loss(logits + moved, hard, teacher, lesson) - loss(logits - moved, hard, teacher, lesson)) / 2e-5

    assert rise == pytest.approx(float(slope(logits, hard, teacher, lesson)[2, 1]), abs=1e-6)


def test_soft_answers_teach_how_sure_to_be_where_hard_labels_cannot() -> None:
    chance = numpy.random.default_rng(2)
    truth = chance.normal(size=(6, 3))
    seen, new = (chance.normal(size=(count, 6)).astype(numpy.float32) for count in (60, 400))
    hard = (seen @ truth).argmax(axis=1).tolist()
    wanted = softened(new @ truth, 1.0)

    def surprise(lesson: Lesson) -> float:
        head = taught(seen, hard, seen @ truth, CLASSES, lesson)
        return float((wanted * -numpy.log(head.probabilities(new) + 1e-9)).sum(axis=1).mean())

    assert surprise(Lesson(2.0, 1.0)) < surprise(Lesson(1.0, 0.0)) - 0.05


def test_a_student_is_chosen_written_and_read_again(tmp_path: Path) -> None:
    rows = [
        {**row, "logits": [0.0 if row["job"] == name else -4.0 for name in CLASSES], "teacher": "large"}
        for row in own("en", 20)
    ]
    gold = [{"text": "turn off the heating", "kind": "device"}, {"text": "who was Goethe", "kind": "question"}]

    lines = train(rows, gold, tmp_path / "router.json")

    head = Head.read(tmp_path / "router.json")
    assert {is_held(row["group"]) for row in rows} == {True, False}
    assert lines[-1].startswith("best on held-out patterns: ")
    assert (head.classes, head.weights.shape) == (CLASSES, (3, 385))


def test_auroc_counts_ties_half() -> None:
    assert auroc(numpy.array([0.9, 0.5, 0.5, 0.1]), [True, True, False, False]) == pytest.approx(0.875)
