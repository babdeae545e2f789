"""The command line as a person meets it: whole processes, real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_assistant import explain
from edge_assistant.storage.database import Database
from edge_assistant.storage.history import History
from edge_assistant.types import Answer

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in a home of its own."""

    def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "edge_assistant", "--home", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, input=given, timeout=60, check=False)

    return run


@pytest.mark.parametrize(("question", "language"), [("turn on the kitchen light", "en"), ("打开厨房的灯", "zh")])
def test_a_command_is_done_by_a_rule_with_a_receipt(run: Run, question: str, language: str) -> None:
    told = json.loads(run("ask", question, "--json").stdout)

    assert (told["tier"], told["language"], told["complete"]) == ("rules", language, True)
    assert ("light.kitchen", "done") in [(action["target"], action["status"]) for action in told["actions"]]


def test_what_one_process_did_the_next_one_knows(run: Run) -> None:
    run("ask", "turn on the kitchen light")

    again = json.loads(run("ask", "turn on the kitchen light", "--json").stdout)

    assert again["actions"][0]["status"] == "already"


def test_the_answer_is_on_stdout_and_the_trace_on_stderr(run: Run) -> None:
    ran = run("ask", "what is 12 times 7", "--why")

    assert ran.returncode == 0
    assert "84" in ran.stdout
    assert "rules" not in ran.stdout
    assert ran.stderr.startswith("rules     answered intent")
    assert "nothing left the device" in ran.stderr


def test_a_receipt_can_be_read_later(run: Run) -> None:
    told = json.loads(run("ask", "what is 12 times 7", "--json").stdout)

    receipt = run("why", told["id"][:5])

    assert "what is 12 times 7" in receipt.stdout
    assert "answered by rules" in receipt.stdout
    assert json.loads(run("why", told["id"], "--json").stdout) == told


@pytest.mark.parametrize("command", [("history", "--json"), ("history",), ("why", "ab12", "--json"), ("why", "ab12")])
def test_nothing_that_was_kept_can_command_the_terminal(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    database = Database(tmp_path / "assistant.db")
    told = explain.receipt(Answer("Hold the \x9b31mred button.", "knowledge", 0.9, id="ab12"))
    History(database).add("reset\x9b2J", told)
    database.close()

    ran = run(*command)

    assert "Hold the 31mred button." in ran.stdout
    assert "\x9b" not in ran.stdout


def test_the_history_lists_what_was_asked(run: Run) -> None:
    run("ask", "what is 12 times 7")

    assert "what is 12 times 7" in run("history").stdout
    assert json.loads(run("history", "--json").stdout)["question"] == "what is 12 times 7"


def test_a_question_can_come_from_standard_input(run: Run) -> None:
    assert "84" in run("ask", "-", given="what is 12 times 7\n").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("ask", ""), 2, "the question is empty"),
        (("ask", "   \n"), 2, "the question is empty"),
        (("ask", "x" * 100_000), 2, "the question has 100,000 characters; at most 8,000 can be read"),
        (("ask", "hello", "--language", "klingon"), 2, "language 'klingon' is not one of en, zh"),
        (("ask",), 2, "Missing argument 'TEXT'"),
        (("sing",), 2, "No such command 'sing'"),
        (("why", "nothing"), 2, "no answer has the id 'nothing'"),
    ],
)
def test_bad_input_gets_one_clear_sentence(run: Run, arguments: tuple[str, ...], code: int, complaint: str) -> None:
    ran = run(*arguments)

    assert ran.returncode == code
    assert complaint in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [("ask", "caf\udce9"), ("why", "\udce9"), ("kb", "search", "\udce9"), ("ask", "hi", "--area", "\udce9")],
)
def test_arguments_that_are_no_text_get_one_clear_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert ran.returncode == 2
    assert ran.stderr.endswith("is not text: it holds bytes that are no UTF-8\n")
    assert ran.stdout == ""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_question_from_standard_input_that_is_no_text_gets_one_clear_sentence(tmp_path: Path, encoding: str) -> None:
    command = [sys.executable, "-m", "edge_assistant", "--home", str(tmp_path), "ask", "-"]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}

    ran = subprocess.run(command, capture_output=True, input=b"caf\xe9", env=environment, check=False)

    assert ran.returncode == 2
    assert ran.stderr == b"the question is not text: it holds bytes that are no UTF-8\n"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("program.txt", b"\x7fELF\x00\x01", "this is a binary file, not text"),
        ("damaged.pdf", b"not a pdf", "this is not a PDF that can be read"),
    ],
)
def test_a_file_that_is_no_document_gets_one_clear_sentence(
    run: Run, tmp_path: Path, name: str, content: bytes, complaint: str
) -> None:
    (tmp_path / "config.toml").write_text("[knowledge]\nstarter = false\n", encoding="utf-8")
    (tmp_path / name).write_bytes(content)

    ran = run("kb", "add", str(tmp_path / name))

    assert ran.returncode == 1
    assert ran.stderr == f"{tmp_path / name}: {complaint}\n0 added, 0 unchanged, 1 refused\n"


def test_a_missing_model_is_named_with_the_command_that_fetches_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('tiers = ["rules", "device"]\n', encoding="utf-8")

    ran = run("ask", "write two lines about rain")

    assert ran.returncode == 4
    assert "qwen2.5-coder-0.5b is not there; fetch it with: edge-assistant models pull" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_broken_rule_file_is_told_and_the_other_rules_go_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine" / "en").mkdir(parents=True)
    (tmp_path / "mine" / "en" / "mine.yaml").write_text("intents: [\n", encoding="utf-8")
    (tmp_path / "config.toml").write_text(f'[rules]\nfolders = ["{tmp_path / "mine"}"]\n', encoding="utf-8")

    ran = run("ask", "turn on the kitchen light")

    assert ran.returncode == 0
    assert ran.stdout == "Turned on the kitchen light.\n"
    assert "mine.yaml" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_typo_in_the_settings_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[device]\nmodle = 'x'\n", encoding="utf-8")

    ran = run("ask", "hello")

    assert ran.returncode == 3
    assert ran.stderr.endswith("config.toml: device.modle: there is no such setting\n")


def test_nobody_could_answer_is_exit_code_four(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('tiers = ["rules"]\n', encoding="utf-8")

    ran = run("ask", "why is the sky blue")

    assert ran.returncode == 4
    assert ran.stderr.startswith("no tier answered: rules declined")


def test_a_home_that_cannot_be_written_still_answers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "assistant.db").mkdir()

    ran = run("ask", "what is 12 times 7")

    assert "84" in ran.stdout
    assert "the answer was not kept" in ran.stderr


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m edge_assistant --home {tmp_path} history | true; exit ${{PIPESTATUS[0]}}"

    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("to", "told"), [(">&-", "standard output is closed"), (">/dev/full", "standard output: no space")]
)
def test_an_answer_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, to: str, told: str) -> None:
    command = f"{sys.executable} -m edge_assistant --home {tmp_path} ask 'what is 3 times 4' {to}"

    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert ran.returncode == 1
    assert ran.stderr.startswith(told)
    assert ran.stderr.count("\n") == 1


def test_a_home_that_is_a_file_does_not_stop_what_needs_no_home(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    command = [sys.executable, "-m", "edge_assistant", "--home", str(tmp_path / "home"), "ask", "what is 3 times 4"]

    ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ran.stdout == "3 × 4 = 12\n"
    assert "Traceback" not in ran.stderr
