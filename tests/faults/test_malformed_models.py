"""Model files that lie about themselves: each is refused with one sentence or runs, and the host goes on."""

from __future__ import annotations

import os
import struct
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from random import Random
from typing import Final

import pytest

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.errors import TierError
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message
from tests.babbling_gguf import babbling_gguf

pytestmark = pytest.mark.faults
FILES: Final = int(os.environ.get("MODELS", "868"))
SEED: Final = int(os.environ.get("SEED", "1"))
HELLO: Final = (Message("user", "Hello"),)
_EXTREMES: Final = (0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)


def spoilt(whole: bytes, header: int, random: Random) -> tuple[str, bytes]:
    """Return how a file was spoilt, and the file; what is changed lies in its header, or it is cut anywhere."""
    kind = random.choice(("bit", "number", "long number", "cut", "hole", "doubled", "swapped"))
    place = random.randrange(header)
    content = bytearray(whole)
    if kind == "bit":
        content[place] ^= 1 << random.randrange(8)
    elif kind == "number":
        content[place : place + 4] = struct.pack("<I", random.choice(_EXTREMES) & 0xFFFFFFFF)
    elif kind == "long number":
        content[place : place + 8] = struct.pack("<Q", random.choice(_EXTREMES))
    elif kind == "cut":
        del content[random.randrange(len(whole)) :]
    elif kind == "hole":
        del content[place : place + random.randrange(1, 64)]
    elif kind == "doubled":
        content[place:place] = content[place : place + random.randrange(1, 64)]
    else:
        other = random.randrange(header)
        content[place : place + 16], content[other : other + 16] = (
            content[other : other + 16],
            content[place : place + 16],
        )
    return kind, bytes(content)


async def outcome(file: Path) -> str:
    """Return what a model says to one short question: its words, or why it says none."""
    model = LlamaModel(file, loading=Loading(256, threads=1))
    try:
        async with aclosing(model.stream(HELLO, Limits(max_tokens=2))) as words:
            return f"said {[word async for word in words]}"
    except TierError as error:
        return str(error)
    finally:
        await model.close()


async def test_a_file_that_lies_about_itself_costs_one_sentence(tmp_path: Path) -> None:
    whole, random, told = babbling_gguf(), Random(SEED), Counter[str]()
    header, file = whole.index(b"blk.0.ffn_down") + 64, tmp_path / "spoilt.gguf"

    for number in range(FILES):
        kind, content = spoilt(whole, header, random)
        file.write_bytes(content)
        sentence = await outcome(file)

        assert sentence, f"{kind}, file {number} of seed {SEED}"
        assert "\n" not in sentence, f"{kind}, file {number} of seed {SEED}: {sentence}"
        assert len(sentence) < 300, f"{kind}, file {number} of seed {SEED}: {sentence}"
        told["ran" if sentence.startswith("said") else "was refused"] += 1

    file.write_bytes(whole)
    assert (await outcome(file)).startswith("said")
    assert told["was refused"] > FILES / 3, f"most of what is spoilt must be seen: {told}"
    print(dict(told))
