"""Documents go in, passages come out, best first."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge_assistant.adapters.faiss import FaissIndex
from edge_assistant.errors import InputError
from edge_assistant.knowledge import exchange, ingest
from edge_assistant.knowledge.collections import STARTER
from edge_assistant.knowledge.documents import plain
from edge_assistant.knowledge.fuse import fused
from edge_assistant.knowledge.ingest import Report
from edge_assistant.knowledge.library import Library
from edge_assistant.storage.database import Database
from edge_assistant.types import Embedder
from tests.bag_of_words import BagOfWords, heating, library

LIMIT = 1_000_000


def folder_of(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "documents"
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_md", ".md")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def added(kept: Library, *paths: Path) -> Report:
    return ingest.add(kept, paths, limit=LIMIT)


def test_the_same_document_is_added_once(tmp_path: Path) -> None:
    embedder = BagOfWords()
    kept = library(tmp_path, embedder)

    assert kept.add(heating())
    assert not kept.add(heating())

    assert len(embedder.embedded) == 3


def test_a_changed_file_replaces_what_was_read_from_it(tmp_path: Path) -> None:
    kept, folder = library(tmp_path), folder_of(tmp_path, pump_md="The pump is red.")
    added(kept, folder)
    (folder / "pump.md").write_text("The pump is blue.")

    report = added(kept, folder)

    assert report.added == ["pump.md"]
    assert [found.text for found in kept.search("pump", 5, "en")] == ["The pump is blue."]


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, good_md="The pump is red.", empty_md=" ", sub__more_md="The cover is blue.")

    report = added(library(tmp_path), folder, tmp_path / "missing.md")

    assert report.added == ["good.md", "sub/more.md"]
    assert [sentence.rpartition(": ")[2] for sentence in report.refused] == [
        "the file is empty",
        "there is no such file",
    ]


def test_a_file_whose_name_is_not_text_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, good_md="The pump is red.")
    (folder / os.fsdecode(b"caf\xe9.md")).write_text("The cover is blue.")

    report = added(library(tmp_path), folder)

    assert report.added == ["good.md"]
    assert report.refused == [f"{folder / 'caf?.md'}: the name holds bytes that are no UTF-8"]


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300 + ".md")

    report = added(library(tmp_path), path)

    assert report.refused == [f"{path}: file name too long"]


def test_files_of_one_name_get_different_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a__pump_md="The pump is red.", b__pump_md="The pump is blue.")
    kept = library(tmp_path)

    added(kept, folder / "a/pump.md")
    added(kept, folder / "b/pump.md")

    assert [entry.source for entry in kept.documents()] == ["b/pump.md", "pump.md"]


def test_a_folder_without_documents_is_said(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()

    report = added(library(tmp_path), tmp_path / "nothing")

    assert report.refused == [f"{tmp_path / 'nothing'}: there is no document in this folder"]
    assert not report.useful


def test_words_alone_answer_while_the_embedder_is_broken(tmp_path: Path) -> None:
    broken = library(tmp_path, BagOfWords(breaks=True))

    broken.add(heating())
    found = broken.find("how heavy is the pump?", 3, "en")

    assert found[0].stored.chunk.place == "heating.md#the-pump"
    assert found[0].cosine is None
    assert broken.trouble == "the embedder is broken"


def test_what_was_added_without_an_embedder_is_embedded_later(tmp_path: Path) -> None:
    library(tmp_path, words_only=True).add(heating())
    later = library(tmp_path)

    assert "no vector yet" in later.verify()[0]
    assert later.rebuild() == 3
    assert later.verify() == []


def test_passages_in_the_language_of_the_question_come_first(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(plain("en.txt", "The WiFi password stands on the label.", "en"))
    kept.add(plain("zh.txt", "WiFi 密码在标签上。", "zh"))

    assert [found.source for found in kept.search("WiFi 密码", 5, "zh")] == ["zh.txt"]
    assert kept.search("password label", 5, "zh")[0].source == "en.txt"


def test_found_passages_lead_back_to_their_document(tmp_path: Path) -> None:
    kept = library(tmp_path)
    kept.add(heating())

    (found, *_) = kept.find("where was the pump built?", 3, "en")

    assert found.stored.document == "heating.md"
    assert found.passage.source == "heating.md#the-pump"
    assert 0 < found.score <= 1
    assert found.bm25 > 0


def test_scores_are_weighed_and_sorted() -> None:
    scores = fused({1: 4.0, 2: 2.0}, {2: 0.8, 3: 0.4}, dense=0.5)

    assert scores == {2: 0.75, 1: 0.5, 3: 0.25}
    assert list(scores) == [2, 1, 3]


@pytest.mark.parametrize("text", ["?", "…", "🦀", "¿¡", "、。", "\u200b", "-", "%"])
def test_a_text_without_words_is_no_question(tmp_path: Path, text: str) -> None:
    kept = library(tmp_path)
    kept.add(heating())

    kept.search(text, 5, "en")

    assert kept.answer(text, "en") is None


def test_an_empty_library_finds_nothing(tmp_path: Path) -> None:
    assert library(tmp_path).search("anything", 5, "en") == []
    assert library(tmp_path).answer("anything at all?", "en") is None


def test_the_starter_documents_follow_their_folder(tmp_path: Path) -> None:
    kept, folder = library(tmp_path), folder_of(tmp_path, en__a_md="The pump is red.", en__b_md="The cover is blue.")
    ingest.sync_starter(kept, folder)
    generation = kept.generation

    again = ingest.sync_starter(kept, folder)
    assert (again.added, kept.generation) == ([], generation)

    (folder / "en/b.md").unlink()
    (folder / "en/c.md").write_text("The lamp is green.")
    report = ingest.sync_starter(kept, folder)
    assert (report.added, report.removed) == (["en/c.md"], ["en/b.md"])
    assert {entry.collection for entry in kept.documents()} == {STARTER}

    ingest.sync_starter(kept, None)
    assert kept.documents() == []


def test_the_starter_documents_of_another_installation_are_the_same_ones(tmp_path: Path) -> None:
    kept = library(tmp_path)
    for place in ("old", "new"):
        folder = tmp_path / place / "knowledge_base"
        folder.mkdir(parents=True)
        (folder / "pump.md").write_text(f"# Pump\n\nThe pump of the {place} house is red.", encoding="utf-8")
        (folder / "roof.md").write_text("# Roof\n\nThe roof is flat.", encoding="utf-8")
        report = ingest.sync_starter(kept, folder)

    assert report.added == ["pump.md"]
    assert [entry.source for entry in kept.documents()] == ["pump.md", "roof.md"]


def test_a_library_travels_in_one_file(tmp_path: Path) -> None:
    here, embedder = library(tmp_path / "here"), BagOfWords()
    here.add(heating())
    there = library(tmp_path / "there", embedder)

    assert exchange.export(here, tmp_path / "kb.zip") == 1
    assert (tmp_path / "kb.zip").stat().st_mode & 0o777 == 0o600
    assert exchange.take_in(there, tmp_path / "kb.zip") == (1, 1)
    assert exchange.take_in(there, tmp_path / "kb.zip") == (0, 1)

    assert embedder.embedded == []
    assert there.find("the pump", 1, "en")[0].cosine is not None


def test_a_library_never_takes_the_place_of_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InputError, match="this is not a file"):
        exchange.export(library(tmp_path / "here"), tmp_path / "pipe")

    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 but no archive", b"text"])
def test_a_file_that_is_no_export_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kb.zip").write_bytes(content)

    with pytest.raises(InputError, match="not an exported knowledge base"):
        exchange.take_in(library(tmp_path), tmp_path / "kb.zip")


def test_a_damaged_export_changes_nothing(tmp_path: Path) -> None:
    here = library(tmp_path / "here")
    here.add(heating())
    exchange.export(here, tmp_path / "kb.zip")
    with zipfile.ZipFile(tmp_path / "kb.zip") as archive:
        manifest, content = archive.read("manifest.json"), archive.read("knowledge.jsonl")
    with zipfile.ZipFile(tmp_path / "kb.zip", "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("knowledge.jsonl", content.replace(b"red", b"tan"))
    there = library(tmp_path / "there")

    with pytest.raises(InputError, match="damaged"):
        exchange.take_in(there, tmp_path / "kb.zip")

    assert there.documents() == []


def test_a_fault_of_ours_is_not_laid_on_the_file(tmp_path: Path) -> None:
    here = library(tmp_path / "here")
    here.add(heating())
    exchange.export(here, tmp_path / "kb.zip")

    def load() -> Embedder:
        raise ValueError("a fault of ours")

    there = Library(Database(tmp_path / "there" / "assistant.db"), embedder=load)

    with pytest.raises(ValueError, match="a fault of ours"):
        exchange.take_in(there, tmp_path / "kb.zip")


def test_what_came_with_the_package_does_not_travel(tmp_path: Path) -> None:
    here = library(tmp_path / "here")
    here.add(heating())
    here.add(plain("pump.txt", "The pump is red.", "en", collection=STARTER))
    there = library(tmp_path / "there")

    assert exchange.export(here, tmp_path / "kb.zip") == 1
    assert exchange.take_in(there, tmp_path / "kb.zip") == (1, 1)
    assert [entry.source for entry in there.documents()] == ["heating.md"]


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("chunks", "text", None), ("chunks", "title", ["a"]), ("chunks", "text", 5), ("chunks", "line", "1")],
)
def test_an_export_that_was_made_up_is_refused_whole(tmp_path: Path, part: str, name: str, value: object) -> None:
    there = library(tmp_path / "there")

    with pytest.raises(InputError, match="not a knowledge base"):
        exchange.take_in(there, made_up(tmp_path, lambda record: record[part][-1].update({name: value})))

    assert there.documents() == []


@pytest.mark.parametrize("vector", [b"abc", b"ab", b"\xff\xff" * 64])
def test_vectors_that_no_embedder_made_are_made_again(tmp_path: Path, vector: bytes) -> None:
    there, made = library(tmp_path / "there"), base64.b64encode(vector).decode()

    def change(record: dict[str, Any]) -> None:
        record["vectors"] = [made] * len(record["chunks"])

    assert exchange.take_in(there, made_up(tmp_path, change)) == (1, 1)
    assert there.verify() == []
    assert there.find("the pump", 1, "en")[0].cosine is not None


def made_up(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return an export whose one document was changed, and whose checksum is right."""
    here = library(folder / "here")
    here.add(heating())
    exchange.export(here, folder / "kb.zip")
    with zipfile.ZipFile(folder / "kb.zip") as archive:
        manifest, record = json.loads(archive.read("manifest.json")), json.loads(archive.read("knowledge.jsonl"))
    change(record)
    content = json.dumps(record).encode() + b"\n"
    with zipfile.ZipFile(folder / "kb.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({**manifest, "sha256": hashlib.sha256(content).hexdigest()}))
        archive.writestr("knowledge.jsonl", content)
    return folder / "kb.zip"


def test_the_former_embedder_answers_until_the_new_one_has_seen_everything(tmp_path: Path) -> None:
    first, second = BagOfWords("first"), BagOfWords("second")

    def opened(embedder: BagOfWords) -> Library:
        return Library(
            Database(tmp_path / "assistant.db"),
            embedder=lambda: embedder,
            index=FaissIndex,
            folder=tmp_path / "index",
            place=f"/{embedder.stamp}",
            former={"/first": first, "/second": second}.__getitem__,
        )

    kept = opened(first)
    kept.add(heating())
    kept.settle()
    changed = opened(second)

    now, before = map(str, changed.embedders())
    assert now.startswith("embedder second in /second: 0 of 3 passages have its vectors; `kb add` and `kb rebuild`")
    assert before.startswith("embedder first in /first: 3 of 3 passages have its vectors; they go once")
    meanwhile = changed.find("the pump", 1, "en")[0]
    assert meanwhile.cosine is not None
    assert second.embedded == []

    changed.settle()

    assert changed.find("the pump", 1, "en")[0].cosine is not None
    assert "the pump" in second.embedded
    assert [str(one) for one in changed.embedders()] == ["embedder second in /second: 3 of 3 passages have its vectors"]
    assert changed.verify() == []


def test_an_embedder_that_the_tables_do_not_know_finds_but_does_not_weigh(tmp_path: Path) -> None:
    texts = ("The pump was built in Graz in 1987.", "The pump is red and stands in the cellar of the house.")
    answers, nearest = {}, {}
    for place in ("", "/models/all-MiniLM-L6-v2-fp16", "/models/other"):
        kept = Library(
            Database(tmp_path / f"home{len(place)}" / "assistant.db"),
            embedder=BagOfWords,
            index=FaissIndex,
            folder=tmp_path / f"home{len(place)}",
            place=place,
        )
        for number, text in enumerate(texts):
            kept.add(plain(f"{number}.txt", text, "en"))
        answers[place] = kept.answer("In what year was the pump built?", "en")
        nearest[place] = kept.find("In what year was the pump built?", 2, "en")[0].cosine

    words = Library(Database(tmp_path / "words" / "assistant.db"))
    for number, text in enumerate(texts):
        words.add(plain(f"{number}.txt", text, "en"))
    alone = words.answer("In what year was the pump built?", "en")

    known, alike, other = (answer and answer.confidence for answer in answers.values())
    assert known == alike
    assert known != other
    assert other == pytest.approx(alone and alone.confidence, abs=0.1)
    assert all(cosine is not None for cosine in nearest.values())
