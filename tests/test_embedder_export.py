"""Embedders made into ONNX and proven against PyTorch, where that is installed; what is refused without it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge_assistant.adapters.embedder_export import Sample, export
from edge_assistant.errors import InputError, MissingExtra
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.models import command
from tests.tiny_models import onnx_folder

TORCH = importlib.util.find_spec("torch") and importlib.util.find_spec("sentence_transformers")
WITHOUT = "PyTorch and sentence-transformers are not installed: pip install 'edge-assistant[export]'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that says it is of sentence-transformers."""
    made = onnx_folder(tmp_path / "tiny")
    (made / "modules.json").write_text(json.dumps([{"type": "sentence_transformers.models.Transformer", "path": ""}]))
    return made


def test_an_unknown_kind_is_answered_with_the_known_ones(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no kind 'int4' of embedders; there are fp32, fp16, int8"):
        next(export(folder, tmp_path / "models", "tiny", ["int4"], None))


@pytest.mark.skipif(bool(TORCH), reason="the extra is installed here")
def test_without_the_extra_it_is_named_and_nothing_is_left(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ("export", str(folder)), obj=Session(None, tmp_path / "home"))

    assert isinstance(result.exception, MissingExtra)
    assert str(result.exception) == "torch is not installed: pip install 'edge-assistant[export]'"
    assert list((tmp_path / "home" / "models").iterdir()) == []


def test_starter_cards_are_compared_where_no_questions_are_given() -> None:
    sample = Sample.read(None)

    assert len(sample.stored) == len(sample.asked) == len(sample.right) > 20


def test_questions_without_a_document_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_text('{"id": "a", "title": "Tea", "text": "Green."}\n')
    rows = [{"question": "What colour?", "doc_id": "a"}, {"question": "Why?", "doc_id": None}]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    sample = Sample.read(tmp_path)

    assert (sample.stored, sample.asked, sample.right) == (["Tea\nGreen."], ["What colour?"], [0])


def test_a_file_that_holds_no_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_text("no rows")

    with pytest.raises(InputError, match=r"documents\.jsonl: this is no file of questions or documents"):
        Sample.read(tmp_path)


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not TORCH, reason=WITHOUT)
def test_a_folder_of_any_weights_keeps_its_neighbours_in_16_bits(tmp_path: Path) -> None:
    source = _random_bert(tmp_path / "bert")

    made = next(export(source, tmp_path / "models", "bert", ["fp16"], None))

    assert made.path == tmp_path / "models" / "bert-fp16"
    assert made.cosine > 0.999
    assert json.loads((made.path / "origin.json").read_text())["cosine"] == round(made.cosine, 5)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["bert-fp16"]


@pytest.mark.model
@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not TORCH, reason=WITHOUT)
def test_a_kind_that_loses_too_much_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    source = _random_bert(tmp_path / "bert")

    with pytest.raises(InputError, match=r"int8 keeps too little of the model: .* at least 1\.01 is wanted"):
        next(export(source, tmp_path / "models", "bert", ["int8"], None, least={"int8": 1.01}))

    assert list((tmp_path / "models").iterdir()) == []


def _random_bert(folder: Path) -> Path:
    """Write a small BERT with weights at random, as sentence-transformers keeps one."""
    import torch
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789.,?'-:"]
    (folder / "vocab.txt").write_text("\n".join([*words, *(f"##{word}" for word in words[5:])]))
    sizes = {"vocab_size": 128, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    BertModel(BertConfig(**sizes, intermediate_size=64)).save_pretrained(str(folder / "inner"))
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(str(folder / "inner"))
    inner = models.Transformer(str(folder / "inner"), max_seq_length=64)
    pooling = models.Pooling(inner.get_word_embedding_dimension())
    SentenceTransformer(modules=[inner, pooling, models.Normalize()], device="cpu").save(str(folder / "whole"))
    return folder / "whole"
