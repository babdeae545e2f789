"""What the pages show is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge_assistant.config import Config

ROOT = Path(__file__).parents[1]


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def at_home(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "EDGE_ASSISTANT_HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def masked(text: str) -> list[str]:
    """Return the lines without what differs each time."""
    return [re.sub(r"\d+(\.\d)? m?s\b|\b[0-9a-f]{8}\b", "…", line) for line in text.splitlines()]


def test_the_session_on_the_front_page_is_a_real_one(home: Path) -> None:
    prompt, *shown = blocks("README.md", "console")[0].splitlines()

    ran = at_home(home, "bash", "-c", prompt.removeprefix("$ "))

    told = masked(ran.stderr)
    assert masked("\n".join(shown)) == [told[0], *ran.stdout.splitlines(), *told[1:]]


def test_the_python_on_the_front_page_runs(home: Path) -> None:
    code = blocks("README.md", "python")[0] + "\nimport asyncio\nasyncio.run(main())\n"

    ran = at_home(home, sys.executable, "-c", code)

    assert ran.returncode == 0, ran.stderr
    assert "84" in ran.stdout
    assert "Answer(text=" in ran.stdout


def test_the_settings_page_shows_a_file_that_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(blocks("docs/settings.md", "toml")[0], encoding="utf-8")

    assert Config.read(path).cloud.endpoints[0].model == "deepseek-chat"


@pytest.mark.parametrize(
    "page", [str(page.relative_to(ROOT)) for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))]
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))

    assert [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()] == []


def test_the_command_line_that_the_front_page_names_exists() -> None:
    text = "\n".join(blocks("README.md", "sh"))

    commands = re.findall(r"edge-assistant (\w+)", text)
    listed = subprocess.run(
        [sys.executable, "-m", "edge_assistant", "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert commands
    assert all(re.search(rf"^  {command} ", listed, re.MULTILINE) for command in commands)
