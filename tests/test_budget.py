"""What one question costs a whole process, beyond its answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEGABYTES = 110
"""Peak memory of a question that a rule answers: a Raspberry Pi with 512 MB keeps room for its other work."""
ASK = r"""
import json, re, sys
from edge_assistant.interfaces.cli import main
sys.argv = ["edge-assistant", "--home", sys.argv[1], "ask", sys.argv[2], "--json"]
try:
    main()
finally:
    # not getrusage: its peak is that of the test runner, from before this program was started
    peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) / 1024
    json.dump({"peak": peak, "modules": sorted(sys.modules)}, sys.stderr)
"""


@pytest.mark.parametrize("question", ["turn on the kitchen light", "打开厨房的灯"])
def test_a_rule_wakes_no_machine_it_does_not_need(tmp_path: Path, question: str) -> None:
    command = [sys.executable, "-c", ASK, str(tmp_path), question]
    subprocess.run(command, capture_output=True, check=True)

    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    spent = json.loads(ran.stderr)
    assert json.loads(ran.stdout)["tier"] == "rules"
    assert {"llama_cpp", "faiss", "onnxruntime", "tokenizers", "httpx", "textual", "numpy", "sqlite_utils"}.isdisjoint(
        spent["modules"]
    )
    assert spent["peak"] <= MEGABYTES


def test_a_document_wakes_no_model_and_no_network(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASK, str(tmp_path), "how do I reset the router?"]

    ran = subprocess.run(command, capture_output=True, text=True, check=True)

    assert json.loads(ran.stdout)["tier"] == "knowledge"
    assert {"llama_cpp", "httpx", "textual"}.isdisjoint(json.loads(ran.stderr)["modules"])
