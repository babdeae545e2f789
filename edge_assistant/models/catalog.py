"""Which models there are: what each file is, where it comes from, and whether it is here."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from edge_assistant.config import Section, read_toml, shipped
from edge_assistant.errors import ConfigError

MAGIC: Final = b"GGUF"
_BEGINNINGS: Final = {".onnx": (b"\x08", "an ONNX file"), ".json": (b"{", "JSON"), ".bin": (b"E5S1", "packed weights")}
"""How files that are no GGUF begin, by the end of their name."""
MANIFEST: Final = "manifest.toml"
_BLOCK: Final = 1 << 20
_PLAIN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class Right(Section):
    """The probability that an answer is right, by what was asked."""

    grounded: float = Field(default=0.30, ge=0, le=1)
    """The answer is to be read out of passages."""
    fact: float = Field(default=0.20, ge=0, le=1)
    """A fact is asked for, and there is no passage."""
    wish: float = Field(default=0.50, ge=0, le=1)
    """A text is wished for: a poem, a summary, a greeting."""


class Judging(Section):
    """How a model's leaning to Yes becomes the probability that a passage states the answer; fitted on labels."""

    scale: float = Field(gt=0)
    offset: float

    def probability(self, leaning: float) -> float:
        """Return the probability for a difference of logits."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.scale * leaning + self.offset))))


class ModelFile(Section):
    """One GGUF file that can be fetched, checked and run."""

    name: str = Field(pattern=_PLAIN)
    file: str = Field(pattern=_PLAIN)
    """How the file is called in the models folder."""
    size: int = Field(gt=0)
    """In bytes."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    sources: tuple[str, ...] = ()
    """Where it can be had, tried in order: `hf:…` and `pypi:…`."""
    family: str = ""
    billions: float = Field(default=0.0, ge=0)
    """How many parameters, in 10⁹."""
    quantization: str = ""
    licence: str = "unknown"
    context: int = Field(default=4096, gt=0)
    """The longest context it was trained for, in tokens."""
    languages: tuple[str, ...] = ("en",)
    memory: int = Field(default=0, ge=0)
    """Megabytes while it answers, with a context of 4,096 tokens."""
    measured: bool = False
    """Whether `memory` was measured."""
    right: Right = Right()
    judging: dict[str, Judging] = Field(default_factory=dict)
    """Languages in which its Yes or No about a passage is worth asking for; where it was not measured, nobody asks."""

    def path(self, folder: Path) -> Path:
        """Return where the file lies, or would lie, in a folder of models."""
        return folder / self.file

    def flaw(self, path: Path) -> str | None:
        """Return what is wrong with a file at a glance (it is missing, cut, or no model), if anything is."""
        flaw = unusable(path)
        if flaw is not None:
            return flaw
        size = path.stat().st_size
        return f"has {size:,} bytes instead of {self.size:,}" if size != self.size else None

    def damage(self, path: Path, progress: Callable[[int], object] = lambda count: None) -> str | None:
        """Return what is wrong with a file, its hash included; `progress` is told how many bytes were read."""
        return self.flaw(path) or (None if digest(path, progress) == self.sha256 else "has the wrong SHA-256")


class EmbedderModel(Section):
    """The files of one embedding model, which make a folder."""

    name: str = Field(pattern=_PLAIN)
    licence: str = "unknown"
    languages: tuple[str, ...] = ("en",)
    memory: int = Field(default=0, ge=0)
    """Megabytes while it embeds."""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @property
    def size(self) -> int:
        """Return how many bytes are to be fetched."""
        return sum(file.size for file in self.files)


class _Manifest(Section):
    model: tuple[ModelFile, ...] = ()
    embedder: tuple[EmbedderModel, ...] = ()


class Catalog:
    """The models of every manifest; a later entry of the same name replaces an earlier one."""

    def __init__(self, models: Sequence[ModelFile], embedders: Sequence[EmbedderModel] = ()) -> None:
        self._models = {model.name: model for model in models}
        self.embedders = {embedder.name: embedder for embedder in embedders}

    def __iter__(self) -> Iterator[ModelFile]:
        return iter(self._models.values())

    @classmethod
    def read(cls, paths: Sequence[Path]) -> Catalog:
        """Read manifests in order; one that does not exist is passed over. Raises `ConfigError`."""
        manifests = [_read(path) for path in paths if path.exists()]
        return cls(
            [model for manifest in manifests for model in manifest.model],
            [embedder for manifest in manifests for embedder in manifest.embedder],
        )

    @classmethod
    def usual(cls, home: Path) -> Catalog:
        """Read what came with the package, and over it what the user added. Raises `ConfigError`."""
        return cls.read((shipped("models") / MANIFEST, home / "models" / MANIFEST))

    def find(self, name: str, folder: Path) -> tuple[ModelFile, Path]:
        """Return a model, and where its file lies, by its name or by the path of any GGUF file.

        Raises `ConfigError`, which lists the known names.
        """
        if name in self._models:
            return self._models[name], self._models[name].path(folder)
        path = Path(name).expanduser()
        if path.suffix != ".gguf":
            known = ", ".join(self._models)
            raise ConfigError(f"there is no model {name!r}; there are {known}, or a path to a .gguf file")
        listed = next((model for model in self if model.file == path.name), None)
        if listed is not None and listed.flaw(path) is None:
            return listed, path
        return _unlisted(path), path

    def installed(self, folder: Path) -> tuple[ModelFile, ...]:
        """Return the models whose whole file lies in a folder."""
        return tuple(model for model in self if model.flaw(model.path(folder)) is None)


def unusable(path: Path) -> str | None:
    """Return why a path cannot be a model (a GGUF file, or what the end of its name promises), if so."""
    promised = path.name.strip(".").removesuffix(".part")
    magic, kind = next((kept for end, kept in _BEGINNINGS.items() if promised.endswith(end)), (MAGIC, "a GGUF file"))
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    if start.startswith(magic):
        return None
    page = re.match(rb"\s*(<!doctype|<html|<\?xml|[{\[])", start, re.IGNORECASE)
    return "is a web page, not a model" if page else f"is not {kind}"


def digest(path: Path, progress: Callable[[int], object] = lambda count: None) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
            progress(len(block))
    return hashed.hexdigest()


def _read(path: Path) -> _Manifest:
    try:
        return _Manifest(**read_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from error


def _unlisted(path: Path) -> ModelFile:
    """Describe a file that no manifest knows: its size is what it is, and its hash cannot be checked."""
    size = path.stat().st_size if path.is_file() else 1
    name = re.sub(r"[^A-Za-z0-9._-]", "-", path.stem).lstrip("._-") or "model"
    return ModelFile(name=name, file=f"{name}.gguf", size=max(1, size), sha256="0" * 64, languages=("en", "zh"))
