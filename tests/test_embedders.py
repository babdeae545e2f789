"""Folders with other models than ours: prefixes, pooling, processors, languages, and static vectors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest

from edge_assistant.adapters.embedder_folder import Preprocessing
from edge_assistant.adapters.embedders import open_embedder
from edge_assistant.adapters.onnx import OnnxEmbedder
from edge_assistant.config import shipped
from edge_assistant.errors import ConfigError, TierError
from tests.tiny_models import WORDS, onnx_folder, static_folder, tokenizer, unit, vectors

ENGLISH = shipped("models") / "all-MiniLM-L6-v2"


def mean(*words: str) -> Any:
    """Return the vector that mean pooling makes of these words."""
    return unit(vectors()[[WORDS.index(word) for word in words]].mean(axis=0))


def test_texts_of_different_length_are_averaged_over_their_own_words(tmp_path: Path) -> None:
    embedder = open_embedder(onnx_folder(tmp_path))

    rows = embedder.embed(["red", "green blue red"], "passage")

    assert numpy.allclose(rows[0], mean("[CLS]", "red", "[SEP]"), atol=1e-6)
    assert numpy.allclose(rows[1], mean("[CLS]", "green", "blue", "red", "[SEP]"), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "query", "passage", "pooling"),
    [
        ("intfloat/multilingual-e5-small", "query: ", "passage: ", "mean"),
        ("intfloat/e5-base-v2", "query: ", "passage: ", "mean"),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", "", "cls"),
        ("BAAI/bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", "", "cls"),
        ("BAAI/bge-m3", "", "", "cls"),
        ("nomic-ai/nomic-embed-text-v1.5", "search_query: ", "search_document: ", "mean"),
        ("sentence-transformers/all-MiniLM-L6-v2", "", "", "mean"),
    ],
)
def test_a_folder_without_prompts_is_used_as_its_family_is(
    tmp_path: Path, name: str, query: str, passage: str, pooling: str
) -> None:
    found = Preprocessing.read(onnx_folder(tmp_path, _name_or_path=name))

    assert (found.prefix("query"), found.prefix("passage"), found.pooling) == (query, passage, pooling)


def test_a_family_is_known_by_the_name_of_the_folder(tmp_path: Path) -> None:
    embedder = open_embedder(onnx_folder(tmp_path / "e5-tiny"))

    asked = embedder.embed(["red"], "query")

    assert numpy.allclose(asked[0], mean("[CLS]", "query", ":", "red", "[SEP]"), atol=1e-6)


def test_the_folders_own_prompts_go_before_those_of_its_family(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path / "e5-tiny")
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "ask: ", "document": ""}}')

    found = Preprocessing.read(folder)

    assert (found.prefix("query"), found.prefix("passage")) == ("ask: ", "")


def test_the_first_state_is_the_text_where_the_model_says_so(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text('{"pooling_mode": "cls"}')

    assert numpy.allclose(open_embedder(folder).embed(["red"], "query")[0], mean("[CLS]"), atol=1e-6)


def test_two_ways_of_pooling_at_once_are_refused(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path)
    (folder / "1_Pooling").mkdir()
    both = {"pooling_mode_mean_tokens": True, "pooling_mode_lasttoken": True}
    (folder / "1_Pooling/config.json").write_text(json.dumps(both))

    with pytest.raises(ConfigError, match="way of pooling is not supported"):
        open_embedder(folder)


def test_a_processor_that_fails_is_passed_over_and_the_one_used_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[Sequence[str]] = []

    def broken_driver(file: Path, options: Any, providers: Sequence[str]) -> Any:
        import onnxruntime

        tried.append(providers)
        if providers[0] != "CPUExecutionProvider":
            raise RuntimeError("libcudnn is missing\nand a long story")
        return onnxruntime.InferenceSession(str(file), options, providers=list(providers))

    here = ("CPUExecutionProvider", "CUDAExecutionProvider", "OtherExecutionProvider")
    embedder = OnnxEmbedder(onnx_folder(tmp_path / "tiny"), providers=here, open_session=broken_driver)

    assert embedder.about == "tiny on the CPU"
    assert tried == [["CUDAExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"]]
    assert caplog.messages == ["CUDA cannot be used: libcudnn is missing"]


def test_weights_of_eight_bits_stay_on_the_processor_that_is_made_for_them() -> None:
    tried: list[Sequence[str]] = []

    def noted(file: Path, options: Any, providers: Sequence[str]) -> Any:
        import onnxruntime

        tried.append(providers)
        return onnxruntime.InferenceSession(str(file), options, providers=list(providers))

    here = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")

    assert OnnxEmbedder(ENGLISH, providers=here, open_session=noted).about == "all-MiniLM-L6-v2 on the CPU"
    assert tried == [["CPUExecutionProvider"]]


def test_the_shipped_embedder_reads_english_only() -> None:
    assert open_embedder(ENGLISH).languages == ("en",)


def test_a_tokenizer_with_thousands_of_ideographs_reads_chinese(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path)
    tokenizer(folder, (*WORDS, *(chr(0x4E00 + place) for place in range(5000))))

    assert open_embedder(folder).languages == ("zh",)


def test_a_folder_may_say_itself_which_languages_it_reads(tmp_path: Path) -> None:
    folder = onnx_folder(tmp_path, language=["en", "zh", "fr"])

    assert open_embedder(folder).languages == ("en", "zh")


def test_static_vectors_are_averaged_without_unknown_words_and_marks(tmp_path: Path) -> None:
    embedder = open_embedder(static_folder(tmp_path))

    rows = embedder.embed(["red unheard blue", "unheard", ""], "query")

    assert numpy.allclose(rows[0], mean("red", "blue"), atol=1e-6)
    assert not rows[1:].any()


def test_static_vectors_may_be_shared_weighed_and_small(tmp_path: Path) -> None:
    shared = numpy.array([[10, 0], [0, 10]], dtype=numpy.int8)
    mapping = numpy.array([0, 0, 0, 0, 0, 1, 1, 0, 0])
    weights = numpy.array([1, 1, 1, 1, 3, 4, 0, 1, 1], dtype=numpy.float32)

    embedder = open_embedder(static_folder(tmp_path, embeddings=shared, mapping=mapping, weights=weights))

    assert embedder.dimension == 2
    assert numpy.allclose(embedder.embed(["red green blue"], "query")[0], [0.6, 0.8])


def test_a_folder_that_sentence_transformers_wrote_of_static_vectors_is_found(tmp_path: Path) -> None:
    static_folder(tmp_path / "0_StaticEmbedding")

    assert open_embedder(tmp_path).dimension == 8


def test_the_stamp_of_static_vectors_follows_them(tmp_path: Path) -> None:
    one, other = static_folder(tmp_path / "one"), static_folder(tmp_path / "other", embeddings=vectors() * 2)

    assert open_embedder(one).stamp != open_embedder(other).stamp


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x05\0\0\0\0\0\0\0[1,2]", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_file_that_holds_no_vectors_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = static_folder(tmp_path)
    (folder / "model.safetensors").write_bytes(content)

    with pytest.raises(TierError, match=r"model\.safetensors"):
        open_embedder(folder).embed(["red"], "query")


def test_fewer_vectors_than_words_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TierError, match="vectors for 3 word pieces"):
        open_embedder(static_folder(tmp_path, embeddings=vectors()[:3])).embed(["red"], "query")


def test_a_folder_with_neither_kind_of_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TierError, match="there is no embedding model here"):
        open_embedder(tmp_path)
