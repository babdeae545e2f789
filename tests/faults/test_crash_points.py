"""Whatever a process was about to do when it died, nothing is half, and no index has to be made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.knowledge.snapshots import Current, Snapshots
from tests.faults import crash_points

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("point", crash_points.POINTS)
def test_a_crash_at_this_moment_leaves_nothing_half(tmp_path: Path, point: str) -> None:
    assert crash_points.run(tmp_path, point, 2, seed=1) == []


@pytest.mark.parametrize("point", ["after it is written, before it is on the disk", "after it is on the disk"])
def test_an_index_that_is_written_in_its_place_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def in_place(snapshots: Snapshots, current: Current, stamp: str, dimension: int) -> None:
        snapshots._folder.mkdir(exist_ok=True)
        digest = current.index.write(snapshots._folder / "index.faiss")
        with snapshots._store.database.transaction() as connection:
            connection.execute("DELETE FROM snapshots")
            connection.execute(
                "INSERT INTO snapshots(stamp, generation, file, sha256, total, dimension) VALUES (?, ?, ?, ?, ?, ?)",
                (stamp, current.generation, "index.faiss", digest, len(current.index.ids), dimension),
            )

    monkeypatch.setattr(Snapshots, "save", in_place)

    assert any("damaged" in sentence for sentence in crash_points.run(tmp_path, point, 5, seed=1))


@pytest.mark.faults
@pytest.mark.parametrize("point", crash_points.POINTS)
def test_fifty_crashes_at_this_moment_leave_nothing_half(tmp_path: Path, point: str) -> None:
    assert crash_points.run(tmp_path, point, 50, seed=int(os.environ.get("SEED", "1"))) == []
