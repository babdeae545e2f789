"""The power may go at any system call: what was promised is there, and no file is corrupt."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from edge_assistant.knowledge import snapshots
from tests.faults import power_cuts, traces
from tests.faults.disks import Disk, File
from tests.faults.power_cuts import Outcome
from tests.faults.traces import Call

Cut = Callable[..., Outcome]
SEED = int(os.environ.get("SEED", "1"))
CUTS = int(os.environ.get("CUTS", "500"))


@pytest.fixture
def cut(tmp_path: Path) -> Cut:
    """Let a home work, a part of it carelessly, and cut its power so many times."""
    if reason := traces.refused():
        pytest.skip(reason)

    def cut(times: int, steps: int, weak: str | None = None) -> Outcome:
        done = power_cuts.recorded(tmp_path, SEED, steps, weak)
        assert power_cuts.differences(tmp_path / "home", done) == []
        return power_cuts.run(tmp_path / "home", done, times, SEED)

    return cut


@pytest.mark.faults
def test_power_cuts_lose_nothing_that_was_promised(cut: Cut) -> None:
    outcome = cut(CUTS, 300)

    assert outcome.wrong == []
    assert outcome.rebuilt == 0


@pytest.mark.faults
@pytest.mark.parametrize(
    ("weak", "sentence"), [("outbox", "actions of"), ("assistant", "Damaged: "), ("settled", "the state is")]
)
def test_a_careless_database_is_noticed(cut: Cut, weak: str, sentence: str) -> None:
    assert any(sentence in wrong for wrong in cut(60, 80, weak).wrong)


@pytest.mark.faults
def test_a_careless_index_is_made_again(cut: Cut) -> None:
    outcome = cut(60, 80, "index")

    assert outcome.wrong == []
    assert outcome.rebuilt


@pytest.mark.faults
def test_a_careless_index_without_its_hash_is_noticed(cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    class Anything(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    monkeypatch.setattr(snapshots, "sha256", lambda stream: Anything())

    assert any("other vectors" in sentence for sentence in cut(100, 80, "index").wrong)


def test_a_disk_keeps_what_was_synced_and_any_part_of_the_rest() -> None:
    file = File(bytearray(b"a" * 1024))
    file.waiting += [(0, b"b" * 1024), (1024, b"c" * 512), (700, None)]
    disk = Disk()
    disk.name(("kept", file))
    disk.sync_folder()

    found = {disk.crash(Random(seed))["kept"] for seed in range(500)}

    assert {b"a" * 1024, b"b" * 700, b"b" * 512 + b"a" * 512, b"a" * 1024 + b"c" * 512} <= found
    file.sync()
    assert {disk.crash(Random(seed))["kept"] for seed in range(50)} == {b"b" * 700}


def test_a_disk_keeps_names_in_the_order_in_which_they_changed() -> None:
    old, fresh = File(bytearray(b"old")), File(bytearray(b"fresh"))
    disk = Disk()
    disk.name(("name", old))
    disk.sync_folder()
    disk.name((".fresh", fresh))
    disk.rename(".fresh", "name")

    found = {tuple(sorted(disk.crash(Random(seed)).items())) for seed in range(50)}

    assert found == {(("name", b"old"),), ((".fresh", b"fresh"), ("name", b"old")), (("name", b"fresh"),)}


def test_calls_of_two_threads_are_told_apart() -> None:
    lines = [
        r'7 pwrite64(3<\x2f\x68\x2f\x61>, "\x61\x62", 2, 4 <unfinished ...>',
        r"8 fsync(4<\x2f\x68\x2f\x62>) = -1 EIO (Input/output error)",
        "7 <... pwrite64 resumed>) = 1",
    ]

    assert [*traces.calls(iter(lines))] == [Call("pwrite64", [r"3<\x2f\x68\x2f\x61>", r'"\x61\x62"', "2", "4"], 1)]
