"""The list of models: what it says, who may add to it, and what it refuses."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edge_assistant.adapters.downloads import read_source
from edge_assistant.config import Config, shipped
from edge_assistant.errors import ConfigError
from edge_assistant.models.boards import KINDS
from edge_assistant.models.catalog import Catalog, ModelFile, header_flaw
from edge_assistant.models.choice import named
from edge_assistant.models.fit import physical_cores
from edge_assistant.models.gguf import read_header
from edge_assistant.models.need import whole
from edge_assistant.models.stored import unusable
from tests.tiny_gguf import later_part, tiny_gguf

WEIGHTS = tiny_gguf(bytes(range(1, 201)))


def entry(name: str = "mine", data: bytes = WEIGHTS, **more: str) -> str:
    """Return one entry of a manifest."""
    lines = [f'{key} = "{value}"' for key, value in more.items()]
    digest = hashlib.sha256(data).hexdigest()
    return "\n".join(
        [
            "[[model]]",
            f'name = "{name}"',
            f'file = "{name}.gguf"',
            f"size = {len(data)}",
            f'sha256 = "{digest}"',
            *lines,
        ]
    )


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.toml"
    path.write_text(entry(licence="MIT"), encoding="utf-8")
    return path


def test_the_shipped_list_holds_the_default_and_a_last_rung() -> None:
    catalog = Catalog.usual(Path("nowhere"))

    names = {model.name: model for model in catalog}

    assert {"smollm2-135m", "qwen2.5-coder-1.5b", named(Config.model_fields["device"].default.model)} <= names.keys()
    assert names["smollm2-135m"].languages == ("en",)
    assert all(part.sources for model in names.values() for part in model.parts)


def test_every_family_of_the_ladder_is_listed() -> None:
    families = {model.family for model in Catalog.usual(Path("nowhere"))}

    assert {"smollm2", "qwen2.5", "qwen3", "deepseek-r1-distill", "phi-4"} <= families


def test_what_is_chosen_unasked_has_a_free_licence() -> None:
    catalog = Catalog.usual(Path("nowhere"))

    chosen = catalog.find(named(Config.model_fields["device"].default.model), Path())[0]
    unfree = {model.licence for model in catalog if not model.free}

    assert chosen.free
    assert {"Gemma", "Llama-3.2-Community", "LFM1.0"} <= unfree
    assert not {"Apache-2.0", "MIT", "BSD-3-Clause"} & unfree


def test_every_shipped_file_names_where_it_comes_from_and_what_it_is() -> None:
    catalog = Catalog.read([shipped("models") / "manifest.toml"])

    parts = [part for model in catalog for part in model.parts]

    assert [source for part in parts for source in part.sources if read_source(source) is None] == []
    assert [part.file for part in parts if not part.sha256] == []
    assert len({part.sha256 for part in parts}) == len({part.file for part in parts}) == len(parts)


def test_every_speed_is_of_a_board_that_can_be_recognized() -> None:
    catalog = Catalog.read([shipped("models") / "manifest.toml"])

    boards = {speed.board for model in catalog for speed in model.speeds}

    assert boards <= {kind.name for kind in KINDS}


def test_the_list_on_the_page_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
    path = tmp_path / "manifest.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0], encoding="utf-8")

    shown = {model.name: len(model.parts) for model in Catalog.read([path])}

    assert shown == {"mine": 1, "large": 2}


SPLIT = """
[[model]]
name = "large"

[[model.files]]
file = "large-00001-of-00002.gguf"
size = 10

