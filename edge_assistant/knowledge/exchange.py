"""A knowledge base in one file, for another device: documents, passages and vectors, with a checksum."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from edge_assistant.errors import InputError, StorageError
from edge_assistant.knowledge.chunks import Chunk
from edge_assistant.knowledge.collections import STARTER
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.store import Entry
from edge_assistant.safe_text import writable_text

_FORMAT: Final = 2
"""Vectors in float16; the first format had float32."""
_CONTENT: Final = "knowledge.jsonl"
_MANIFEST: Final = "manifest.json"
_LARGEST: Final = 16_000_000_000
"""Bytes of content that are unpacked at most."""
_LONGEST: Final = 200_000_000
"""Bytes of one document at most."""


def export(library: Library, path: Path) -> int:
    """Write every document to one file, whole or not at all, but for those that came with the package; return how many.

    Raises `InputError`, `StorageError`.
    """
    if path.exists() and not path.is_file():  # a device or a pipe would be replaced by the file
        raise InputError(f"{path}: this is not a file")
    library.settle()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)  # documents are nobody else's business
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            manifest = _written(library, archive)
            archive.writestr(_MANIFEST, json.dumps(manifest))
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(f"{path}: {(error.strerror or 'it cannot be written').lower()}") from error
    return int(manifest["documents"])


def take_in(library: Library, path: Path) -> tuple[int, int]:
    """Add the documents of an exported file; return how many were new, and how many there were.

    Nothing is touched unless the whole file is sound: it is read once to verify it, and again to add it.
    Raises `InputError`.
    """
    with _opened(path) as archive:
        manifest = _verified(path, archive)
        new = total = 0
        for document, chunks, vectors in _documents(path, archive):
            if document.collection != STARTER:
                new += library.restore(document, chunks, vectors, stamp=str(manifest.get("stamp", "")))
                total += 1
    library.settle()
    return new, total


def _written(library: Library, archive: zipfile.ZipFile) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with archive.open(_CONTENT, "w", force_zip64=True) as stream:
        for entry in library.documents():
            if entry.collection == STARTER:  # every device has its own
                continue
            line = json.dumps(_record(library, entry), ensure_ascii=False).encode() + b"\n"
            digest.update(line)
            stream.write(line)
            count += 1
    return {"format": _FORMAT, "documents": count, "stamp": library.stamp, "sha256": digest.hexdigest()}


def _record(library: Library, entry: Entry) -> dict[str, Any]:
    stored = library.store.of_document(entry.source, entry.collection)
    numbers, vectors = library.store.vectors.of(library.stamp, [one.id for one in stored])
    halves = [half.tobytes() for half in vectors.astype("float16")]
    known = dict(zip(numbers.tolist(), halves, strict=True))
    wanted = ("source", "title", "language", "collection", "origin", "sha256")
    return {
        **{name: getattr(entry, name) for name in wanted},
        "chunks": [asdict(one.chunk) for one in stored],
        "vectors": [base64.b64encode(known.get(one.id, b"")).decode() for one in stored],
    }


def _revived(line: bytes) -> tuple[Document, list[Chunk], list[bytes]]:
    record = json.loads(line)
    vectors = [base64.b64decode(text, validate=True) for text in record.pop("vectors")]
    chunks = [_chunk(fields) for fields in record.pop("chunks")]
    if len(vectors) != len(chunks) or len({len(vector) for vector in vectors}) > 1:
        raise ValueError("a passage lacks its vector")
    if not all(_is_text(value) for value in record.values()):
        raise TypeError("a document is described in words")
    return Document(**record), chunks, vectors


def _chunk(fields: dict[str, Any]) -> Chunk:
    chunk = Chunk(**fields)
    words = (chunk.text, chunk.title, chunk.place, chunk.language, "" if chunk.question is None else chunk.question)
    numbers = (one for one in (chunk.line, chunk.page) if one is not None)
    if not all(map(_is_text, words)) or not all(type(one) is int for one in numbers):
        raise TypeError("a passage is words in a place")
    return chunk


def _is_text(value: object) -> bool:
    return isinstance(value, str) and writable_text(value) == value


def _opened(path: Path) -> zipfile.ZipFile:
    with _readable(path):
        return zipfile.ZipFile(path)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with the file; covers nothing but reading it. Raises `InputError`."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'it cannot be read').lower()}") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, RuntimeError) as error:
        raise InputError(f"{path}: this is not an exported knowledge base") from error


def _verified(path: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """Read every document without keeping any, and return what the file says of itself. Raises `InputError`."""
    with _readable(path):
        manifest: dict[str, Any] = json.loads(archive.read(_MANIFEST))
        if manifest["format"] != _FORMAT:
            raise InputError(f"{path}: this file was written by another version (format {manifest['format']})")
        if archive.getinfo(_CONTENT).file_size > _LARGEST:
            raise InputError(f"{path}: the file is too large")
        digest, count, sound = _summed(archive)
        if digest != manifest.get("sha256") or count != manifest.get("documents"):
            raise InputError(f"{path}: the file is damaged (its sha256 is not the recorded one)")
    if not sound:
        raise InputError(f"{path}: this is not a knowledge base that this version can read")
    return manifest


def _summed(archive: zipfile.ZipFile) -> tuple[str, int, bool]:
    """Return the hash of the content, how many documents are in it, and whether each can be read."""
    digest, count, sound = hashlib.sha256(), 0, True
    with archive.open(_CONTENT) as stream:
        for line in _lines(stream):
            digest.update(line)
            count += 1
            try:
                _revived(line)
            except (ValueError, TypeError, KeyError, AttributeError):
                sound = False
    return digest.hexdigest(), count, sound


def _documents(path: Path, archive: zipfile.ZipFile) -> Iterator[tuple[Document, list[Chunk], list[bytes]]]:
    with _readable(path), archive.open(_CONTENT) as stream:
        for line in _lines(stream):
            yield _revived(line)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST):
        yield line
