"""The shape of what benches print; their numbers are no matter of a test."""

from __future__ import annotations

import json

import pytest

from bench import engine
from bench.result import Result, report
from scripts import benchmarks


def test_a_bench_ends_with_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    report("Pace", ("way", "seconds"), [("walking", 4), ("running", 2)], Result("pace", 2.0, 4.0, "s", "lower"))

    *table, last = capsys.readouterr().out.splitlines()
    assert table[:4] == ["Pace", "", "| way     | seconds |", "| ------- | ------- |"]
    assert json.loads(last) == {
        "bench": "pace",
        "ours": 2.0,
        "peer": 4.0,
        "ratio": 0.5,
        "unit": "s",
        "better": "lower",
    }


def test_the_engine_bench_measures_both_ways_in_one_run(capsys: pytest.CaptureFixture[str]) -> None:
    engine.main(rounds=3)

    measured = benchmarks.read(capsys.readouterr().out)
    assert measured.result["bench"] == "engine"
    assert measured.result["unit"] == "ms per query"
    assert "the rule tier, through the engine" in measured.table


def test_every_bench_is_found_and_no_helper() -> None:
    assert {"engine", "startup"} <= set(benchmarks.benches())
    assert "result" not in benchmarks.benches()


def test_the_page_has_every_table_and_says_it_is_written() -> None:
    line = Result("pace", 2.0, 4.0, "s", "lower").line()
    measured = benchmarks.read(f"Pace\n\n| way |\n| --- |\n| walking |\n\n{line}\n")

    page = benchmarks.page([measured], "a small machine")

    assert "nothing in it is typed by hand" in page
    assert "Machine: a small machine." in page
    assert "| pace | 2.0 | 4.0 | 0.5 | s | lower |" in page
    assert "## Pace\n\n| way |\n| --- |\n| walking |\n" in page
