"""A process may be killed at any moment: what it acknowledged is there, and everything belongs together."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge_assistant.knowledge.store import Store
from edge_assistant.storage.database import Database
from tests.bag_of_words import library
from tests.faults import kills


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_few_kills_lose_nothing_and_leave_nothing_half(tmp_path: Path, seed: int) -> None:
    _, wrong = kills.run(tmp_path, 10, seed)

    assert wrong == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_injector_notices_rows_that_are_written_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def one_by_one(database: Database) -> Iterator[sqlite3.Connection]:
        yield database.connection

    library(tmp_path)
    monkeypatch.setattr(Database, "transaction", one_by_one)

    assert any(kills.run(tmp_path, 10, seed)[1] for seed in range(5))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_injector_notices_words_that_come_too_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that acknowledges before it has written loses what it promised."""
    monkeypatch.setattr(Store, "replace", lambda *given: ([], []))

    assert any(kills.run(tmp_path, 5, seed)[1] for seed in range(5))


@pytest.mark.faults
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_thousand_kills_lose_nothing_and_leave_nothing_half(tmp_path: Path) -> None:
    _, wrong = kills.run(tmp_path, int(os.environ.get("KILLS", "2000")), seed=int(os.environ.get("SEED", "1")))

    assert wrong == []
