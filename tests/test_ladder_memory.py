"""Less memory than a model needs: the ladder steps down, and the smaller model answers. Real models, real limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.control_groups import group

pytestmark = pytest.mark.model
SCRIPT = Path(__file__).with_name("ladder_in_a_group.py")


@pytest.fixture
def home(tmp_path: Path, weights: Callable[[str], Path]) -> Path:
    """A home with two models and nothing else."""
    folder = tmp_path / "home" / "models"
    folder.mkdir(parents=True)
    for name in ("smollm2-135m", "qwen2.5-coder-0.5b"):
        (folder / weights(name).name).symlink_to(weights(name))
    return folder.parent


def test_in_a_group_with_too_little_memory_the_smaller_model_answers(home: Path) -> None:
    (home / "config.toml").write_text('tiers = ["device"]\n[device]\nreserve = 0\nmax_tokens = 12\n')
    asked = ["-m", "edge_assistant", "--home", str(home), "ask", "write a poem about rain", "--json"]

    with group(megabytes=600) as small:
        ended = small.run(asked, seconds=240)

    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["text"]
    attempt = answer["trace"][0]  # below the threshold it leaves a draft, which nobody betters
    assert attempt["reason"].startswith("smollm2-135m ")
    assert "qwen2.5-coder-0.5b needs" in attempt["reason"]
    assert "MB are free" in attempt["reason"]


def test_a_model_that_the_kernel_kills_makes_place_for_a_smaller_one(home: Path) -> None:
    with group(megabytes=380) as small:
        ended = small.run([str(SCRIPT), str(home)], seconds=240)

    assert ended.returncode == 0, ended.stderr
    first, second, third = map(json.loads, ended.stdout.splitlines())
    assert first == {"asked": "qwen2.5-coder-0.5b", "why": "", "died": "killed"}
    assert second["asked"] == "smollm2-135m"
    assert second["why"] == "qwen2.5-coder-0.5b was killed, probably for want of memory"
    assert second["said"]
    assert third["asked"] == "smollm2-135m"
