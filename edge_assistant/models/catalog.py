"""Which models there are: what each file is, where it comes from, and whether it is here."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, ValidationError, model_validator

from edge_assistant.config import Section, read_toml, shipped
from edge_assistant.errors import ConfigError
from edge_assistant.models.gguf import read_header
from edge_assistant.models.pins import Pin, read_pins
from edge_assistant.models.stored import PLAIN, StoredFile

if TYPE_CHECKING:
    from typing_extensions import Self

MANIFEST: Final = "manifest.toml"
_SPLIT: Final = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_MOST_PARTS: Final = 100
_FREE: Final = frozenset({"Apache-2.0", "MIT", "BSD-3-Clause"})
"""Licences that allow everybody every use."""


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


class Speed(Section):
    """How fast a model was seen to speak on a kind of board, to one person."""

    board: str = Field(pattern=PLAIN)
    """A name of `models.boards`."""
    tokens: float = Field(gt=0)
    """Tokens a second, one after the other."""
    prompt: float | None = Field(default=None, gt=0)
    """Tokens a second of a prompt that is read."""
    source: str
    """Who measured it, with what."""


class ModelFile(StoredFile):
    """One model that can be fetched, checked and run: a GGUF file, or one that was split into several."""

    name: str = Field(pattern=PLAIN)
    files: tuple[StoredFile, ...] = ()
    """The parts of a split file, in order; `file` and `size` follow from them."""
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
    speeds: tuple[Speed, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_parts(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Name and measure a split file by its parts."""
        parts = given.get("files")
        if not isinstance(parts, Sequence) or not parts or not all(isinstance(part, dict) for part in parts):
            return given
        sizes = [part.get("size", 0) for part in parts]
        total = sum(sizes) if all(isinstance(size, int) and size > 0 for size in sizes) else 0
        return {"file": parts[0].get("file"), "size": total, **given}

    @model_validator(mode="after")
    def _named_as_parts(self) -> Self:
        """llama.cpp finds the other parts of a split file by their names alone."""
        names = [part.file for part in self.files]
        stem = _SPLIT.sub("", names[0]) if names else ""
        if names != [f"{stem}-{number:05}-of-{len(names):05}.gguf" for number in range(1, len(names) + 1)]:
            raise ValueError("the parts of a split file are named …-00001-of-0000N.gguf, in order")
        return self

    @property
    def parts(self) -> tuple[StoredFile, ...]:
        """What is to be fetched, one by one; the first is what is loaded."""
        return self.files or (self,)

    @property
    def free(self) -> bool:
        """Whether the licence allows everybody everything; only such a model is ever chosen without being asked for."""
        return self.licence in _FREE

    def path(self, folder: Path) -> Path:
        """Return where the file lies, or would lie, in a folder of models."""
        return folder / self.file

    def paths(self, path: Path) -> tuple[Path, ...]:
        """Return where every part lies, beside the first."""
        return tuple(path.with_name(part.file) for part in self.files) or (path,)

    def flaw(self, path: Path) -> str | None:
        """Return what is wrong at a glance with a file, or with the first part of it that is not right."""
        if not self.files:
            return super().flaw(path)
        told = ((part.flaw(where), part.file) for part, where in zip(self.files, self.paths(path), strict=True))
        return next((f"{flaw} ({name})" for flaw, name in told if flaw is not None), None)

    def damage(self, path: Path, progress: Callable[[int], object] = lambda count: None) -> str | None:
        """Return what is wrong with a file or a part of it: its header and its hash included."""
        flaw = self.flaw(path) or header_flaw(path)
        if flaw is not None or not self.files:
            return flaw or super().damage(path, progress)
        told = ((part.damage(at, progress), part.file) for part, at in zip(self.files, self.paths(path), strict=True))
        return next((f"{flaw} ({name})" for flaw, name in told if flaw is not None), None)

    def pinned(self, pins: Mapping[str, Pin]) -> Self:
        """Return the model with what was learned when its parts were first fetched."""
        if not self.files:
            return super().pinned(pins)
        files = tuple(part.pinned(pins) for part in self.files)
        known = all(part.size for part in files)
        return self.model_copy(update={"files": files, "size": sum(part.size for part in files) if known else 0})


class EmbedderModel(Section):
    """The files of one embedding model, which make a folder."""

    name: str = Field(pattern=PLAIN)
    licence: str = "unknown"
    languages: tuple[str, ...] = ("en",)
    memory: int = Field(default=0, ge=0)
    """Megabytes while it embeds."""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @property
    def free(self) -> bool:
        """Whether the licence allows everybody everything."""
        return self.licence in _FREE

    @property
    def size(self) -> int:
        """Return how many bytes are to be fetched."""
        return sum(file.size for file in self.files)

    def pinned(self, pins: Mapping[str, Pin]) -> EmbedderModel:
        """Return the embedder with what was learned when its files were first fetched."""
        return self.model_copy(update={"files": tuple(file.pinned(pins) for file in self.files)})


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
    def read(cls, paths: Sequence[Path], pins: Mapping[str, Pin] | None = None) -> Catalog:
        """Read manifests in order; one that does not exist is passed over. Raises `ConfigError`."""
        manifests = [_read(path) for path in paths if path.exists()]
        return cls(
            [model.pinned(pins or {}) for manifest in manifests for model in manifest.model],
            [embedder.pinned(pins or {}) for manifest in manifests for embedder in manifest.embedder],
        )

    @classmethod
    def usual(cls, home: Path) -> Catalog:
        """Read what came with the package, and over it what the user added. Raises `ConfigError`."""
        folder = home / "models"
        return cls.read((shipped("models") / MANIFEST, folder / MANIFEST), read_pins(folder))

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


def _read(path: Path) -> _Manifest:
    try:
        return _Manifest(**read_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        ours = first["msg"].removeprefix("Value error, ")
        told = ours if ours != first["msg"] else ours.lower()
        raise ConfigError(f"{path}: {'.'.join(map(str, first['loc']))}: {told}") from error


def _unlisted(path: Path) -> ModelFile:
    """Describe a file that no manifest knows: its size is what it is, and its hash cannot be checked."""
    split = _SPLIT.search(path.name)
    if split is not None and int(split[1]) == 1:
        return _unlisted_parts(path, path.name[: split.start()], int(split[2]))
    name = _named(path.stem)
    return ModelFile(name=name, file=f"{name}.gguf", size=_size(path), languages=("en", "zh"))


def _unlisted_parts(path: Path, stem: str, count: int) -> ModelFile:
    names = [f"{stem}-{number:05}-of-{count:05}.gguf" for number in range(1, min(count, _MOST_PARTS) + 1)]
    if count > _MOST_PARTS or not re.match(PLAIN, path.name):
        raise ConfigError(
            f"{path.name}: a split file has a plain name (A-Z a-z 0-9 . _ -) and {_MOST_PARTS} parts at most"
        )
    files = tuple(StoredFile(file=name, size=_size(path.with_name(name))) for name in names)
    whole = sum(part.size for part in files)
    return ModelFile(name=_named(stem), file=path.name, size=whole, files=files, languages=("en", "zh"))


def _named(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", text).lstrip("._-") or "model"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def header_flaw(path: Path) -> str | None:
    """Return what is wrong with the header of a GGUF file, if anything is; other files have none."""
    if not path.name.strip(".").removesuffix(".part").endswith(".gguf"):
        return None
    try:
        header = read_header(path)
    except ConfigError as error:
        return str(error).removeprefix(f"{path.name} ")
    return None if header.blocks else "is a later part of a split file, not the first"
