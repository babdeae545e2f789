"""The main job with the network cut: a namespace in which not even loopback is up."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CUT = ["unshare", "--net", "--map-root-user"]


@pytest.fixture(scope="module")
def cut() -> list[str]:
    """The command that takes the network away; a machine that forbids it says so."""
    if shutil.which("unshare") is None:
        pytest.skip("not run: unshare (util-linux) is not installed")
    tried = subprocess.run([*CUT, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"not run: {tried.stderr.strip()}")
    return CUT


def asked(cut: list[str], home: Path, question: str, *flags: str) -> dict[str, object]:
    command = [*cut, sys.executable, "-m", "edge_assistant", "--home", str(home), "ask", question, "--json", *flags]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, object] = json.loads(ran.stdout)
    return told


@pytest.mark.parametrize("question", ["turn on the kitchen light", "打开厨房的灯"])
def test_rules_act_with_the_network_cut(cut: list[str], tmp_path: Path, question: str) -> None:
    assert asked(cut, tmp_path, question)["tier"] == "rules"


@pytest.mark.parametrize("question", ["how do I reset the router?", "怎么把路由器恢复出厂设置？"])
def test_the_starter_knowledge_answers_with_the_network_cut(cut: list[str], home: Path, question: str) -> None:
    told = asked(cut, home, question)

    assert told["tier"] == "knowledge"
    assert told["sources"]


@pytest.mark.model
@pytest.mark.parametrize("question", ["write two lines about rain", "写两句关于雨的话"])
def test_the_device_model_speaks_with_the_network_cut(cut: list[str], home_with_model: Path, question: str) -> None:
    told = asked(cut, home_with_model, question)

    assert told["tier"] == "device"
    assert told["text"]
