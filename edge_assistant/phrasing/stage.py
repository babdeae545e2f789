"""The second stage: takes the sentences that no template matches, and is sure, asks, or leaves them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from edge_assistant.home import Home
from edge_assistant.numerals import digits
from edge_assistant.phrasing.acts import ACTS, Act
from edge_assistant.phrasing.filling import Filled, fill
from edge_assistant.phrasing.model import Model, shipped
from edge_assistant.phrasing.speech import plain_request
from edge_assistant.phrasing.spotting import Spotter
from edge_assistant.rulebook import Match

ACTING: Final = 0.7
"""From this probability on a request is carried out."""
ASKING: Final = 0.45
"""From this probability on somebody is asked whether it is meant."""
LONGEST: Final = 160
"""Characters from which on a text is a story."""


class Phrasing:
    """Understands free phrasings in one language."""

    def __init__(self, language: str, model: Callable[[str], Model | None] = shipped) -> None:
        self._language = language
        self._load = model
        self._ready: tuple[Model, Spotter] | None = None

    def match(self, request: str, home: Home, area: str | None = None) -> Match | None:
        """Return what a request asks of this home, said in this area; none where it is not surely a request."""
        said = plain_request(digits(request, self._language), self._language)
        if said is None or len(said) > LONGEST or (ready := self._prepared()) is None:
            return None
        model, spotter = ready
        spotted = spotter.spot(said, home)
        likely = model.probabilities(spotted.row())
        name = max(likely, key=lambda act: likely[act])
        act = ACTS.get(name)
        if act is None or likely[name] < ASKING:
            return None
        filled = fill(act, spotted, home, area)
        return None if filled is None else self._match(act, name, filled, likely[name], said)

    def _prepared(self) -> tuple[Model, Spotter] | None:
        if self._ready is None:
            model = self._load(self._language)
            self._ready = None if model is None else (model, Spotter(self._language, model.lexicon))
        return self._ready

    def _match(self, act: Act, name: str, filled: Filled, probability: float, text: str) -> Match:
        intent, slots = act.intent, dict(filled.slots)
        if filled.unknown:
            intent, slots = "UnknownDevice", {"thing": filled.unknown}
        return Match(
            intent,
            slots,
            "default",
            self._language,
            text,
            f"free phrasing: {name}",
            "examples",
            act.domains,
            probability=probability,
            asks=act.open or filled.open or ("" if probability >= ACTING else "confirm"),
            about=act.intent,
        )