[[model.files]]
file = "large-0000{second}-of-00002.gguf"
size = 7
"""


def test_a_split_file_is_named_and_measured_by_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(SPLIT.format(second=2), encoding="utf-8")

    model, file = Catalog.read([path]).find("large", tmp_path)

    assert (model.size, file.name, len(model.parts)) == (17, "large-00001-of-00002.gguf", 2)


def test_parts_that_would_not_be_found_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(SPLIT.format(second=3), encoding="utf-8")

    with pytest.raises(
        ConfigError, match=r"model\.0: the parts of a split file are named …-00001-of-0000N\.gguf, in order"
    ):
        Catalog.read([path])


def test_a_split_file_of_your_own_needs_all_its_parts(tmp_path: Path, manifest: Path) -> None:
    first, second = (tmp_path / f"own-0000{number}-of-00002.gguf" for number in (1, 2))
    first.write_bytes(WEIGHTS)

    half = Catalog.read([manifest]).find(str(first), tmp_path)[0].flaw(first)
    second.write_bytes(later_part(bytes(64)))
    model, path = Catalog.read([manifest]).find(str(first), tmp_path)

    assert half == "is not there (own-00002-of-00002.gguf)"
    assert (model.damage(path), model.name, len(model.paths(path))) == (None, "own", 2)
    assert header_flaw(second) == "is a later part of a split file, not the first"
    assert whole([read_header(part) for part in model.paths(path)]).weights == 224 + 64


@pytest.mark.parametrize("name", ["My own-00001-of-00002.gguf", "own-00001-of-99999.gguf"])
def test_an_odd_split_file_is_refused_in_one_sentence(tmp_path: Path, manifest: Path, name: str) -> None:
    (tmp_path / name).write_bytes(WEIGHTS)

    with pytest.raises(ConfigError, match="a split file has a plain name"):
        Catalog.read([manifest]).find(str(tmp_path / name), tmp_path)


def test_the_users_own_list_is_laid_over_the_shipped_one(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "manifest.toml").write_text(f"{entry()}\n{entry('smollm2-135m')}", encoding="utf-8")

    catalog = Catalog.usual(tmp_path)

    assert catalog.find("mine", folder)[0].file == "mine.gguf"
    assert catalog.find("smollm2-135m", folder)[0].size == len(WEIGHTS)
    assert catalog.find("qwen2.5-coder-0.5b", folder)[0].size == 491400064


def test_an_unknown_name_is_refused_with_the_known_ones(manifest: Path) -> None:
    catalog = Catalog.read([manifest])

    with pytest.raises(ConfigError, match=r"there is no model 'yours'; there are mine, or a path to a \.gguf file"):
        catalog.find("yours", manifest.parent)


def test_a_path_to_any_gguf_file_is_a_model(manifest: Path) -> None:
    path = manifest.parent / "My Own (v2).gguf"
    path.write_bytes(WEIGHTS + b"more")

    model, found = Catalog.read([manifest]).find(str(path), manifest.parent)

    assert (model.flaw(found), found) == (None, path)


def test_a_listed_file_in_another_folder_keeps_what_the_list_says(manifest: Path) -> None:
    path = manifest.parent / "elsewhere" / "mine.gguf"
    path.parent.mkdir()
    path.write_bytes(WEIGHTS)

    model, found = Catalog.read([manifest]).find(str(path), manifest.parent)

    assert (model.licence, found) == ("MIT", path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('license = "MIT"', r"manifest\.toml: model\.0\.license: extra inputs are not permitted"),
        ('context = "long"', r"manifest\.toml: model\.0\.context: input should be a valid integer"),
        ("context = ", r"manifest\.toml: Invalid value"),
    ],
)
def test_a_broken_list_is_refused_in_one_sentence(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(f"{entry()}\n{line}", encoding="utf-8")

    with pytest.raises(ConfigError, match=complaint):
        Catalog.read([path])


def test_a_file_name_cannot_leave_the_models_folder(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(entry().replace("mine.gguf", "../mine.gguf"), encoding="utf-8")

    with pytest.raises(ConfigError, match=r"model\.0\.file"):
        Catalog.read([path])


def test_only_whole_files_count_as_installed(manifest: Path) -> None:
    catalog = Catalog.read([manifest])
    path = manifest.parent / "mine.gguf"

    path.write_bytes(WEIGHTS[:-1])
    cut = catalog.installed(manifest.parent)
    path.write_bytes(WEIGHTS)

    assert (cut, [model.name for model in catalog.installed(manifest.parent)]) == ((), ["mine"])


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"<!DOCTYPE html><html>Sign in</html>", "is a web page, not a model"),
        (b'  {"error": "not found"}', "is a web page, not a model"),
        (b"PK\x03\x04", "is not a GGUF file"),
        (b"", "is not a GGUF file"),
        (WEIGHTS, None),
    ],
)
def test_a_glance_tells_a_model_from_anything_else(tmp_path: Path, content: bytes, flaw: str | None) -> None:
    path = tmp_path / "file.gguf"
    path.write_bytes(content)

    assert unusable(path) == flaw


def test_damage_inside_a_file_is_found_by_its_hash(manifest: Path) -> None:
    model: ModelFile = Catalog.read([manifest]).find("mine", manifest.parent)[0]
    path = manifest.parent / "mine.gguf"
    path.write_bytes(WEIGHTS[:-1] + b"!")
    read: list[int] = []

    damage = model.damage(path, read.append)

    assert (model.flaw(path), damage, sum(read)) == (None, "has the wrong SHA-256", len(WEIGHTS))


def test_two_hyperthreads_are_one_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1, 2, 3})
    for cpu in range(4):
        topology = tmp_path / f"devices/system/cpu/cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text("0\n")
        (topology / "core_id").write_text(f"{cpu % 2}\n")

    assert physical_cores(tmp_path) == 2


def test_a_container_is_given_the_threads_of_its_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)))
    quota = tmp_path / "fs/cgroup/cpu.max"
    quota.parent.mkdir(parents=True)

    quota.write_text("250000 100000\n")
    limited = physical_cores(tmp_path)
    quota.write_text("max 100000\n")

    assert (limited, physical_cores(tmp_path)) == (3, 8)
