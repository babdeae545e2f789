"""A language model as Hugging Face has it, made into a GGUF file by llama.cpp's own program, where that is here.

No package of a registry installs that program: the one called gguf brings only the writer that it uses. It lies in
llama.cpp's sources, which llama-cpp-python's source archive carries, and needs PyTorch.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from edge_assistant.errors import InputError, StorageError

_NEEDED: Final = (
    "{folder} has to be converted by llama.cpp's convert_hf_to_gguf.py, which no package installs: unpack it from"
    " `pip download --no-deps --no-binary :all: llama-cpp-python` (vendor/llama.cpp), `pip install torch transformers"
    " gguf`, and name it with --converter"
)


def convert(folder: Path, target: Path, converter: Path | None) -> Path:
    """Write a folder's model in 16 bits. Raises `InputError`, which says what is needed, and `StorageError`."""
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no model: there is neither a modules.json nor a config.json")
    if converter is None or not converter.is_file():
        raise InputError(_NEEDED.format(folder=folder))
    partial = target.with_name(f".{target.name}.part")
    words = [sys.executable, str(converter), str(folder), "--outfile", str(partial), "--outtype", "f16"]
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode or not partial.exists():
            said = done.stderr.strip().rpartition("\n")[2]
            raise InputError(f"{converter.name} cannot convert {folder}: {said or f'it ended with {done.returncode}'}")
        partial.chmod(0o600)
        os.replace(partial, target)
    except OSError as error:
        raise StorageError(f"{target}: {(error.strerror or type(error).__name__).lower()}") from error
    finally:
        partial.unlink(missing_ok=True)
    return target
