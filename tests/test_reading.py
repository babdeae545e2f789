"""Documents are read behind a wall: whatever a file does to its reader, the next one is read."""

from __future__ import annotations

import os
import resource
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edge_assistant.adapters.reading import Reading
from edge_assistant.errors import InputError
from tests.papers import docx, pdf, zipped

LIMIT = 50_000_000


@pytest.fixture
def opened() -> Iterator[Callable[..., Reading]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(closing(Reading(**options)))


@pytest.fixture
def reading(opened: Callable[..., Reading]) -> Reading:
    return opened(seconds=1, patience=60)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def worker(folder: Path, body: str) -> Path:
    """Return a script in place of the reader, which does `body` with every request."""
    from edge_assistant.adapters import llama_worker

    lines = f"import os, socket, sys\nsys.path.insert(0, {str(Path(llama_worker.__file__).parents[2])!r})\n"
    lines += "from edge_assistant.adapters.llama_worker import Line\n"
    lines += "line = Line(socket.socket(fileno=int(sys.argv[1])))\nfor request in line.frames():\n"
    return written(folder, "worker.py", lines + textwrap.indent(body, "    "))


def test_what_it_reads_is_what_we_would_have_read(tmp_path: Path, reading: Reading) -> None:
    from edge_assistant.knowledge.readers import read

    kinds: dict[str, str | bytes] = {
        "a.pdf": pdf("The pump is red."),
        "b.docx": docx("水泵", ("Reset", ["按住按钮。"])),
        "c.html": "<p>Hi.</p>",
    }
    paths = [written(tmp_path, name, content) for name, content in kinds.items()]

    assert [reading.read(path, path.name, limit=LIMIT) for path in paths] == [
        read(path, path.name, limit=LIMIT) for path in paths
    ]


def test_a_file_is_called_what_it_was_called(tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "broken.pdf", "%PDF-1.4 and no more")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InputError, match=r"^broken\.pdf: this is not a PDF"):
        reading.read(Path("broken.pdf"), "broken.pdf", limit=LIMIT)


def test_small_texts_start_no_process(tmp_path: Path, opened: Callable[..., Reading]) -> None:
    reading = opened(script=tmp_path / "missing.py")

    assert reading.read(written(tmp_path, "a.md", "Hello."), "a.md", limit=LIMIT).title == "a"


def test_a_large_document_comes_whole(tmp_path: Path, reading: Reading) -> None:
    text = "\n\n".join(f"Fact number {number} is told here." for number in range(4000))

    kept = reading.read(written(tmp_path, "facts.txt", text), "facts.txt", limit=LIMIT)

    assert [block.text for block in kept.blocks] == text.split("\n\n")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bomb.docx", zipped({"word/document.xml": "a" * 60_000_000}), "it unpacks to more than a document would hold"),
        ("deep.html", "<div>" * 100_000, "nested too deeply"),
        ("broken.pdf", pdf("x")[:-100], "not a PDF that can be read"),
        ("slow.html", "<script " * 60_000, "takes longer than 1 seconds"),
    ],
)
def test_a_hostile_file_is_refused_and_the_next_one_is_read(
    tmp_path: Path, reading: Reading, name: str, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        reading.read(written(tmp_path, name, content), name, limit=LIMIT)

    assert (
        reading.read(written(tmp_path, "good.html", "<p>Fine.</p>"), "good.html", limit=LIMIT).blocks[0].text == "Fine."
    )


def test_a_file_that_swells_is_refused(tmp_path: Path, opened: Callable[..., Reading]) -> None:
    reading = opened(megabytes=128)
    path = written(tmp_path, "wide.txt", "a\n\n" * 8_000_000)

    with pytest.raises(InputError, match="too much memory"):
        reading.read(path, path.name, limit=LIMIT)


def test_a_reader_that_dies_is_replaced(tmp_path: Path, opened: Callable[..., Reading]) -> None:
    body = """
    if "read" in request and "bad" in request["read"]:
        os.kill(os.getpid(), 11)
    if "read" in request:
        line.say(refused="reached")
    """
    reading = opened(script=worker(tmp_path, textwrap.dedent(body)))

    for name, sentence in (("bad.pdf", "was lost .signal 11"), ("good.pdf", "reached"), ("bad.pdf", "was lost")):
        with pytest.raises(InputError, match=sentence):
            reading.read(written(tmp_path, name, "x"), name, limit=LIMIT)


def test_a_reader_that_hangs_is_ended(tmp_path: Path, opened: Callable[..., Reading]) -> None:
    reading = opened(patience=0.01, script=worker(tmp_path, "pass"))

    with pytest.raises(InputError, match="takes too long"):
        reading.read(written(tmp_path, "a.pdf", "x"), "a.pdf", limit=LIMIT)


def test_a_reader_can_open_nothing_else(tmp_path: Path, opened: Callable[..., Reading]) -> None:
    body = f"""
    if "path" in request:
        from edge_assistant.adapters import reader_worker
        reader_worker.preload()
        most = reader_worker.confine(768)
        continue
    from edge_assistant.knowledge import readers
    def reader(content):
        tries = []
        look, write = lambda: open({str(tmp_path / "secret")!r}), lambda: open({str(tmp_path / "new")!r}, "w")
        for attempt in (socket.socket, look, write, os.pipe):
            try:
                attempt()
                tries.append("opened")
            except OSError as error:
                tries.append(error.strerror)
        raise readers.InputError(", ".join(tries))
    readers.READERS[".pdf"] = reader
    for frame in reader_worker.answer(request, most):
        line.say(**frame)
    """
    written(tmp_path, "secret", "x")
    reading = opened(script=worker(tmp_path, textwrap.dedent(body)))

    with pytest.raises(InputError, match=": " + ", ".join(["Too many open files"] * 4) + "$"):
        reading.read(written(tmp_path, "a.pdf", "x"), "a.pdf", limit=LIMIT)


def test_a_reader_is_given_no_environment(
    tmp_path: Path, opened: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_SECRET", "x")
    body = 'if "read" in request:\n    line.say(refused=" ".join(sorted(os.environ)))\n'
    reading = opened(script=worker(tmp_path, body))

    with pytest.raises(InputError) as caught:
        reading.read(written(tmp_path, "a.pdf", "x"), "a.pdf", limit=LIMIT)

    assert not {name for name in str(caught.value).split() if not name.startswith(("GGML_", "GOMP_", "LC_"))}


def test_we_stay_small_while_a_bomb_is_read(tmp_path: Path, reading: Reading) -> None:
    path = written(tmp_path, "bomb.epub", zipped({"a.xhtml": "a" * 100_000_000}))
    reading.read(written(tmp_path, "warm.html", "<p>a</p>"), "warm.html", limit=LIMIT)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InputError):
        reading.read(path, path.name, limit=LIMIT)

    assert os.stat(path).st_size < 150_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000
