"""The rule that docs/rules.md has you write in five minutes is written here as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge_assistant.interfaces.cli import command
from edge_assistant.phrasing.stage import ACTING, ASKING
from edge_assistant.rules.slot_checks import CHECKS

PAGE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rule, twin = blocks("yaml")
    for folder, text in (("my-rules", rule), ("my-tests", twin)):
        (tmp_path / folder / "en").mkdir(parents=True)
        (tmp_path / folder / "en" / "evening.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "config.toml").write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_show_what_it_says(written: Path) -> None:
    asked = re.findall(r'\$ edge-assistant rules match "([^"]+)"\n(.+)\n', blocks("console")[0])

    for said, shown in asked:
        result = CliRunner().invoke(command, ["--home", str(written), "rules", "match", said])

        assert result.output == shown + "\n"
    assert len(asked) == 2


def test_the_twin_test_of_the_page_passes(written: Path) -> None:
    result = CliRunner().invoke(command, ["--home", str(written), "rules", "test", "my-tests", "--language", "en"])

    assert result.exit_code == 0, result.output
    assert "5 sentences, 0 wrong" in result.output


def test_every_check_that_the_page_names_exists_and_none_is_left_out() -> None:
    from edge_assistant.skills import CHECKS as OURS

    named = set(re.findall(r"`(\w+)`", PAGE.partition("needs a `check`")[2].partition("\n")[0]))

    assert named == {*CHECKS, *OURS}


def test_the_page_says_from_which_probability_on_something_is_done() -> None:
    assert f"From a probability of {ACTING} on it is done, from {ASKING} on you are asked first" in PAGE
