"""ONNX files written by hand: the few messages of its protocol buffers that a graph of ours needs."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

Attribute: TypeAlias = "int | float | Sequence[int]"
TYPES: Final = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10}
"""What ONNX calls numpy's types."""
OUTPUT: Final = "last_hidden_state"
_IR: Final = 8
_OPERATORS: Final = 17
"""The set of operators that brought `LayerNormalization`; onnxruntime reads it since 1.12."""


class Graph:
    """Nodes and constants in the order in which they are added; every method returns the name of what it makes."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: dict[str, bytes] = {}
        self._count = 0

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add an array under a name, once."""
        if name not in self._constants:
            self._constants[name] = _tensor(name, values)
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add an operation with one result."""
        return self.split(kind, inputs, 1, domain, attributes)[0]

    def split(
        self, kind: str, inputs: Sequence[str], results: int, domain: str, attributes: Mapping[str, Attribute]
    ) -> list[str]:
        """Add an operation with several results."""
        self._count += 1
        names = [f"{kind}_{self._count}_{place}" for place in range(results)]
        self._nodes.append(
            b"".join(
                (
                    *(_text(1, name) for name in inputs),
                    *(_text(2, name) for name in names),
                    _text(4, kind),
                    *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
                    _text(7, domain) if domain else b"",
                )
            )
        )
        return names

    def file(self, inputs: Mapping[str, Sequence[str]], output: str) -> bytes:
        """Return the file: its inputs are whole numbers with these named dimensions, its output is one array."""
        last = [*self._nodes, _text(1, output) + _text(2, OUTPUT) + _text(4, "Identity")]
        graph = b"".join(
            (
                *(_bytes(1, node) for node in last),
                _text(2, "graph"),
                *(_bytes(5, constant) for constant in self._constants.values()),
                *(_bytes(11, _value(name, TYPES["int64"], sizes)) for name, sizes in inputs.items()),
                _bytes(12, _value(OUTPUT, TYPES["float32"], None)),
            )
        )
        sets = ((_text(1, domain) + _number(2, version)) for domain, version in (("", _OPERATORS), (MICROSOFT, 1)))
        return _number(1, _IR) + _bytes(7, graph) + b"".join(_bytes(8, chosen) for chosen in sets)


MICROSOFT: Final = "com.microsoft"
"""The domain of the operations that only onnxruntime has."""


def _tensor(name: str, values: NDArray[Any]) -> bytes:
    sizes = b"".join(_number(1, size) for size in values.shape)
    return sizes + _number(2, TYPES[values.dtype.name]) + _text(8, name) + _bytes(9, values.tobytes())


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + b"\x15" + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _value(name: str, kind: int, sizes: Sequence[str] | None) -> bytes:
    shape = b"" if sizes is None else _bytes(2, b"".join(_bytes(1, _text(2, size)) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + shape))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & (1 << 64) - 1)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, content: str) -> bytes:
    return _bytes(field, content.encode())


def _varint(value: int) -> bytes:
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes(digits) + bytes([value])
