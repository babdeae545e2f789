"""Asks a ladder three times, and says what came of it; its machine lies about the memory that is free."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from edge_assistant.adapters.llama import LlamaModel
from edge_assistant.errors import ModelDied
from edge_assistant.models.board import Conditions
from edge_assistant.models.catalog import Catalog
from edge_assistant.models.choice import AUTO, candidates
from edge_assistant.models.ladder import Ladder
from edge_assistant.models.loading import Loading
from edge_assistant.types import Limits, Message


class Liar:
    """Says that there is plenty."""

    def now(self) -> Conditions:
        return Conditions(free=1 << 40)

    def held(self, pid: int) -> int:
        return 0


async def asked(ladder: Ladder) -> dict[str, object]:
    rung = await ladder.current("en")
    told: dict[str, object] = {"asked": rung.described.name, "why": rung.why}
    try:
        words = rung.model.stream((Message("user", "Say hello."),), Limits(max_tokens=8))
        return {**told, "said": "".join([word async for word in words])}
    except ModelDied as death:
        ladder.told(rung, death)
        return {**told, "died": death.cause}


async def main(home: Path) -> None:
    ladder = Ladder(
        candidates(Catalog.usual(home), home / "models", AUTO),
        Liar(),
        lambda file, loading: LlamaModel(file, loading=loading),
        # The larger one with a context that takes 400 MB, which are written to at once.
        loading=lambda model: Loading(32768 if model.billions > 0.3 else 1024, threads=2, spare=0),
    )
    for _ in range(3):
        print(json.dumps(await asked(ladder)), flush=True)
    await ladder.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
