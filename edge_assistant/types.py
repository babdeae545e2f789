"""The nouns: what is asked, what is found, what is said and done, and why."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypedDict

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    FloatArray: TypeAlias = NDArray[numpy.float32]
    IntArray: TypeAlias = NDArray[numpy.int64]

Role: TypeAlias = Literal["system", "user", "assistant"]
TierName: TypeAlias = Literal["rules", "answers", "knowledge", "device", "cloud"]
Outcome: TypeAlias = Literal["answered", "declined", "skipped", "failed"]
ActionStatus: TypeAlias = Literal["done", "started", "already", "refused", "failed"]
"""`started`: the device obeys, and takes its time."""
Share: TypeAlias = Literal["never", "lan", "cloud"]
"""How far a piece of a document may travel: nowhere, to machines of this network, anywhere."""
Slot: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str
    private: bool = False
    """A private turn is never shown to a tier that leaves the device."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the knowledge base that bears on a query."""

    text: str
    source: str
    """Where it stands, for people: ``router.md#reset``."""
    score: float
    """How well it fits, between 0 and 1; comparable within one search only."""
    share: Share = "never"
    """How far it may travel, where the settings allow passages to travel at all."""
    quotation: str = ""
    """What its tier would quote from it."""
    right: float | None = None
    """The probability that this quotation answers; comparable across searches."""


class Manner(TypedDict, total=False):
    """How a question is asked: the keywords of `Assistant.ask` and of everyone who passes a question on."""

    language: str | None
    """Answer in this language; without it, in that of the question."""
    area: str | None
    """The room of the speaker."""
    private: bool
    """Keep the question on the device, and its answer out of reuse."""
    local_only: bool
    """Leave out every tier that leaves the device."""
    conversation: str | None
    """Turns of one conversation see each other; a lone question has none."""
    deadline: float | None
    """Seconds for everything."""


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, and where."""

    area: str | None = None
    device: str | None = None
    speaker: str | None = None
    conversation: str | None = None
    """Turns of one conversation share this; a lone question has none."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the user asked, and everything known about it so far."""

    text: str
    language: str = "en"
    history: tuple[Message, ...] = ()
    passages: tuple[Passage, ...] = ()
    private: bool = False
    """Never leaves the device, and its answer is not reused."""
    local_only: bool = False
    """Answer without any tier that leaves the device."""
    context: Context = Context()
    deadline: float | None = None
    """The engine's clock by which the answer must be finished, in seconds."""

    def with_passages(self, passages: Sequence[Passage]) -> Query:
        """Return this query enriched with what a tier found on its way past."""
        return replace(self, passages=(*self.passages, *passages))


@dataclass(frozen=True, slots=True)
class Action:
    """The receipt of something that was asked of the home."""

    action: str
    target: str
    slots: Mapping[str, Slot] = field(default_factory=dict)
    status: ActionStatus = "done"


Piece: TypeAlias = str | Action | Passage
Words: TypeAlias = AsyncGenerator["Piece | Declined | Weighed"]
"""What a tier says, piece by piece, with the receipts of what it did and the passages it stood on while speaking.

An empty piece is a sign of life. Where the first one is a `Declined`, the tier thought again before it spoke; where it
is `Weighed`, it says how sure it is now, and its words follow.
"""


@dataclass(frozen=True, slots=True)
class Weighed:
    """How sure a tier is of its own words, once it has heard all of them."""

    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A tier takes the query; its words have not started yet."""

    words: Words
    reason: str
    confidence: float = 1.0
    """The probability that these words are right."""
    sources: tuple[Passage, ...] = ()
    """What is known beforehand to be quoted; the passages among the words come on top."""
    owns: bool = False
    """Nobody else may answer this query, whatever becomes of it: a matched rule."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A tier leaves the query to the next one, says why, and may leave what it would have said."""

    reason: str
    passages: tuple[Passage, ...] = ()
    draft: Reply | None = None


class Tier(Protocol):
    """One way of answering. Tiers never call each other; the engine does."""

    @property
    def name(self) -> TierName: ...

    @property
    def leaves_device(self) -> bool: ...

    async def consider(self, query: Query) -> Reply | Declined:
        """Take the query or decline it. Raise `TierError` if broken."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how freely a model may speak."""

    max_tokens: int = 512
    temperature: float = 0.3
    stop: tuple[str, ...] = ()
    seed: int | None = None
    seconds: float = 120.0
    """After that a local model is stopped; what it has said by then stands."""
    thoughts: int = 1024
    """Tokens that a local reasoning model may think before it has to answer; they come on top."""
    asker: str = ""
    """Who asks; where several wait for a local model, the askers take turns."""
    schema: str = ""
    """A JSON schema that the answer follows, as text; a model that cannot be held to it ignores it."""
    grammar: str = ""
    """The same as a grammar in GBNF, llama.cpp's notation, for what is no JSON."""


class ChatModel(Protocol):
    """Anything that continues a conversation: a local GGUF file or a cloud API."""

    def stream(self, messages: Sequence[Message], limits: Limits) -> AsyncGenerator[str]:
        """Yield the continuation in pieces; closing the generator stops the model. Raises `TierError`."""
        ...


class Judge(Protocol):
    """Says whether a passage states the answer to a question: slowly, and better than features can."""

    @property
    def languages(self) -> Collection[str]:
        """In which languages it was found to judge well."""
        ...

    @property
    def expected(self) -> float:
        """Seconds that the next verdict will take about, loading and waiting included."""
        ...

    async def probability(self, question: str, passage: str, language: str) -> float:
        """Return the probability that the passage states the answer. Raises `TierError`."""
        ...


class Embedder(Protocol):
    """Turns texts into points whose nearness means likeness."""

    @property
    def stamp(self) -> str:
        """Identifies weights and preprocessing; vectors of different stamps must not be mixed."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> Sequence[str]:
        """Which of our languages it reads; texts in others it embeds as well, but their nearness means nothing."""
        ...

    def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> FloatArray:
        """Return one unit-length float32 row per text: shape (len(texts), dimension)."""
        ...


class VectorIndex(Protocol):
    """Nearest neighbours by inner product over unit vectors."""

    def add(self, ids: IntArray, vectors: FloatArray) -> None: ...

    def remove(self, ids: IntArray) -> None: ...

    def search(self, vectors: FloatArray, k: int) -> tuple[FloatArray, IntArray]:
        """Return scores and ids, each of shape (len(vectors), k), best first; id -1 where there are fewer."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the receipt: what one tier made of the query."""

    tier: TierName
    outcome: Outcome
    reason: str
    confidence: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The words so far are withdrawn; another tier starts again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The finished answer, with the trace that explains it."""

    text: str
    tier: TierName
    confidence: float
    sources: tuple[Passage, ...] = ()
    actions: tuple[Action, ...] = ()
    trace: tuple[Attempt, ...] = ()
    complete: bool = True
    """False when the words broke off before their end."""
    language: str = "en"
    seconds: float = 0.0
    id: str = ""


Event: TypeAlias = Attempt | Token | Restart | Answer
