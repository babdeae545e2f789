"""An index file that was changed in any way is never searched: it is noticed, and made again from the rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from edge_assistant.knowledge import snapshots
from edge_assistant.knowledge.library import Library
from tests.bag_of_words import heating, library


def mutated(content: bytes, random: Random) -> bytes:
    """Return other bytes: flipped, cut, grown, zeroed, swapped or shuffled, as disks and power cuts do it."""
    spoilt = bytearray(content)
    place, length = random.randrange(len(content)), random.randint(1, 4096)
    kind = random.randrange(6)
    if kind == 0:
        spoilt[place] ^= 1 << random.randrange(8)
    elif kind == 1:
        del spoilt[place:]
    elif kind == 2:
        spoilt[place : place + length] = bytes(len(spoilt[place : place + length]))
    elif kind == 3:
        spoilt[place:place] = random.randbytes(length)
    elif kind == 4:
        del spoilt[place : place + length]
    else:
        spoilt[place : place + length] = random.randbytes(len(spoilt[place : place + length]))
    return bytes(spoilt)


def mutants(content: bytes, count: int, seed: int) -> Iterator[bytes]:
    random = Random(seed)
    while count:
        spoilt = mutated(content, random)
        if spoilt != content:
            count -= 1
            yield spoilt


@pytest.fixture
def settled(tmp_path: Path) -> Library:
    kept = library(tmp_path)
    kept.add(heating())
    kept.settle()
    return kept


def undetected(kept: Library, folder: Path, count: int, seed: int) -> int:
    """Return how many of so many damaged files pass for sound."""
    (file,) = (folder / "index").glob("*.faiss")
    content = file.read_bytes()
    missed = 0
    for spoilt in mutants(content, count, seed):
        file.write_bytes(spoilt)
        missed += not any("damaged" in sentence for sentence in kept.verify())
    file.write_bytes(content)
    return missed


def test_damaged_index_files_are_noticed(settled: Library, tmp_path: Path) -> None:
    assert settled.verify() == []
    assert undetected(settled, tmp_path, 200, seed=1) == 0
    assert settled.verify() == []


@pytest.mark.faults
def test_ten_thousand_damaged_index_files_are_noticed(settled: Library, tmp_path: Path) -> None:
    assert undetected(settled, tmp_path, 10_000, seed=int(os.environ.get("SEED", "1"))) == 0


def test_searching_a_damaged_index_finds_what_the_rows_hold(settled: Library, tmp_path: Path) -> None:
    (file,) = (tmp_path / "index").glob("*.faiss")
    for spoilt in mutants(file.read_bytes(), 20, seed=2):
        file.write_bytes(spoilt)

        again = library(tmp_path)

        assert again.find("the pump", 1, "en")[0].cosine is not None
        assert sorted(again.indexed()) == [1, 2, 3]
        assert again.verify() == []
        again.store.database.close()
        (file,) = (tmp_path / "index").glob("*.faiss")


def test_without_the_checksum_damage_would_go_unnoticed(
    settled: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = settled.store.database.row("SELECT sha256 FROM snapshots")
    assert digest is not None
    monkeypatch.setattr(snapshots, "sha256", lambda stream: digest["sha256"])

    assert undetected(settled, tmp_path, 20, seed=1)
