"""The second stage: takes the sentences that no template matches, and is sure, asks, or leaves them alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from edge_assistant import calibration
from edge_assistant.calibration import Table
from edge_assistant.devices.home import Home
from edge_assistant.numerals import digits
from edge_assistant.phrasing.acts import ACTS, Act
from edge_assistant.phrasing.asking import Asking
from edge_assistant.phrasing.filling import Filled, fill
from edge_assistant.phrasing.model import Model, shipped
from edge_assistant.phrasing.speech import plain_request
from edge_assistant.phrasing.spotting import Spotter
from edge_assistant.phrasing.strangers import is_of_another
from edge_assistant.rules.match import Match

ACTING: Final = 0.86
"""From this probability on a request is carried out: the lowest at which 97 in 100 labelled actions were right."""
ASKING: Final = 0.78
"""From this probability on somebody is asked whether it is meant; below it, too much was no request at all."""
LEAST: Final = 0.3
"""The share that an act must have of the model's belief; what lies below was never labelled."""
LONGEST: Final = 160
"""Characters from which on a text is a story."""


class Phrasing:
    """Understands free phrasings in one language."""

    def __init__(
        self,
        language: str,
        model: Callable[[str], Model | None] = shipped,
        certainty: Callable[[str], Table] = lambda language: calibration.shipped("phrasing", f"certainty.{language}"),
        asking: float = ASKING,
    ) -> None:
        self._language = language
        self._load = model
        self._certainty = certainty
        self._asking = asking
        self._ready: tuple[Model, Spotter, Asking] | None = None

    def match(self, request: str, home: Home, area: str | None = None) -> Match | None:
        """Return what a request asks of this home, said in this area; none where it is not surely a request."""
        said = plain_request(digits(request, self._language), self._language)
        if said is None or len(said) > LONGEST or (ready := self._prepared()) is None:
            return None
        model, spotter, _ = ready
        spotted = spotter.spot(said, home)
        likely = model.probabilities(spotted.row())
        name = max(likely, key=lambda act: likely[act])
        act = ACTS.get(name)
        if act is None or likely[name] < LEAST or is_of_another(spotted, act, model.vocabulary):
            return None
        probability = self._certainty(self._language).probability({"logit": _logit(likely[name])})
        filled = fill(act, spotted, home, area) if probability >= self._asking else None
        return None if filled is None else self._match(act, name, filled, probability, said)

    def ask(self, question: str, home: Home) -> Match | None:
        """Return what a question asks about the states of this home; nothing is ever done for it."""
        if len(question) > LONGEST or (ready := self._prepared()) is None:
            return None
        return ready[2].match(question, home)

    def _prepared(self) -> tuple[Model, Spotter, Asking] | None:
        if self._ready is None and (model := self._load(self._language)) is not None:
            asking = Asking(self._language, model.questions, model.fillers)
            self._ready = model, Spotter(self._language, model.lexicon, model.vocabulary), asking
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


def _logit(share: float) -> float:
    """Return the log odds of a share of the model, which is no probability yet."""
    return math.log(share / max(1 - share, 1e-9))
