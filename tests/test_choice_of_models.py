"""Among which models the ladder chooses."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_assistant.errors import ConfigError
from edge_assistant.models.catalog import Catalog, ModelFile
from edge_assistant.models.choice import AUTO, USUAL, candidates, named

HERE = (("small", "MIT"), ("middle", "Apache-2.0"), ("closed", "Gemma Terms"))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Three models that lie here, and the usual one, which does not."""
    for name, _ in HERE:
        (tmp_path / f"{name}.gguf").write_bytes(b"GGUF")
    listed = [ModelFile(name=name, file=f"{name}.gguf", size=4, sha256="0" * 64, licence=kind) for name, kind in HERE]
    return Catalog([*listed, ModelFile(name=USUAL, file="usual.gguf", size=4, sha256="0" * 64, licence="MIT")])


def found(catalog: Catalog, folder: Path, chosen: str, *listed: str) -> list[str]:
    return [model.name for model, _ in candidates(catalog, folder, chosen, listed)]


def test_auto_chooses_among_what_lies_here_and_is_free_to_use(catalog: Catalog, tmp_path: Path) -> None:
    assert found(catalog, tmp_path, AUTO) == ["small", "middle"]


def test_a_list_is_taken_as_it_is(catalog: Catalog, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF and more")

    assert found(catalog, tmp_path, AUTO, "closed", str(own), USUAL) == ["closed", "own", USUAL]


def test_a_name_pins_one_model_whatever_is_listed(catalog: Catalog, tmp_path: Path) -> None:
    assert found(catalog, tmp_path, "middle", "small") == ["middle"]


def test_where_nothing_lies_here_the_usual_model_is_named(catalog: Catalog, tmp_path: Path) -> None:
    for name, _ in HERE:
        (tmp_path / f"{name}.gguf").unlink()

    assert found(catalog, tmp_path, AUTO) == [USUAL]


def test_an_unknown_name_is_an_error_that_lists_the_known_ones(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are small, middle, closed"):
        candidates(catalog, tmp_path, AUTO, ("large",))


def test_auto_means_the_usual_model_where_one_has_to_be_named() -> None:
    assert (named(AUTO), named("small")) == (USUAL, "small")
