"""`edge-assistant models export`: other sizes of a model, made on a workstation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from edge_assistant.errors import InputError
from edge_assistant.interfaces.cli import Session
from edge_assistant.interfaces.cli.models_shown import MEGABYTE
from edge_assistant.interfaces.cli.progress import progress
from edge_assistant.safe_text import safe_text

if TYPE_CHECKING:
    from edge_assistant.models.catalog import ModelFile

_USUAL: Final = ("Q4_K_M",)
_EMBEDDER_KINDS: Final = ("int8",)


@click.command(name="export")
@click.argument("source")
@click.option("--to", "kinds", multiple=True, metavar="KIND", help="May be given several times.")
@click.option("--name", help="What the new models are called; the kind is added.")
@click.option("--threads", type=click.IntRange(min=1), help="Without it, as many as there are cores.")
@click.option("--converter", type=click.Path(path_type=Path), help="llama.cpp's convert_hf_to_gguf.py.")
@click.option("--kb", type=click.Path(path_type=Path), help="A folder with questions whose document is known.")
@click.pass_obj
def command(
    session: Session,
    source: str,
    kinds: tuple[str, ...],
    name: str | None,
    threads: int | None,
    converter: Path | None,
    kb: Path | None,
) -> None:
    """Make other sizes of SOURCE, and write them into your own list.

    SOURCE is a model of the list, a GGUF file or a folder of a language model from Hugging Face, and KIND is
    F16, Q8_0, Q6_K, Q5_K_M, Q4_K_M (where none is named) or Q4_0; or it is a folder of sentence-transformers, and
    KIND is fp32, fp16 or int8 (where none is named), each compared with PyTorch before it is kept.
    """
    folder = Path(source).expanduser()
    if (folder / "modules.json").is_file():
        _embedder(session, folder, kinds or _EMBEDDER_KINDS, name, kb)
        return
    exporting = _Exporting(session.config.home / "models", name, threads or _cores())
    if folder.is_dir():
        exporting.folder_of_hub(folder, kinds or _USUAL, converter)
    else:
        exporting.model(session, source, kinds or _USUAL)


@dataclass(frozen=True, slots=True)
class _Exporting:
    """Where language models go, what they are called, and how many threads pack them."""

    folder: Path
    name: str | None
    threads: int

    def model(self, session: Session, source: str, kinds: Sequence[str]) -> None:
        """Pack a model of the list, or a file, anew."""
        from edge_assistant.models.catalog import Catalog

        model, path = Catalog.usual(session.config.home).find(source, self.folder)
        flaw = model.flaw(path)
        if flaw is not None:
            raise InputError(f"{model.name} {flaw}; fetch it first: edge-assistant models pull {model.name}")
        self._all(model, path, kinds)

    def folder_of_hub(self, folder: Path, kinds: Sequence[str], converter: Path | None) -> None:
        """Convert a folder of a language model as Hugging Face has them, and pack what comes of it."""
        from edge_assistant.adapters.conversion import convert
        from edge_assistant.models.catalog import Catalog

        plain = self.folder / f"{self.name or folder.resolve().name}-f16.gguf"
        click.echo(safe_text(f"{folder.name}: becomes {plain.name}"), err=True)
        convert(folder, plain, converter)
        try:
            model, path = Catalog(()).find(str(plain), self.folder)
            named = model.model_copy(update={"name": self.name or folder.resolve().name})
            if "F16" in kinds:
                self._entered(named, plain, "F16")
            self._all(named, path, [kind for kind in kinds if kind != "F16"])
        finally:
            if "F16" not in kinds:
                plain.unlink(missing_ok=True)

    def _all(self, model: ModelFile, path: Path, kinds: Sequence[str]) -> None:
        from edge_assistant.adapters.quantize import BITS, quantize

        unknown = next((kind for kind in kinds if kind not in BITS), None)
        if unknown is not None:
            raise InputError(f"there is no kind {unknown!r}; there are {', '.join(BITS)}")
        _say_what_is_lost(model, path, kinds)
        for kind in kinds:
            target = self.folder / f"{self._called(model, kind)}.gguf"
            with progress() as shown:
                quantize(path, target, kind, self.threads, lambda done, total, kind=kind: shown(kind, done, total, ""))  # type: ignore[misc]
            self._entered(model, target, kind)

    def _called(self, model: ModelFile, kind: str) -> str:
        return f"{self.name or model.name}-{kind.lower()}"

    def _entered(self, model: ModelFile, path: Path, kind: str) -> None:
        """Write what was made into the user's list, and say how it is used."""
        from edge_assistant.models.own_list import enter

        made = described(model, path, self._called(model, kind), kind)
        enter(self.folder, made)
        size = f"{made.size / MEGABYTE:,.0f} MB, {made.memory:,} MB while it answers"
        click.echo(safe_text(f"{made.name}: {size}; use it with: edge-assistant models use {made.name}"))


def described(model: ModelFile, path: Path, name: str, kind: str) -> ModelFile:
    """Return the entry of a file that was made of a model: what it is, and what it takes."""
    from edge_assistant.models.gguf import read_header
    from edge_assistant.models.loading import Loading
    from edge_assistant.models.need import packed_types, predict
    from edge_assistant.models.stored import digest

    header = read_header(path)
    memory = predict(header, Loading(4096, _cores()), packed_types()).memory
    weights = sum(math.prod(tensor.shape) for tensor in header.tensors)
    own = {"name": name, "file": path.name, "files": (), "sources": (), "quantization": kind, "measured": False}
    found = {"size": path.stat().st_size, "sha256": digest(path), "memory": round(memory / MEGABYTE)}
    known = {"billions": model.billions or round(weights / 1e9, 3), "context": header.context or model.context}
    return model.model_copy(update={**own, **found, **known, "judging": {}, "speeds": ()})


def _say_what_is_lost(model: ModelFile, path: Path, kinds: Sequence[str]) -> None:
    from edge_assistant.adapters.quantize import BITS
    from edge_assistant.models.gguf import read_header

    packed = read_header(path).quantization
    if packed not in ("F32", "F16", "BF16"):
        larger = [kind for kind in kinds if BITS[kind] > BITS.get(packed, 5.0)]
        told = f"; {', '.join(larger)} will be larger, not better" if larger else ""
        click.echo(safe_text(f"{model.name} is packed already ({packed}): what that lost stays lost{told}"), err=True)


def _embedder(session: Session, folder: Path, kinds: Sequence[str], name: str | None, kb: Path | None) -> None:
    from edge_assistant.adapters.embedder_export import export

    called = name or folder.resolve().name
    for made in export(folder, session.config.home / "models", called, kinds, kb):
        click.echo(safe_text(f'{made}; use it with: knowledge.embedder = "{made.name}"'))


def _cores() -> int:
    from edge_assistant.models.fit import physical_cores

    return physical_cores()
