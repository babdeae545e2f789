"""The door to the documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.kb import command

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text("[knowledge]\nstarter = false\n")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=Session(home / "config.toml", home), catch_exceptions=True)

    return invoke


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "pump.md").write_text("# Pump\n\n## Reset the pump\n\nHold the red button for five seconds.\n")
    (folder / "photo.md").write_bytes(b"\x00\x01\x02")
    return folder


def test_documents_are_added_listed_and_removed(run: Run, notes: Path) -> None:
    added = run("add", str(notes))
    listed = run("list", "--json")
    told = run("list").stderr
    removed = run("remove", "pump.md")

    assert added.exit_code == 0
    assert "1 added, 0 unchanged, 1 refused" in added.stderr
    assert "photo.md: this is a binary file" in added.stderr
    assert json.loads(listed.stdout)["source"] == "pump.md"
    assert "that comes with this package: 1 of 1 passages have its vectors\n" in told
    assert removed.exit_code == 0
    assert run("list").stdout == ""


def test_nothing_that_could_be_added_is_a_failure(run: Run, notes: Path) -> None:
    result = run("add", str(notes / "photo.md"))

    assert result.exit_code == 1
    assert "photo.md: this is a binary file" in result.stderr
    assert run("list").stdout == ""


def test_a_search_shows_passages_scores_and_the_quotation(run: Run, notes: Path) -> None:
    run("add", str(notes / "pump.md"))

    shown = run("search", "how do I reset the pump?", "--why")
    record = json.loads(run("search", "how do I reset the pump?", "--json").stdout)

    assert "pump.md#reset-the-pump" in shown.stdout
    assert "bm25" in shown.stderr
    assert "cosine" in shown.stderr
    assert record["passages"][0]["document"] == "pump.md"
    assert record["answer"]["text"] == "Hold the red button for five seconds."
    assert record["answer"]["confidence"] > 0.6


def test_a_search_can_keep_to_some_documents(run: Run, notes: Path, tmp_path: Path) -> None:
    (tmp_path / "lid.txt").write_text("The lid of the pump is blue.")
    run("add", str(notes / "pump.md"))
    run("add", str(tmp_path / "lid.txt"), "--collection", "house")

    both, by_name = run("search", "the pump"), run("search", "the pump", "--source", "*.txt")
    by_collection = run("search", "the pump", "--collection", "house", "--collection", "garden")

    assert "pump.md" in both.stdout
    assert "lid.txt" in both.stdout
    assert by_name.stdout == by_collection.stdout
    assert "lid.txt" in by_name.stdout
    assert "pump.md" not in by_name.stdout


def test_why_names_the_stage_and_what_to_do(run: Run, notes: Path) -> None:
    run("add", str(notes))
    told = run("search", "how do I repaint the pump?", "--why", "--expect", str(notes / "photo.md"))
    record = json.loads(run("search", "how do I reset the pump?", "--expect", "pump.md", "--json").stdout)["why"]

    assert "These words stand in no document: repaint." in told.stderr
    assert "photo.md is not in the knowledge base, and cannot be: this is a binary file, not text.\n" in told.stderr
    assert record["stages"][0]["sentences"] == 1
    assert record["expected"]["document"] == "pump.md"
    assert [note["key"] for note in record["notes"] if note["stage"] == "expected"] == ["is the answer"]


def test_what_is_expected_is_read_in_a_process_with_an_end(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow.html").write_text("<script " * 60_000)
    monkeypatch.setenv("EDGE_ASSISTANT_KNOWLEDGE__MAX_SECONDS", "1")

    told = run("search", "how do I reset the pump?", "--expect", str(tmp_path / "slow.html"))

    assert "(the setting is knowledge.max_seconds)" in told.stderr


def test_a_document_cannot_command_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text("The pump \x1b]52;c;eA==\x07 is red.")
    run("add", str(tmp_path / "evil.txt"))

    shown = run("search", "pump")

    assert "\x1b" not in shown.output
    assert "is red" in shown.output


def test_the_index_is_verified_and_rebuilt(run: Run, notes: Path, tmp_path: Path) -> None:
    run("add", str(notes))
    for file in (tmp_path / "home/index").glob("*.faiss"):
        file.write_bytes(b"spoilt")

    damaged = run("verify")
    rebuilt = run("rebuild")

    assert "damaged" in str(damaged.exception)
    assert "1 passages indexed" in rebuilt.stderr
    assert run("verify").exit_code == 0


def test_a_library_is_exported_and_imported(run: Run, notes: Path, tmp_path: Path) -> None:
    run("add", str(notes))

    exported = run("export", str(tmp_path / "kb.zip"))
    run("remove", "pump.md")
    imported = run("import", str(tmp_path / "kb.zip"))

    assert "1 documents" in exported.stderr
    assert "1 added, 0 unchanged" in imported.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("remove", "missing.md"), "no such document"),
        (("search", " "), "nothing to look for"),
        (("search", "x", "--language", "tlh"), "language 'tlh'"),
        (("import", "missing.zip"), "no such file"),
        (("add", "x.md", "--collection", "starter"), "choose another name"),
    ],
)
def test_wrong_use_is_one_sentence(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    result = run(*arguments)

    assert isinstance(result.exception, InputError)
    assert sentence in str(result.exception)
