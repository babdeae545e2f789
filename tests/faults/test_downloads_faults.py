"""A fetch that is cut, lied to, starved or killed goes on or is refused; a wrong file never gets the name."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from edge_assistant.adapters.downloads import pull
from edge_assistant.adapters.web import ATTEMPTS, Transfer
from edge_assistant.errors import DownloadError, StorageError
from edge_assistant.models.catalog import ModelFile
from tests.certificates import Authority
from tests.file_server import COMMIT, HUB, Hub, serving
from tests.tiny_gguf import tiny_gguf

WEIGHTS = tiny_gguf(os.urandom(300_000))
OTHER = tiny_gguf(os.urandom(300_000))
PAGE = b"<!DOCTYPE html><html>Please sign in</html>"
TENTHS = [len(WEIGHTS) * tenth // 10 for tenth in range(1, 10)]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({}, WEIGHTS) as server:
        yield server


def model(data: bytes = WEIGHTS) -> ModelFile:
    digest = hashlib.sha256(data).hexdigest()
    source = f"hf:me/mine@{COMMIT}/mine.gguf"
    return ModelFile(name="mine", file="mine.gguf", size=len(data), sha256=digest, sources=(source,))


def transfer(hub: Hub, pauses: list[float], patience: float = 5.0) -> Transfer:
    return Transfer(f"{hub.endpoint}/files/mine.gguf", patience=patience, pause=pauses.append)


def fetch(transfer: Transfer, folder: Path) -> bytes:
    """Fetch into a partial file, and return what is in it afterwards."""
    target = folder / "mine.gguf.part"
    transfer.fetch(target, len(WEIGHTS), lambda done: None)
    return target.read_bytes()


@pytest.mark.parametrize("cut", TENTHS)
def test_a_cut_at_any_tenth_is_taken_up_there(hub: Hub, tmp_path: Path, cut: int) -> None:
    hub.cuts = [cut]

    path = pull(model(), tmp_path, environment=hub.environment)

    assert path.read_bytes() == WEIGHTS
    assert hub.asked[-1][2] == f"bytes={cut}-"


def test_a_connection_that_breaks_at_every_tenth_still_ends(hub: Hub, tmp_path: Path) -> None:
    pauses: list[float] = []
    hub.cuts = list(TENTHS)

    assert fetch(transfer(hub, pauses), tmp_path) == WEIGHTS
    assert [wanted for _, _, wanted in hub.asked] == [None, *(f"bytes={cut}-" for cut in TENTHS)]
    assert pauses == [0.0] * len(TENTHS)


def test_a_connection_that_always_breaks_there_is_given_up_and_continued_another_day(hub: Hub, tmp_path: Path) -> None:
    pauses: list[float] = []
    hub.cuts = [TENTHS[4]] * 50

    with pytest.raises(DownloadError, match=r"127\.0\.0\.1: "):
        fetch(transfer(hub, pauses), tmp_path)
    left = (tmp_path / "mine.gguf.part").read_bytes()
    hub.cuts = []

    assert left == WEIGHTS[: TENTHS[4]]
    assert len(pauses) == ATTEMPTS - 1
    assert fetch(transfer(hub, pauses), tmp_path) == WEIGHTS


def test_a_server_that_breaks_before_the_first_byte_is_not_waited_for(hub: Hub, tmp_path: Path) -> None:
    pauses: list[float] = []
    hub.cuts = [0]

    with pytest.raises(DownloadError):
        fetch(transfer(hub, pauses), tmp_path)

    assert (pauses, len(hub.asked)) == ([], 1)


@pytest.mark.parametrize("page", [PAGE, PAGE.ljust(len(WEIGHTS))])
def test_a_page_instead_of_the_file_is_refused(hub: Hub, tmp_path: Path, page: bytes) -> None:
    hub.content, hub.promised, hub.published = page, len(WEIGHTS), False
    old = tmp_path / "mine.gguf"
    old.write_bytes(OTHER)

    with pytest.raises(DownloadError, match=r"under that name|is a web page, not a model"):
        pull(model(), tmp_path, environment=hub.environment)

    assert old.read_bytes() == OTHER


@pytest.mark.parametrize("length", [len(WEIGHTS) - 32, len(WEIGHTS) + 32])
def test_another_size_is_refused(hub: Hub, tmp_path: Path, length: int) -> None:
    hub.content, hub.promised = WEIGHTS.ljust(length)[:length], len(WEIGHTS)

    with pytest.raises(DownloadError, match=f"it has {length} bytes under that name instead of {len(WEIGHTS):,}"):
        fetch(transfer(hub, []), tmp_path)


def test_more_than_was_promised_is_not_kept(hub: Hub, tmp_path: Path) -> None:
    hub.lengthless, hub.extra = True, bytes(100_000)

    with pytest.raises(DownloadError, match=f"it sends more than the {len(WEIGHTS):,} bytes that the file has"):
        fetch(transfer(hub, []), tmp_path)

    assert (tmp_path / "mine.gguf.part").stat().st_size == 0


def test_a_length_that_nobody_tells_is_that_of_the_list(hub: Hub, tmp_path: Path) -> None:
    hub.lengthless, hub.cuts = True, [TENTHS[2]]

    assert fetch(transfer(hub, []), tmp_path) == WEIGHTS


def test_other_bytes_of_the_right_size_are_refused_by_their_hash(hub: Hub, tmp_path: Path) -> None:
    hub.content, hub.published, hub.tag = OTHER, False, "v1"
    old = tmp_path / "mine.gguf"
    old.write_bytes(b"GGUF the old one")

    with pytest.raises(DownloadError, match="what came has the wrong SHA-256"):
        pull(model(), tmp_path, environment=hub.environment)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"mine.gguf": b"GGUF the old one"}


def test_redirects_in_a_circle_end(hub: Hub, tmp_path: Path) -> None:
    hub.redirects = {"/files/mine.gguf": "/files/other.gguf", "/files/other.gguf": "/files/mine.gguf"}

    with pytest.raises(DownloadError, match="it redirects more than 5 times"):
        fetch(transfer(hub, []), tmp_path)


def test_a_redirect_to_what_is_not_https_is_not_followed(hub: Hub, tmp_path: Path) -> None:
    with serving({}, WEIGHTS) as elsewhere:
        hub.redirects = {"/files/mine.gguf": f"{elsewhere.endpoint}/files/mine.gguf"}

        with pytest.raises(DownloadError, match="it redirects to an address that is not https"):
            fetch(transfer(hub, []), tmp_path)

        assert elsewhere.asked == []


def test_a_storage_behind_the_hub_is_not_shown_the_token(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with serving({}, WEIGHTS, authority.sign("server", "IP:127.0.0.1")) as storage:
        hub.redirects = {f"{HUB}mine.gguf": f"{storage.endpoint}/files/mine.gguf"}
        asked = Transfer(f"{hub.endpoint}{HUB}mine.gguf", headers={"authorization": "Bearer secret"})

        assert fetch(asked, tmp_path) == WEIGHTS
        assert (hub.authorized, storage.authorized) == (["Bearer secret"], [None])


def test_a_server_without_ranges_begins_again(hub: Hub, tmp_path: Path) -> None:
    hub.cuts, hub.ranges = [TENTHS[6]], False

    assert fetch(transfer(hub, []), tmp_path) == WEIGHTS
    assert hub.asked[-1][2] == f"bytes={TENTHS[6]}-"


@pytest.mark.parametrize("careless", [False, True])
def test_two_versions_of_a_file_are_never_mixed(hub: Hub, tmp_path: Path, careless: bool) -> None:
    hub.cuts = [TENTHS[4]] * ATTEMPTS
    with pytest.raises(DownloadError):
        fetch(transfer(hub, []), tmp_path)
    hub.cuts, hub.content, hub.careless = [], OTHER, careless

    assert fetch(transfer(hub, []), tmp_path) == OTHER


def test_a_part_that_the_server_does_not_have_is_asked_for_from_the_start(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [TENTHS[8]] * ATTEMPTS
    with pytest.raises(DownloadError):
        fetch(transfer(hub, []), tmp_path)
    hub.cuts, hub.content, hub.careless = [], OTHER[: TENTHS[2]], True

    with pytest.raises(DownloadError, match=f"it has {TENTHS[2]} bytes under that name instead"):
        fetch(transfer(hub, []), tmp_path)


def test_a_silent_server_is_left_and_the_file_continued(hub: Hub, tmp_path: Path) -> None:
    hub.cuts, hub.silence = [TENTHS[3]], threading.Event()

    assert fetch(transfer(hub, [], patience=0.3), tmp_path) == WEIGHTS
    assert hub.asked[-1][2] == f"bytes={TENTHS[3]}-"


def test_a_busy_server_is_given_the_time_that_it_asks_for(hub: Hub, tmp_path: Path) -> None:
    pauses: list[float] = []
    hub.cuts, hub.answers = [TENTHS[3]], [200, 503, 429]

    assert fetch(transfer(hub, pauses), tmp_path) == WEIGHTS
    assert pauses == [0.0, 7.0, 7.0]


def test_a_refusal_is_final(hub: Hub, tmp_path: Path) -> None:
    pauses: list[float] = []
    hub.answers = [403]

    with pytest.raises(DownloadError, match=r"127\.0\.0\.1: it says 403 Forbidden$"):
        fetch(transfer(hub, pauses), tmp_path)

    assert pauses == []


@pytest.fixture
def disk_size() -> str:
    return "400k"


def test_a_full_disk_is_said_and_the_file_continued_when_there_is_room(hub: Hub, disk: Path) -> None:
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(200_000))

    with pytest.raises(StorageError, match=r"^mine needs 0 MB, and 0 MB are free in"):
        pull(model(), disk, environment=hub.environment)
    with pytest.raises(StorageError, match=r"no space left on device$"):
        pull(model(), disk, environment=hub.environment, free=lambda folder: 10**9)
    left = (disk / ".mine.gguf.part").stat().st_size
    ballast.unlink()

    assert pull(model(), disk, environment=hub.environment).read_bytes() == WEIGHTS
    assert 0 < left < len(WEIGHTS)
    assert hub.asked[-1][2] == f"bytes={left}-"


CHILD = """
import sys
from pathlib import Path
from edge_assistant.adapters.downloads import pull
from edge_assistant.models.catalog import ModelFile
model = ModelFile.model_validate_json(sys.argv[1])
pull(model, Path(sys.argv[2]), lambda done, total: print(done, flush=True))
"""


def pulling(hub: Hub, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, model().model_dump_json(), str(folder)]
    return subprocess.Popen(command, env=hub.environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.faults
def test_twenty_kills_leave_the_old_file_or_the_new_one(hub: Hub, tmp_path: Path) -> None:
    random, target = Random(5), tmp_path / "mine.gguf"
    target.write_bytes(b"GGUF the old one")
    stops = sorted(random.sample(range(1, len(WEIGHTS)), 20))

    for stop in stops:
        hub.cuts = [stop, *[stop] * ATTEMPTS]
        with pulling(hub, tmp_path) as child:
            assert child.stdout is not None
            for line in child.stdout:
                if int(line) >= stop:
                    break
            child.kill()
        assert target.read_bytes() == b"GGUF the old one"
        assert (tmp_path / ".mine.gguf.part").read_bytes() == WEIGHTS[:stop]
    hub.cuts = []
    with pulling(hub, tmp_path) as child:
        child.communicate()

    assert (child.returncode, target.read_bytes()) == (0, WEIGHTS)
    assert hub.asked[-1][2] == f"bytes={stops[-1]}-"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.gguf"]
