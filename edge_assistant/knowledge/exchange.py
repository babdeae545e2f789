"""A knowledge base in one file, for another device: documents, passages and vectors, with a checksum."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from edge_assistant.errors import InputError, StorageError
from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.store import Entry

_FORMAT: Final = 1
_CONTENT: Final = "knowledge.jsonl"
_MANIFEST: Final = "manifest.json"
_LARGEST: Final = 4_000_000_000
"""Bytes of content that are unpacked at most."""


def export(library: Library, path: Path) -> int:
    """Write every document to one file, whole or not at all; return how many. Raises `InputError`, `StorageError`."""
    if path.exists() and not path.is_file():  # a device or a pipe would be replaced by the file
        raise InputError(f"{path}: this is not a file")
    lines = [json.dumps(record, ensure_ascii=False) for record in _records(library)]
    content = "\n".join(lines).encode()
    manifest = {
        "format": _FORMAT,
        "documents": len(lines),
        "stamp": library.stamp,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_MANIFEST, json.dumps(manifest))
            archive.writestr(_CONTENT, content)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(f"{path}: {(error.strerror or 'it cannot be written').lower()}") from error
    return len(lines)


def take_in(library: Library, path: Path) -> tuple[int, int]:
    """Add the documents of an exported file; return how many were new, and how many there were.

    Nothing is touched unless the whole file is sound. Raises `InputError`.
    """
    stamp, content = _verified(path)
    try:
        kept = [_revived(json.loads(line)) for line in content.decode().split("\n") if line]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: this is not a knowledge base that this version can read") from error
    new = 0
    for document, chunks, vectors in kept:
        new += library.restore(document, chunks, stamp, vectors)
    library.settle()
    return new, len(kept)


def _records(library: Library) -> Iterator[dict[str, Any]]:
    library.settle()
    for entry in library.documents():
        stored = [one for one in library.store.of_document(entry.source) if one.collection == entry.collection]
        numbers, vectors = library.store.vectors(library.stamp, [one.id for one in stored])
        known = {int(number): vector.tobytes() for number, vector in zip(numbers, vectors, strict=True)}
        yield {
            **_described(entry),
            "chunks": [asdict(one.chunk) for one in stored],
            "vectors": [base64.b64encode(known.get(one.id, b"")).decode() for one in stored],
        }


def _described(entry: Entry) -> dict[str, str]:
    wanted = ("source", "title", "language", "collection", "origin", "sha256")
    return {name: getattr(entry, name) for name in wanted}


def _revived(record: dict[str, Any]) -> tuple[Document, list[Chunk], list[bytes]]:
    vectors = [base64.b64decode(text, validate=True) for text in record.pop("vectors")]
    chunks = [Chunk(**chunk) for chunk in record.pop("chunks")]
    if len(vectors) != len(chunks):
        raise ValueError("a passage lacks its vector")
    return Document(**record), chunks, vectors


def _verified(path: Path) -> tuple[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest["format"] != _FORMAT:
                raise InputError(f"{path}: this file was written by another version (format {manifest['format']})")
            if archive.getinfo(_CONTENT).file_size > _LARGEST:
                raise InputError(f"{path}: the file is too large")
            content = archive.read(_CONTENT)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'it cannot be read').lower()}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: this is not an exported knowledge base") from error
    if hashlib.sha256(content).hexdigest() != manifest.get("sha256"):
        raise InputError(f"{path}: the file is damaged (its sha256 is not the recorded one)")
    return str(manifest.get("stamp", "")), content
