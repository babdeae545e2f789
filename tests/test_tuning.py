"""How the best way of loading a model is found and remembered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge_assistant.errors import InputError, StorageError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.models import command as models
from edge_assistant.interfaces.cli.models_bench import command
from edge_assistant.models import measured as room
from edge_assistant.models.catalog import ModelFile
from edge_assistant.models.loading import Loading
from edge_assistant.models.measured import Speed, key, measured, remember
from edge_assistant.operations.tuning import Trial, Tuning

START = Loading(2048, 2)
SPEED = Speed(100.0, 20.0)
TINY = ModelFile(name="tiny", file="tiny.gguf", size=4, sha256="0" * 64)


def board(*, flash: float = 1.0, small_cache: float = 1.0, threads: int = 2) -> Callable[[Loading], Awaitable[Speed]]:
    """A machine on which one number of threads is best, and each setting makes everything so much faster."""

    async def measure(loading: Loading) -> Speed:
        factor = 1.0 / (1 + abs(loading.threads - threads))
        factor *= flash if loading.flash_attention else 1.0
        factor *= small_cache if loading.cache_type == "q8_0" else 1.0
        return Speed(100.0 * factor, 20.0 * factor)

    return measure


async def test_the_settings_that_make_a_turn_shorter_are_kept() -> None:
    tuning = Tuning(board(flash=1.2, small_cache=0.7, threads=4), 4, 8, seconds=60)

    best, trials = await tuning.best(START)

    assert best.loading == Loading(2048, 4, flash_attention=True)
    assert best.speed.turn == min(trial.speed.turn for trial in trials)


async def test_a_small_cache_is_kept_with_the_flash_attention_that_it_needs() -> None:
    tuning = Tuning(board(flash=0.99, small_cache=1.5), 2, 2, seconds=60)

    best, _ = await tuning.best(START)

    assert (best.loading.cache_type, best.loading.flash_attention) == ("q8_0", True)


async def test_a_gain_that_may_be_chance_changes_nothing() -> None:
    best, trials = await Tuning(board(flash=1.02), 2, 2, seconds=60).best(START)

    assert best.loading == START
    assert len(trials) > 3


async def test_without_time_the_way_it_is_loaded_now_is_measured_alone() -> None:
    told: list[Trial] = []

    best, trials = await Tuning(board(flash=2.0), 4, 4, seconds=0, told=told.append).best(START)

    assert best.loading == START
    assert trials == told == [Trial(START, SPEED)]


def test_what_was_measured_is_known_again_and_only_for_this_file(tmp_path: Path) -> None:
    best = Loading(4096, 3, 4, 256, flash_attention=True, cache_type="q8_0")

    remember(tmp_path, TINY, best, SPEED)
    remember(tmp_path, TINY.model_copy(update={"sha256": "1" * 64}), START, SPEED)

    assert measured(tmp_path, TINY) == best
    assert measured(tmp_path, TINY.model_copy(update={"sha256": "2" * 64})) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"%s": 3}', '{"%s": {}}', '{"%s": {"loading": {"colour": 1}}}'])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / room.FILE).write_text(text.replace("%s", key(TINY)), encoding="utf-8")

    assert measured(tmp_path, TINY) is None
    remember(tmp_path, TINY, START, SPEED)
    assert measured(tmp_path, TINY) == START


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")

    with pytest.raises(StorageError, match=r"measured\.json"):
        remember(tmp_path, TINY, START, SPEED)


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"cpuinfo": "processor: 0\nmodel name\t: Fast Chip 9\n", "device-tree/model": "A Board\0"}, "A Board"),
        ({"cpuinfo": "processor: 0\nmodel name\t: Fast Chip 9\n"}, "Fast Chip 9"),
        ({"cpuinfo": "processor: 0\nModel\t: Raspberry Pi 5\n"}, "Raspberry Pi 5"),
    ],
)
def test_a_measurement_holds_for_a_board(tmp_path: Path, files: dict[str, str], name: str) -> None:
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)

    assert name in key(TINY, tmp_path)


def test_the_command_stands_with_the_others_and_names_a_file_that_is_missing(tmp_path: Path) -> None:
    result = CliRunner().invoke(models, ["bench", "smollm2-135m"], obj=Session(None, tmp_path))

    assert isinstance(result.exception, InputError)
    assert "models pull smollm2-135m" in str(result.exception)


@pytest.mark.model
def test_the_command_measures_and_remembers(weights: Callable[[str], Path], tmp_path: Path) -> None:
    file = weights("smollm2-135m")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / file.name).symlink_to(file)

    result = CliRunner().invoke(command, ["smollm2-135m", "--seconds", "0", "--json"], obj=Session(None, tmp_path))

    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert record["best"]
    assert record["reading"] > record["speaking"] > 1
    assert (tmp_path / "models" / room.FILE).exists()
