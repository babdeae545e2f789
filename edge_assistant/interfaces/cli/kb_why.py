"""What `edge-assistant kb search --why` tells: which stage found or lost a passage, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_assistant.config import Config
    from edge_assistant.knowledge.diagnosis import Diagnosis, Standing
    from edge_assistant.knowledge.library import Library
    from edge_assistant.knowledge.selection import Selection


def diagnosed(
    library: Library, text: str, language: str, config: Config, expect: str | None, within: Selection
) -> Diagnosis:
    """Search again with an eye on every stage."""
    from edge_assistant.knowledge.diagnosis import Limits, diagnose
    from edge_assistant.tiers.knowledge import HOPELESS

    limits = Limits(config.knowledge.threshold, HOPELESS, config.knowledge.passages)
    return diagnose(library, text, language, limits, expect, lambda source: _refusal(source, config), within)


def _refusal(source: str, config: Config) -> str | None:
    """Return why a file that lies here would be refused, if it would."""
    from edge_assistant.adapters.reading import Reading
    from edge_assistant.errors import InputError

    path = Path(source)
    if not path.is_file():
        return None
    with closing(Reading(config.knowledge.max_seconds)) as reading:
        try:
            reading.read(path, path.name, limit=int(config.knowledge.max_megabytes * 1_000_000))
        except InputError as error:
            return str(error).removeprefix(f"{source}: ")
    return None


def lines(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what is told to people, in the language of the question."""
    from edge_assistant.knowledge.diagnosis_wording import line, sentence

    for number, one in enumerate(diagnosis.standings, 1):
        yield f"{number}. {one.place}: {line(one, diagnosis.language)}"
    if diagnosis.expected is not None and diagnosis.expected not in diagnosis.standings:
        one = diagnosis.expected
        yield f"{one.sentences}. {one.place}: {line(one, diagnosis.language)}"
    for note in diagnosis.notes:
        yield sentence(note, diagnosis.language)


def record(diagnosis: Diagnosis) -> dict[str, object]:
    """Return what is told to programs."""
    from edge_assistant.knowledge.diagnosis_wording import sentence

    return {
        "stages": [_standing(one) for one in diagnosis.standings],
        "expected": diagnosis.expected and _standing(diagnosis.expected),
        "notes": [
            {"stage": note.stage, "key": note.key, "text": sentence(note, diagnosis.language)}
            for note in diagnosis.notes
        ],
    }


def _standing(one: Standing) -> dict[str, object]:
    rounded = {"bm25": round(one.bm25, 4), "score": round(one.score, 4)}
    return {**asdict(one), **rounded, "cosine": None if one.cosine is None else round(one.cosine, 4)}
