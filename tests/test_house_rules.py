"""What importing costs: the promises that the static import contracts cannot prove."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp",
    "aiomqtt",
    "bs4",
    "faiss",
    "hassil",
    "httpx",
    "huggingface_hub",
    "llama_cpp",
    "mammoth",
    "markdown_it",
    "numpy",
    "onnxruntime",
    "paho",
    "pypdf",
    "rich",
    "sqlite_utils",
    "textual",
    "tokenizers",
    "watchfiles",
}


@pytest.mark.parametrize(
    "statement",
    [
        "import edge_assistant",
        "from edge_assistant import Assistant, ask",
        "import edge_assistant.engine",
        "import edge_assistant.interfaces.cli.ask",
        "import edge_assistant.interfaces.cli.chat",
        "import edge_assistant.interfaces.cli.kb",
        "import edge_assistant.interfaces.cli.models",
    ],
)
def test_importing_the_house_does_not_wake_the_machines(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert HEAVY.isdisjoint(loaded)
