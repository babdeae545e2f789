from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge_assistant.interfaces.cli import command


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, ["--home", str(home), "rules", *arguments])


def with_rules(home: Path, text: str) -> Path:
    folder = home / "mine"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "mine.yaml").write_text(text, encoding="utf-8")
    (home / "config.toml").write_text(f"[rules]\nfolders = ['{folder}']\n", encoding="utf-8")
    return folder


def test_list_counts_intents_and_names_files_and_languages(tmp_path: Path) -> None:
    shown = json.loads(run(tmp_path, "list", "--json").output)

    assert set(shown) == {"en", "zh"}
    assert shown["en"]["intents"]["HassTurnOn"] > 20
    assert any(file.endswith("lights.yaml") for file in shown["zh"]["files"])
    assert shown["en"]["skipped"] == []


def test_list_tells_which_file_is_not_in_use(tmp_path: Path) -> None:
    with_rules(tmp_path, "intents: [")

    shown = run(tmp_path, "list", "--language", "en")

    assert shown.exit_code == 0
    assert "not in use: mine.yaml:1: " in shown.output


def test_match_shows_the_meaning_and_with_why_the_template(tmp_path: Path) -> None:
    plain = run(tmp_path, "match", "turn on the kitchen light")
    explained = run(tmp_path, "match", "打开厨房灯", "--why")
    roomy = run(tmp_path, "match", "lights on", "--area", "Kitchen")

    assert plain.output == "intent HassTurnOn: name=Kitchen light\n"
    assert "chosen: intent HassTurnOn: name=厨房灯" in explained.output
    assert "devices.yaml:" in explained.output
    assert "area=Kitchen" in roomy.output


def test_match_of_nothing_is_exit_code_one(tmp_path: Path) -> None:
    result = run(tmp_path, "match", "why did the light turn on")

    assert result.exit_code == 1


@pytest.mark.parametrize("arguments", [("match", " "), ("match", "hi", "--language", "xx"), ("test", "nowhere")])
def test_bad_input_is_an_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run(tmp_path, *arguments)

    assert result.exit_code != 0
    assert isinstance(result.exception, Exception)


def test_twin_tests_of_a_folder_are_run_and_failures_listed(tmp_path: Path) -> None:
    twins = tmp_path / "twins" / "en"
    twins.mkdir(parents=True)
    (twins / "a.yaml").write_text(
        "- intent: Greet\n  say: [hello, hello sailor]\n- say: what time is it\n"
        "- {intent: HassTurnOn, slots: {name: TV}, say: turn on the kitchen light}\n",
        encoding="utf-8",
    )

    result = run(tmp_path, "test", str(tmp_path / "twins"), "--language", "en")

    assert result.exit_code == 1
    assert "a.yaml:2: 'hello sailor' matches nothing, not Greet" in result.output
    assert "a.yaml:3: 'what time is it' must match nothing, but is intent HassGetCurrentTime" in result.output
    assert "not HassTurnOn: name=TV" in result.output
    assert "4 sentences, 3 wrong" in result.output


def test_a_broken_file_of_the_user_fails_the_test_command(tmp_path: Path) -> None:
    with_rules(tmp_path, "intents:\n  Sing: {data: [{sentences: ['(la']}]}")
    (tmp_path / "twins" / "en").mkdir(parents=True)

    result = run(tmp_path, "test", str(tmp_path / "twins"), "--language", "en")

    assert result.exit_code == 1
    assert "mine.yaml:2: '(la' is no sentence template" in result.output


def test_why_shows_each_template_and_the_reason_it_was_not_chosen(tmp_path: Path) -> None:
    shown = run(tmp_path, "match", "set the kitchen light to 50%", "--why").output
    nothing = run(tmp_path, "match", "convert love into money", "--why")

    assert shown.startswith("chosen: intent HassLightSet: name=Kitchen light, brightness=50\n    by lights.yaml:")
    assert "not chosen, it names no device: intent HassLightSet: area=Kitchen" in shown
    assert nothing.exit_code == 1
    assert "not chosen, 'love' is no quantity: intent ConvertUnit" in nothing.output


def test_a_sentence_that_two_intents_claim_alike_is_reported(tmp_path: Path) -> None:
    with_rules(
        tmp_path,
        "intents:\n  Hum: {data: [{sentences: [make (music|noise)]}]}\n"
        "  Sing: {data: [{sentences: ['make music [please]']}]}\n",
    )
    twins = tmp_path / "twins" / "en"
    twins.mkdir(parents=True)
    (twins / "a.yaml").write_text("- {intent: Hum, say: [make music, make noise]}\n", encoding="utf-8")

    result = run(tmp_path, "test", str(tmp_path / "twins"), "--language", "en")

    assert result.exit_code == 1
    assert "'make music' is intent Hum (mine.yaml:2), and as much intent Sing (mine.yaml:3)" in result.output
    assert "1 wrong" in result.output


def test_list_names_the_packs_with_their_authors(tmp_path: Path) -> None:
    shown = run(tmp_path, "list", "--language", "en").output
    (tmp_path / "config.toml").write_text("[rules]\npacks = []\n", encoding="utf-8")
    without = run(tmp_path, "list", "--language", "en").output

    assert "OHF-Voice/intents, CC BY 4.0" in shown
    assert "HassLawnMowerDock" in shown
    assert "HassLawnMowerDock" not in without
    assert "pack" not in without.replace("home_assistant", "")
