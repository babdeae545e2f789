"""`kb add` and `kb collection`: what people and programs are told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge_assistant.adapters.watching import changes
from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.kb import command
from edge_assistant.interfaces.cli.kb_add import _among
from edge_assistant.interfaces.cli.progress import PlainLines

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text('[knowledge]\nstarter = false\ncollections.fixed = {share = "lan"}\n')

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=Session(home / "config.toml", home), catch_exceptions=True)

    return invoke


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "pump.md").write_text("The pump is red.")
    (folder / "lamp.md").write_text("灯是绿色的。")
    (folder / "page.html").write_text("<h1>Lid</h1><p>The lid is blue.</p>")
    return folder


def test_what_became_of_every_file_is_one_object(run: Run, notes: Path) -> None:
    (notes / "photo.md").write_bytes(b"\x00\x01\x02")

    first = json.loads(run("add", str(notes), "--json").stdout)
    (notes / "pump.md").rename(notes / "moved.md")
    (notes / "lamp.md").unlink()
    second = json.loads(run("add", str(notes), "--json").stdout)
    third = run("add", str(notes), "--sync")

    assert (first["added"], first["words_only"]) == (["lamp.md", "page.html", "pump.md"], None)
    assert first["refused"] == [f"{notes / 'photo.md'}: this is a binary file, not text"]
    assert (second["added"], second["missing"]) == (["moved.md"], ["lamp.md"])
    assert "0 added, 2 unchanged, 1 refused, 1 removed" in third.stderr
    assert third.exit_code == 0


def test_an_empty_path_is_not_the_current_folder(run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notes)

    refused = run("add", "")

    assert isinstance(refused.exception, InputError)
    assert run("list").stdout == ""


def test_what_holds_for_a_collection_is_shown_and_set(run: Run, notes: Path) -> None:
    run("add", str(notes / "pump.md"), "--collection", "manuals")

    before = run("collection", "manuals")
    run("collection", "manuals", "--share", "cloud", "--priority", "2", "--language", "zh")
    after = json.loads(run("collection", "manuals", "--json").stdout)
    listed = run("list", "--json")

    assert before.stdout == "collection manuals: stays on this device, priority 0\n"
    assert after == {"name": "manuals", "language": "zh", "share": "cloud", "priority": 2}
    assert (json.loads(listed.stdout)["share"], json.loads(listed.stdout)["priority"]) == ("cloud", 2)
    assert "collection manuals: may go to the cloud, priority 2, language zh" in run("list").stderr


def test_the_language_of_a_collection_is_that_of_its_documents(run: Run, notes: Path) -> None:
    run("collection", "manuals", "--language", "zh")
    run("add", str(notes / "pump.md"), "--collection", "manuals")

    assert json.loads(run("list", "--json").stdout)["language"] == "zh"


def test_what_the_settings_say_is_changed_there(run: Run) -> None:
    assert "may go to this network" in run("collection", "fixed").stdout
    assert isinstance(run("collection", "fixed", "--share", "never").exception, InputError)


def test_plain_lines_come_now_and_then_with_rate_and_time_left() -> None:
    now, lines = [0.0], list[str]()
    told = PlainLines(lines.append, lambda: now[0])

    for second in range(0, 12):
        now[0] = second
        told("files", second * 10, 1000, "a.md")
    told("passages", 0, 50, "")

    assert lines == ["files: 50 of 1000, 10 a second, 2 min left", "files: 100 of 1000, 10 a second, 2 min left"]


def test_a_change_is_noticed_with_the_file_that_changed(tmp_path: Path) -> None:
    stop = threading.Event()
    watched = changes([tmp_path], stop)
    ready = threading.Timer(0.1, lambda: (tmp_path / "new.md").write_text("x"))
    ready.start()

    changed = next(watched)
    stop.set()

    assert tmp_path / "new.md" in changed
    assert list(watched) == []


def test_a_file_is_among_what_changed_when_a_folder_above_it_is() -> None:
    assert _among({Path("/a/b")}, Path("/a/b/c.md"))
    assert _among({Path("/a/b/c.md")}, Path("/a/b/c.md"))
    assert not _among({Path("/a/b/d.md")}, Path("/a/b/c.md"))
