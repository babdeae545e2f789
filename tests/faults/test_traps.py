"""Archives that lie and folders full of traps: nothing outside is read or written, and memory stays flat."""

from __future__ import annotations

import io
import os
import resource
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edge_assistant.adapters.reading import Reading
from edge_assistant.errors import InputError
from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.readers import READERS, archives
from tests import papers
from tests.bag_of_words import library

LIMIT = 50_000_000
SECRET = "The canary is a siskin."
_CONTAINER = "META-INF/container.xml"
_ROOT = '<container xmlns="x"><rootfiles><rootfile full-path="{}"/></rootfiles></container>'
_BOOK = '<package xmlns="x"><manifest><item id="a" href="{}"/></manifest><spine><itemref idref="a"/></spine></package>'


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with closing(Reading(seconds=20)) as reading:
        yield reading


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Library]:
    kept = library(tmp_path / "home", words_only=True)
    yield kept
    kept.store.database.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A document that nobody handed in."""
    (tmp_path / "outside").mkdir()
    path = tmp_path / "outside" / "secret.md"
    path.write_text(SECRET)
    return path


def book(href: str, **parts: str) -> bytes:
    return papers.zipped({_CONTAINER: _ROOT.format("b.opf"), "b.opf": _BOOK.format(href), **parts})


def pointed(archive: bytes, name: str, target: str) -> bytes:
    """Return a zip file with a symbolic link in it."""
    stream = io.BytesIO(archive)
    with zipfile.ZipFile(stream, "a") as opened:
        link = zipfile.ZipInfo(name)
        link.external_attr = 0o120777 << 16
        opened.writestr(link, target)
    return stream.getvalue()


def lying(archive: bytes, size: int) -> bytes:
    """Return a zip file whose parts claim to unpack to so many bytes."""
    spoilt, place = bytearray(archive), archive.find(b"PK\x01\x02")
    while place >= 0:
        spoilt[place + 24 : place + 28] = size.to_bytes(4, "little")
        place = archive.find(b"PK\x01\x02", place + 4)
    return bytes(spoilt)


ROADS: dict[str, Callable[[Path], bytes]] = {
    "a chapter above the folder": lambda secret: book(f"../../../../../..{secret}"),
    "an absolute chapter": lambda secret: book(str(secret)),
    "a chapter with an address": lambda secret: book(f"file://{secret}"),
    "a chapter that is a link": lambda secret: pointed(book("a.xhtml"), "a.xhtml", str(secret)),
    "a package elsewhere": lambda secret: papers.zipped({_CONTAINER: _ROOT.format(secret)}),
    "a part with a name above": lambda secret: book("a.xhtml", **{f"../../..{secret}": "<p>x</p>"}),
    "an entity": lambda secret: papers.zipped(
        {_CONTAINER: f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>', "b.opf": _BOOK}
    ),
}


@pytest.mark.parametrize("road", ROADS)
def test_no_archive_leads_outside(tmp_path: Path, secret: Path, reading: Reading, road: str) -> None:
    path = tmp_path / "trap.epub"
    path.write_bytes(ROADS[road](secret))
    before = sorted(tmp_path.rglob("*"))

    try:
        read: Document | InputError = reading.read(path, path.name, limit=LIMIT)
    except InputError as error:
        read = error

    assert "siskin" not in str(read)
    assert secret.read_text() == SECRET
    assert sorted(tmp_path.rglob("*")) == before


NESTED = papers.zipped({"inner.zip": papers.zipped({"word/document.xml": "a" * 40_000_000})})
BOMBS = {
    "one part": papers.zipped({"word/document.xml": "a" * 40_000_000}),
    "many parts": papers.zipped({f"{number}.xml": "a" for number in range(2000)}),
    "parts within the ratio that are too many bytes": papers.zipped(
        {f"{number}.xml": os.urandom(8).hex() * 60_000 for number in range(60)}
    ),
    "sizes that are lies": lying(papers.zipped({"word/document.xml": "a" * 40_000_000}), 100),
    "no part that is looked at": NESTED,
}


@pytest.mark.parametrize("kind", [".docx", ".epub"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(kind: str, bomb: str) -> None:
    with pytest.raises(InputError, match=r"unpacks to more|cannot be read|can be read"):
        READERS[kind](BOMBS[bomb])

    assert len(BOMBS[bomb]) < 1_000_000


def test_without_a_bound_a_bomb_would_go_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_RATIO", 1 << 30)
    content = papers.docx("x", ("x", ["a" * 3_000_000]))

    assert len(content) < 20_000
    assert READERS[".docx"](content)[0][0].text


def test_a_folder_of_traps_gives_what_is_in_it(tmp_path: Path, secret: Path, kept: Library, reading: Reading) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "good.md").write_text("The pump is red.")
    (folder / "link.md").symlink_to(secret)
    (folder / "linked").symlink_to(secret.parent)
    (folder / "loop").symlink_to(folder)
    (folder / "device.md").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket.md"))
        report = ingest.add(kept, [folder], limit=LIMIT, read=reading.read)

    assert report.added == ["good.md"]
    assert report.refused == []
    assert not kept.find("canary siskin", 1, "en")


@pytest.mark.parametrize("name", ["pipe.md", "device.md", "folder.md/gone.md"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, kept: Library, reading: Reading, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "device.md").symlink_to("/dev/zero")

    report = ingest.add(kept, [tmp_path / name], limit=LIMIT, read=reading.read)

    assert len(report.refused) == 1
    assert name in report.refused[0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"The pump\0 is red." * 10, "a binary file"),
        (b"The pump \xff\xfe\x80 is red.", "not UTF-8"),
        (b"\xff\xfe\x00\xd8\x00\xd8", "not UTF-8"),
        (b" \n" * 1000, "the file is empty"),
    ],
)
def test_text_that_is_none_is_refused(tmp_path: Path, kept: Library, content: bytes, sentence: str) -> None:
    (tmp_path / "odd.txt").write_bytes(content)

    assert sentence in ingest.add(kept, [tmp_path / "odd.txt"], limit=LIMIT).refused[0]


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path, kept: Library, reading: Reading) -> None:
    with (tmp_path / "huge.txt").open("wb") as stream:
        stream.truncate(1 << 30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    report = ingest.add(kept, [tmp_path / "huge.txt"], limit=LIMIT, read=reading.read)

    assert report.refused == [f"{tmp_path}/huge.txt: the file is larger than 50 MB"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000


def test_an_endless_line_is_cut(tmp_path: Path, kept: Library, reading: Reading) -> None:
    (tmp_path / "line.txt").write_text("The pump is red and hums. " * 10_000)

    assert ingest.add(kept, [tmp_path / "line.txt"], limit=LIMIT, read=reading.read).added == ["line.txt"]
    assert max(len(row[0]) for row in kept.store.database.rows("SELECT text FROM chunks")) < 10_000


def resident() -> int:
    """Return the memory of this process in KB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


@pytest.mark.faults
def test_many_tiny_files_need_little_memory(tmp_path: Path, reading: Reading) -> None:
    grown = {}
    with ExitStack() as stack:
        for count in (1000, 11_000):
            folder = tmp_path / f"{count}"
            folder.mkdir()
            for number in range(count):
                (folder / f"{number}.txt").write_text(f"Pump {number} is red.")
            kept = library(tmp_path / f"home{count}", words_only=True)
            stack.callback(kept.store.database.close)
            before = resident()
            assert len(ingest.add(kept, [folder], limit=LIMIT, read=reading.read).added) == count
            grown[count] = resident() - before

    assert grown[11_000] - grown[1000] < 16_000
