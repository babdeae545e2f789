"""Fetches embedding models: each file proven right, then made a folder that is small and whole."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edge_assistant.adapters import needs
from edge_assistant.adapters.downloads import Progress, pull
from edge_assistant.adapters.embedder_folder import Digests, read_json
from edge_assistant.adapters.packed_e5 import unpack
from edge_assistant.errors import MissingExtra
from edge_assistant.models.catalog import EmbedderModel

RECEIPT: Final = "origin.json"
"""Written last: a folder without it is not finished."""
_FULL: Final = "model.onnx"
_SMALL: Final = "model_int8.onnx"
_log = logging.getLogger(__name__)


def pull_embedder(
    model: EmbedderModel,
    folder: Path,
    progress: Callable[[int], object] = lambda done: None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Fetch a model into a folder of its own and return that; one that is there and whole is not fetched again.

    Raises `DownloadError` and `StorageError`.
    """
    target = folder / model.name
    if whole(target):
        return target
    before = 0
    for file in model.files:
        pull(file, target, _after(before, progress), pins=folder, environment=environment)
        before += file.size
    _unpack(target)
    _quantize(target)
    _sign(model, target)
    return target


def whole(folder: Path) -> bool:
    """Tell whether a folder was finished, and every file in it is what it was then."""
    promised = read_json(folder / RECEIPT, {}).get("sha256", {})
    digests = Digests(None)
    return bool(promised) and all(
        (folder / name).is_file() and digests.of(folder / name) == digest for name, digest in promised.items()
    )


def _after(before: int, progress: Callable[[int], object]) -> Progress:
    return lambda done, total: progress(before + done)


def _unpack(folder: Path) -> None:
    """Make a folder of a file of packed weights, if that is what was fetched."""
    for packed in folder.glob("*.bin"):
        unpack(packed.read_bytes(), folder)
        packed.unlink()


def _quantize(folder: Path) -> None:
    """Make 8-bit weights of 32-bit ones, a quarter of the size, where the package `onnx` is installed."""
    full, small = folder / _FULL, folder / _SMALL
    if not full.exists() or (folder / "config_sentence_transformers.json").exists():
        return
    try:
        with needs("onnx"):
            from onnxruntime.quantization import QuantType, quantize_dynamic
    except MissingExtra:
        _log.warning("%s stays in 32 bits; with `pip install onnx` it would be quantized", folder.name)
        return
    quantize_dynamic(full, small, per_channel=True, weight_type=QuantType.QInt8)
    full.unlink()


def _sign(model: EmbedderModel, folder: Path) -> None:
    """Record where the files came from and what they are."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".onnx", ".json") and path.name != RECEIPT)
    digests = Digests(None)
    origin = {
        "repository": model.name,
        "licence": model.licence,
        "languages": list(model.languages),
        "sources": [source for file in model.files for source in file.sources],
        "sha256": {name: digests.of(folder / name) for name in names},
    }
    fresh = folder / f".{RECEIPT}"
    fresh.write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / RECEIPT)
