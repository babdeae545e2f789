"""What is told from documents by the tiers that read them, and how sure they are: quoted, or said by a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from edge_assistant.assistant import Assistant
from edge_assistant.config import Config
from edge_assistant.errors import Unanswered
from edge_assistant.languages import detect
from edge_assistant.operations.coverage import Weighed
from edge_assistant.operations.evaluate import rooms
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.operations.evaluate.rightness import is_right
from edge_assistant.types import TierName

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

_READING: Final[tuple[TierName, ...]] = ("knowledge", "device")
_SILENT: Final = {"answer": "", "said": "", "confidence": 0.0, "tier": None, "reason": "nobody could answer"}


class Grounded:
    """Satisfies `Predictor`. An answer below the threshold of the device tier counts as none."""

    def __init__(self, assistant: Assistant, threshold: float) -> None:
        self._assistant = assistant
        self._threshold = threshold
        self._warm = False

    async def prepare(self, row: Row) -> None:
        """Ask one question before the first, so that the embedder and the index are open."""
        if not self._warm:
            await self._told("What is this about?")
            self._warm = True

    async def predict(self, row: Row) -> Prediction:
        """Return what is told, what is only a draft, and who said it and why."""
        return await self._told(str(row["question"]))

    async def _told(self, question: str) -> Prediction:
        try:
            answer = await self._assistant.ask(question, language=detect(question), private=True, local_only=True)
        except Unanswered:
            return dict(_SILENT)
        sure = answer.confidence >= self._threshold
        return {
            "answer": answer.text if sure else "",
            "said": answer.text,
            "confidence": round(answer.confidence, 4),
            "tier": answer.tier,
            "reason": answer.trace[-1].reason,
        }


def weighed(row: Row, prediction: Prediction) -> Weighed | None:
    """Return a prediction with whether it is right, where the row says what is; None where it does not."""
    if "kind" not in row or "answers" not in row:
        return None
    right = is_right(str(prediction["said"]), [str(answer) for answer in row["answers"]])
    return Weighed(str(row["kind"]), float(prediction["confidence"]), float(right))


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Grounded]:
    """Index the documents in a folder that goes away, and open an assistant over them."""
    with TemporaryDirectory() as folder:
        place = evaluation.index or Path(folder)
        with rooms.filled(evaluation.config, evaluation.documents, place):
            pass
        async with Assistant.open(config=_config(evaluation.config, place)) as assistant:
            yield Grounded(assistant, evaluation.config.device.threshold)


def _config(config: Config, place: Path) -> Config:
    """Return the settings with another home, the user's models in it, and the two tiers that read."""
    models = config.home / "models"
    if models.is_dir() and not (place / "models").exists():
        (place / "models").symlink_to(models.absolute())
    return rooms.apart(config, place).model_copy(update={"tiers": _READING})
