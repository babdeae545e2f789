"""`edge-assistant models export`, as its user sees it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.models import command
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.own_list import enter
from tests.babbling_gguf import babbling_gguf

LIST = """# Mine.
[[model]]
name = "babbler-q8_0"   # an older one
file = "old.gguf"

[[model.speeds]]
board = "raspberry-pi-5"
tokens = 3.0
source = "seen"

[[model]]
name = "other"
file = "other.gguf"
"""


@pytest.fixture
def models(tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "models").mkdir()
    (tmp_path / "babbler.gguf").write_bytes(babbling_gguf())
    (tmp_path / "models" / "manifest.toml").write_text(LIST, encoding="utf-8")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, obj=Session(None, tmp_path), catch_exceptions=True)

    return run


def test_what_was_exported_stands_in_the_list_and_can_be_used(tmp_path: Path, models: Callable[..., Result]) -> None:
    exported = models("export", str(tmp_path / "babbler.gguf"), "--to", "Q8_0", "--to", "Q4_0")
    verified = models("verify", "babbler-q8_0")
    used = models("use", "babbler-q4_0")

    made = tmp_path / "models" / "babbler-q8_0.gguf"
    listed, path = Catalog.usual(tmp_path).find("babbler-q8_0", tmp_path / "models")
    assert [line.partition(":")[0] for line in exported.stdout.splitlines()] == ["babbler-q8_0", "babbler-q4_0"]
    assert (path, listed.quantization) == (made, "Q8_0")
    assert listed.sha256 == hashlib.sha256(made.read_bytes()).hexdigest()
    assert (verified.stdout, used.exit_code) == ("babbler-q8_0: whole\n", 0)
    assert Session(None, tmp_path).config.device.model == "babbler-q4_0"


def test_an_entry_replaces_the_one_of_its_name_and_leaves_the_others(
    tmp_path: Path, models: Callable[..., Result]
) -> None:
    models("export", str(tmp_path / "babbler.gguf"), "--to", "Q8_0")

    text = (tmp_path / "models" / "manifest.toml").read_text(encoding="utf-8")
    assert text.count('name = "babbler-q8_0"') == 1
    assert "old.gguf" not in text
    assert "raspberry-pi-5" not in text
    assert text.startswith("# Mine.\n")
    assert 'name = "other"\nfile = "other.gguf"\n' in text


def test_a_text_that_toml_would_read_otherwise_is_written_safely(tmp_path: Path) -> None:
    model = next(iter(Catalog.usual(tmp_path))).model_copy(update={"name": "mine", "licence": 'a "quoted"\nline\\'})

    enter(tmp_path, model)

    found, _ = Catalog.read((tmp_path / "manifest.toml",)).find("mine", tmp_path)
    assert (found.licence, found.right, found.size) == (model.licence, model.right, model.size)


def test_it_is_said_that_packing_again_brings_nothing_back(tmp_path: Path, models: Callable[..., Result]) -> None:
    models("export", str(tmp_path / "babbler.gguf"), "--to", "Q4_0")

    again = models("export", "babbler-q4_0", "--to", "Q8_0", "--name", "again")

    assert "packed already (Q4_0): what that lost stays lost; Q8_0 will be larger, not better" in again.stderr
    assert again.stdout.startswith("again-q8_0: ")


def test_a_folder_of_the_hub_needs_a_program_that_is_named(tmp_path: Path, models: Callable[..., Result]) -> None:
    folder = tmp_path / "llama"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))

    missing = models("export", str(folder))
    empty = models("export", str(tmp_path / "models"))

    assert isinstance(missing.exception, InputError)
    assert "convert_hf_to_gguf.py, which no package installs" in str(missing.exception)
    assert "holds no model" in str(empty.exception)


def test_a_converter_makes_the_file_that_is_packed(tmp_path: Path, models: Callable[..., Result]) -> None:
    folder, program = tmp_path / "llama", tmp_path / "convert_hf_to_gguf.py"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    program.write_text(
        "import pathlib, shutil, sys\n"
        f"shutil.copy({str(tmp_path / 'babbler.gguf')!r}, sys.argv[sys.argv.index('--outfile') + 1])\n"
    )

    made = models("export", str(folder), "--to", "Q8_0", "--converter", str(program))

    assert made.stdout.startswith("llama-q8_0: ")
    assert [path.name for path in (tmp_path / "models").glob("llama*")] == ["llama-q8_0.gguf"]


def test_a_converter_that_fails_is_quoted(tmp_path: Path, models: Callable[..., Result]) -> None:
    folder, program = tmp_path / "llama", tmp_path / "convert_hf_to_gguf.py"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    program.write_text("raise SystemExit('Model Strange is not supported')")

    failed = models("export", str(folder), "--converter", str(program))

    assert str(failed.exception).endswith(f"cannot convert {folder}: Model Strange is not supported")
    assert not list((tmp_path / "models").glob("*llama*"))
