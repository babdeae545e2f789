"""A folder that is added again: what is new, what moved, what is gone, and what a kill leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.ingest import Report
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import BagOfWords, library
from tests.papers import pdf


def added(kept: Library, folder: Path, *, sync: bool = False, language: str | None = None) -> Report:
    return ingest.add(kept, [folder], limit=1_000_000, sync=sync, language=language)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "pump.md").write_text("# Pump\n\n## Colour\n\nThe pump is red.\n")
    (folder / "lamp.txt").write_text("The lamp is green.")
    return folder


def passages(kept: Library) -> dict[str, int]:
    return {one.chunk.place: one.id for one in kept.store.passages(range(100)).values()}


def test_a_moved_file_keeps_its_passages_and_vectors(tmp_path: Path, folder: Path) -> None:
    embedder = BagOfWords()
    kept = library(tmp_path, embedder)
    added(kept, folder)
    before, embedded = passages(kept), len(embedder.embedded)
    (folder / "deep").mkdir()
    (folder / "pump.md").rename(folder / "deep/water.md")

    report = added(kept, folder)

    assert (report.moved, report.unchanged, report.missing) == (["deep/water.md"], ["lamp.txt"], [])
    assert passages(kept) == {"lamp.txt": before["lamp.txt"], "deep/water.md#colour": before["pump.md#colour"]}
    assert len(embedder.embedded) == embedded
    assert kept.verify() == []


def test_a_file_whose_name_is_its_title_is_read_again_under_the_new_one(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    added(kept, folder)
    (folder / "lamp.txt").rename(folder / "light.txt")

    report = added(kept, folder)

    assert (report.added, report.missing) == (["light.txt"], [])
    assert [(entry.source, entry.title) for entry in kept.documents()] == [("light.txt", "light"), ("pump.md", "Pump")]


def test_a_file_is_one_document_however_it_is_named(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    ingest.add(kept, [folder / "lamp.txt"], limit=1_000_000)

    reports = [added(kept, folder), added(kept, folder.parent / "documents"), added(kept, tmp_path)]

    assert reports[0].unchanged == ["lamp.txt"]
    assert [report.added for report in reports] == [["pump.md"], [], []]
    assert {entry.source for entry in kept.documents()} == {"lamp.txt", "pump.md"}


def test_a_copy_is_a_document_of_its_own(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    added(kept, folder)
    (folder / "copy.md").write_bytes((folder / "pump.md").read_bytes())

    assert added(kept, folder).added == ["copy.md"]
    assert len(kept.documents()) == 3


def test_a_file_that_is_gone_is_reported_and_removed_when_asked(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    added(kept, folder)
    (folder / "lamp.txt").unlink()

    reported = added(kept, folder)
    assert (reported.missing, len(kept.documents())) == (["lamp.txt"], 2)

    synced = added(kept, folder, sync=True)
    assert (synced.removed, synced.missing, len(kept.documents())) == (["lamp.txt"], [], 1)
    assert kept.verify() == []


def test_an_empty_folder_removes_nothing(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    added(kept, folder)
    for file in folder.iterdir():
        file.unlink()

    report = added(kept, folder, sync=True)

    assert (report.removed, len(kept.documents())) == ([], 2)


def test_another_language_is_a_reason_to_read_again(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    added(kept, folder)

    assert added(kept, folder, language="zh").added == ["lamp.txt", "pump.md"]
    assert {entry.language for entry in kept.documents()} == {"zh"}


def test_links_hidden_files_and_what_word_leaves_behind_are_passed_over(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "secret.md").write_text("The key is under the mat.")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    (folder / ".hidden.md").write_text("Hidden.")
    (folder / "~$pump.md").write_text("Locked.")

    assert added(library(tmp_path), folder).added == ["lamp.txt", "pump.md"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o000)

    assert "permission denied" in added(library(tmp_path), folder).refused[0]


def test_words_are_found_before_vectors_are_made(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    seen: list[int] = []

    def progress(what: str, done: int, total: int, name: str) -> None:
        if what == "passages" and done == 0:
            seen.append(len(library(tmp_path, words_only=True).search("pump", 5, "en")))

    ingest.add(kept, [folder], limit=1_000_000, progress=progress)

    assert seen == [1]


def test_a_run_that_was_killed_goes_on(tmp_path: Path, folder: Path) -> None:
    class Killed(BaseException):
        pass

    def progress(what: str, done: int, total: int, name: str) -> None:
        if what == "passages":
            raise Killed

    with pytest.raises(Killed):
        ingest.add(library(tmp_path), [folder], limit=1_000_000, progress=progress)
    kept = library(tmp_path)

    report = added(kept, folder)

    assert report.unchanged == ["lamp.txt", "pump.md"]
    assert kept.verify() == []


def test_only_what_changed_is_looked_at_when_that_is_known(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)

    report = ingest.add(kept, [folder], limit=1_000_000, only=lambda file: file.name == "lamp.txt")

    assert report.added == ["lamp.txt"]


def test_a_file_that_is_refused_keeps_what_was_read_from_it_before(tmp_path: Path, folder: Path) -> None:
    kept = library(tmp_path)
    (folder / "pump.pdf").write_bytes(pdf("The pump weighs 40 kilograms."))
    added(kept, folder)
    (folder / "pump.pdf").write_bytes(b"%PDF damaged")

    report = added(kept, folder, sync=True)

    assert len(report.refused) == 1
    assert kept.search("how heavy is the pump", 1, "en")
    assert len(kept.documents()) == 3
