"""What NVIDIA's library says of a card: a stand-in for it, found where the real one would be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from edge_assistant.adapters.nvml import Nvml
from edge_assistant.models.board import Graphics

LIBRARY = """
from types import SimpleNamespace
class NVMLError(Exception): ...
def nvmlInit():
    if {driver}: return
    raise NVMLError("no driver")
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetName(card): return "Card"
def nvmlDeviceGetTemperature(card, sensor): return 51
def nvmlDeviceGetMemoryInfo(card):
    if {memory}: return SimpleNamespace(free=7_000_000_000)
    raise NVMLError("not supported")
"""


@pytest.mark.parametrize(
    ("driver", "memory", "said"),
    [
        (True, True, Graphics("Card", 7_000_000_000, 51.0)),
        (True, False, Graphics("Card", None, 51.0)),  # a Jetson
        (False, True, None),
    ],
)
def test_a_card_says_what_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, memory: bool, said: Graphics | None
) -> None:
    (tmp_path / "pynvml.py").write_text(LIBRARY.format(driver=driver, memory=memory))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)

    asked = Nvml()

    assert [asked(), asked()] == [said, said]
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)


def test_without_the_library_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pynvml.py").write_text("raise ImportError('not installed')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)

    assert Nvml()() is None
