"""A day's questions in order through the whole engine, in homes kept in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Final

from edge_assistant.assistant import Assistant
from edge_assistant.config import Config
from edge_assistant.devices.home import Home
from edge_assistant.errors import Unanswered
from edge_assistant.languages import supported
from edge_assistant.operations.evaluate import rooms
from edge_assistant.operations.evaluate.commands import Homes, frame, speaker_area
from edge_assistant.operations.evaluate.gold import Row
from edge_assistant.rooms import open_rulebooks
from edge_assistant.rules.rulebook import Rulebook
from edge_assistant.types import Answer, TierName

if TYPE_CHECKING:
    from edge_assistant.operations.evaluate import Evaluation, Prediction

_NAMES: Final[Mapping[TierName, str]] = {"rules": "rule", "knowledge": "kb", "device": "llm", "cloud": "cloud"}
_SILENT: Final[Mapping[str, object]] = {
    "tier": "abstain",
    "answer": "",
    "intent": None,
    "slots": {},
    "cached": False,
    "cloud": False,
}
_WARM_UP: Final = {"en": "What is this about?", "zh": "这是关于什么的？"}


class Workload:
    """Satisfies `Predictor`. One assistant per home; all of them share what was answered and what is known."""

    def __init__(
        self, wake: Callable[[Home], Awaitable[Assistant]], rulebook: Callable[[str], Rulebook], homes: Homes
    ) -> None:
        self._wake = wake
        self._rulebook = rulebook
        self._homes = homes
        self._awake: list[tuple[Home, Assistant]] = []
        self._first: dict[str, TierName] = {}
        """Who said an answer first: the tier of the answers that are given again."""

    async def prepare(self, row: Row) -> None:
        """Wake the assistant of a home with private questions, which leave nothing behind."""
        home = self._homes.of(row)
        if any(home is known for known, _ in self._awake):
            return
        self._awake.append((home, await self._wake(home)))
        for language, question in _WARM_UP.items():
            await _asked(self._of(home), question, language, private=True)

    async def predict(self, row: Row) -> Prediction:
        """Return what the user is told within the row's time, then the frame, which only the scorer wants."""
        home, language = self._homes.of(row), supported(row["language"])
        started = perf_counter()
        answer = await _asked(self._of(home), row["text"], language, speaker_area(row, home))
        spent = {"latency_ms": round((perf_counter() - started) * 1000, 3)}
        if answer is None:
            return {**_SILENT, **spent}
        first = self._first.get(answer.text, "knowledge") if answer.tier == "answers" else answer.tier
        self._first.setdefault(answer.text, first)
        understood = self._frame(answer, row, home) if answer.tier == "rules" else {}
        told = {"tier": _NAMES[first], "answer": answer.text, "confidence": round(answer.confidence, 4)}
        how = {"cached": answer.tier == "answers", "cloud": answer.tier == "cloud", "draft": _is_draft(answer)}
        return {**_SILENT, **told, **understood, **how, **spent}

    def _frame(self, answer: Answer, row: Row, home: Home) -> Prediction:
        """Return the intent and slots of the match that the rule tier says it acted on."""
        matches = self._rulebook(answer.language).matches(row["text"], home, speaker_area(row, home))
        reasons = [attempt.reason for attempt in answer.trace if attempt.tier == "rules"]
        return frame(next((match for match in matches if match.why in reasons), None))

    def _of(self, home: Home) -> Assistant:
        return next(assistant for known, assistant in self._awake if known is home)


async def _asked(
    assistant: Assistant, text: str, language: str, area: str | None = None, *, private: bool = False
) -> Answer | None:
    try:
        return await assistant.ask(text, language=language, area=area, private=private, local_only=True)
    except Unanswered:
        return None


def _is_draft(answer: Answer) -> bool:
    """Return whether its tier had declined, and only spoke because nobody else did."""
    return any(attempt.tier == answer.tier and attempt.outcome == "declined" for attempt in answer.trace)


@asynccontextmanager
async def opened(evaluation: Evaluation) -> AsyncGenerator[Workload]:
    """Index the documents, and open assistants that live in a folder that goes away."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "home"
        with rooms.filled(evaluation.config, evaluation.documents, evaluation.index or place):
            pass
        if evaluation.index is not None:
            copytree(evaluation.index, place)
        async with AsyncExitStack() as stack:

            async def wake(home: Home) -> Assistant:
                config = _config(evaluation, place, home)
                return await stack.enter_async_context(Assistant.open(config=config))

            yield Workload(wake, open_rulebooks(evaluation.config), Homes(evaluation.homes, single=evaluation.single))


def _config(evaluation: Evaluation, place: Path, home: Home) -> Config:
    """Return the settings with another home, other tiers, and none of the starter documents."""
    models = evaluation.config.home / "models"
    if models.is_dir() and not (place / "models").exists():
        (place / "models").symlink_to(models.absolute())
    number = len(list(place.glob("home-*")))
    house = place / f"home-{number}.yaml"
    house.write_text(json.dumps(_listed(home, number), ensure_ascii=False), encoding="utf-8")
    config = rooms.apart(evaluation.config, place)
    rules = config.rules.model_copy(update={"house": house})
    return config.model_copy(update={"tiers": evaluation.tiers, "rules": rules})


def _listed(home: Home, number: int) -> Mapping[str, object]:
    """Return a home as its file lists it (JSON is YAML), with ids that no other device has, in any home."""
    floors = [{"id": floor.id, "name": floor.name} for floor in home.floors]
    areas = [_known({"id": area.id, "name": area.name, "floor": area.floor}) for area in home.areas]
    entities = [
        _known(
            {
                "id": f"{entity.domain}.home_{number}_device_{place}",
                "name": entity.name,
                "area": entity.area,
                "device_class": entity.device_class,
                "state": entity.state,
                "attributes": dict(entity.attributes),
            }
        )
        for place, entity in enumerate(home.entities)
    ]
    return {"floors": floors, "areas": areas, "entities": entities}


def _known(item: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in item.items() if value is not None}
