"""The scripts in `examples` do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.papers import pdf

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_a_manual_is_loaded_and_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pump.pdf").write_bytes(pdf("The pump weighs 40 kilograms.", "The pump is oiled once a year."))
    load = runpy.run_path(str(EXAMPLES / "load_a_manual.py"))["main"]

    load(tmp_path / "pump.pdf", ["How much does the pump weigh?"], tmp_path / "home")

    shown = capsys.readouterr()
    assert "1 added" in shown.err
    assert "40 kilograms" in shown.out
    assert "pump.pdf#page-1" in shown.out
