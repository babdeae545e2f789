"""The embedder: any sentence-transformers folder, verified, without PyTorch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy
import pytest

from edge_assistant.adapters import onnx
from edge_assistant.adapters.embedder_folder import Preprocessing
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.config import shipped
from edge_assistant.errors import ConfigError, TierError

MODEL = shipped("models") / "all-MiniLM-L6-v2"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder(MODEL)


def test_one_unit_length_row_per_text_in_their_order(embedder: OnnxEmbedder) -> None:
    texts = [f"{'a long text about pumps ' * (number % 7)}{number}" for number in range(70)]

    rows = embedder.embed(texts, "passage")

    assert rows.shape == (70, embedder.dimension) == (70, 384)
    assert rows.dtype == numpy.float32
    assert numpy.allclose(numpy.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert float(rows[33] @ embedder.embed([texts[33]], "passage")[0]) > 0.98


def test_texts_longer_than_the_model_reads_are_cut(embedder: OnnxEmbedder) -> None:
    assert embedder.embed(["word " * 5000], "passage").shape == (1, 384)


def test_no_texts_are_no_rows(embedder: OnnxEmbedder) -> None:
    assert embedder.embed([], "query").shape == (0, 384)


def test_the_stamp_names_weights_and_preprocessing(copy: Path, embedder: OnnxEmbedder) -> None:
    assert OnnxEmbedder(copy).stamp == embedder.stamp

    (copy / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')

    assert OnnxEmbedder(copy).stamp != embedder.stamp


def test_hashes_are_remembered_until_the_file_changes(copy: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    stamp = OnnxEmbedder(copy, seen=seen).stamp
    remembered = json.loads(seen.read_text())

    assert OnnxEmbedder(copy, seen=seen).stamp == stamp
    assert str(copy / "model_int8.onnx") in remembered
    (copy / "model_int8.onnx").write_bytes(b"other weights")
    assert OnnxEmbedder(copy, seen=seen).stamp != stamp


@pytest.mark.parametrize("damage", ['{"', "[]", '{"a": 1}', '{"a": ["b"]}', "\0\0"])
def test_hashes_that_cannot_be_read_are_found_out_again(copy: Path, tmp_path: Path, damage: str) -> None:
    seen = tmp_path / "seen.json"
    stamp = OnnxEmbedder(copy, seen=seen).stamp
    seen.write_text(damage)

    assert OnnxEmbedder(copy, seen=seen).stamp == stamp
    assert str(copy / "model_int8.onnx") in json.loads(seen.read_text())


def test_a_damaged_model_is_refused(copy: Path) -> None:
    (copy / "model_int8.onnx").write_bytes((MODEL / "model_int8.onnx").read_bytes()[:-100] + b"x" * 100)

    with pytest.raises(TierError, match="damaged"):
        OnnxEmbedder(copy).embed(["x"], "query")


def test_a_file_that_is_no_model_is_refused(copy: Path) -> None:
    (copy / "origin.json").unlink()
    (copy / "model_int8.onnx").write_bytes(b"<html>not a model</html>")

    with pytest.raises(TierError, match="not a model that onnxruntime can run"):
        OnnxEmbedder(copy).embed(["x"], "query")


def test_weights_in_a_second_file_are_refused(copy: Path) -> None:
    (copy / "origin.json").unlink()
    (copy / "model_int8.onnx").write_bytes(b"\x0a\x08location\x12\x0bweights.bin")

    with pytest.raises(TierError, match="second file"):
        OnnxEmbedder(copy).embed(["x"], "query")


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TierError, match="no embedding model here"):
        OnnxEmbedder(tmp_path)


def test_prefixes_pooling_and_length_are_read_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true}')
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 128}')
    (tmp_path / "config_sentence_transformers.json").write_text('{"prompts": {"query": "query: ", "document": "d: "}}')

    found = Preprocessing.read(tmp_path)

    assert (found.pooling, found.longest) == ("cls", 128)
    assert (found.prefix("query"), found.prefix("passage")) == ("query: ", "d: ")


def test_parts_that_are_not_supported_are_named(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}]')

    with pytest.raises(ConfigError, match="Dense"):
        Preprocessing.read(tmp_path)


@pytest.mark.parametrize(
    ("flags", "overflows"), [("avx2 avx512_vnni", False), ("avx2 avx_vnni", False), ("avx2", True)]
)
def test_numbers_are_added_the_safe_way_where_the_processor_would_overflow(
    tmp_path: Path, flags: str, overflows: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags\t: {flags}\n")

    assert onnx._overflows(tmp_path / "cpuinfo") is overflows
    assert onnx._overflows(tmp_path / "nothing")
