"""Why a search found what it found: where each passage stood after every stage, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

from edge_assistant.knowledge.answering import Finding
from edge_assistant.knowledge.asked import wanted
from edge_assistant.knowledge.fuse import Found
from edge_assistant.knowledge.library import Library
from edge_assistant.knowledge.selection import EVERYTHING, Selection
from edge_assistant.knowledge.store import Stored
from edge_assistant.knowledge.words import naming, terms, tokens, vocabulary

Stage = Literal["documents", "words", "meaning", "order", "threshold", "expected"]
DEEP: Final = 50
"""How far down a search is looked through."""
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """From which probability on something is done with a finding."""

    quoted: float
    """It is the answer."""
    handed_on: float
    """A language model is shown it."""
    passages: int
    """How many a language model is shown."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One passage with its place after every stage, counted from 1; None where that stage did not have it."""

    place: str
    document: str
    words: int | None
    meaning: int | None
    fused: int
    sentences: int
    bm25: float
    cosine: float | None
    score: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something that explains the outcome; `key` and `values` become a sentence in `wording`."""

    stage: Stage
    key: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What became of a search."""

    language: str
    standings: tuple[Standing, ...]
    notes: tuple[Note, ...]
    expected: Standing | None = None
    """The best passage of the document that was expected, if the search came upon it."""


def diagnose(
    library: Library,
    text: str,
    language: str,
    limits: Limits,
    expect: str | None = None,
    refusal: Callable[[str], str | None] = lambda source: None,
    within: Selection = EVERYTHING,
) -> Diagnosis:
    """Search once more, and say which stage found or lost what.

    `expect` names a document that should be first; `refusal` says why one that is not there cannot be read.
    """
    found = library.find(text, DEEP, language, within=within)
    finding = library.answer(text, language, within=within)
    stand = standings(found)
    said = library.reworded(text)
    notes = [Note("words", "reworded", (said,))] if said != text else []
    notes += [*_about_documents(library, said, language, found), *_about_threshold(text, finding, limits)]
    if expect is None:
        return Diagnosis(language, stand[:SHOWN], tuple(notes))
    kept = _documents(library, expect)
    best = next((one for one in stand if one.document in {stored.document for stored in kept}), None)
    if not kept:
        notes.append(_absent(library, expect, refusal(expect)))
    elif best is None:
        chosen = library.store.passing([stored.id for stored in kept], within)
        lost = _lost(said, language, expect, kept, library.languages)
        notes.append(lost if chosen else Note("expected", "not searched", (expect, kept[0].collection)))
    else:
        notes += _about_expected(said, kept, best, finding, limits)
    return Diagnosis(language, stand[:SHOWN], tuple(notes), best)


def standings(found: Sequence[Found]) -> tuple[Standing, ...]:
    """Return every passage with its places, in the final order."""
    words = _places(found, lambda one: one.bm25 or None)
    meaning = _places(found, lambda one: one.cosine)
    fused = _places(found, lambda one: one.score)
    return tuple(
        Standing(
            one.stored.chunk.place,
            one.stored.document,
            words.get(one.stored.id),
            meaning.get(one.stored.id),
            fused[one.stored.id],
            place,
            one.bm25,
            one.cosine,
            one.score,
        )
        for place, one in enumerate(found, 1)
    )


def _places(found: Sequence[Found], score: Callable[[Found], float | None]) -> dict[int, int]:
    scored = [(value, one.stored.id) for one in found if (value := score(one)) is not None]
    return {number: place for place, (_, number) in enumerate(sorted(scored, key=lambda pair: -pair[0]), 1)}


def _about_documents(library: Library, text: str, language: str, found: Sequence[Found]) -> Iterator[Note]:
    """Say what the library lacks: documents, words, an embedder for this language, vectors."""
    question = library.question(text, language)
    if not question.total:
        yield Note("documents", "nothing indexed")
        return
    unknown = [word for word in question.terms if not question.frequencies.get(word)]
    if unknown:
        key = "no word known" if len(unknown) == len(question.terms) else "words unknown"
        words = _as_asked(text, unknown)
        if words:
            yield Note("words", key, (", ".join(words),))
    if library.trouble:
        yield Note("meaning", "words only", (library.trouble,))
    elif language not in library.languages:
        yield Note("meaning", "language not read", (language,))
    elif waiting := library.store.waiting(library.stamp):
        yield Note("meaning", "vectors missing", (waiting,))
    if not found:
        yield Note("order", "nothing found")
    elif all(one.stored.chunk.language != language for one in found):
        yield Note("order", "only other languages", (language, found[0].stored.chunk.language))


def _as_asked(text: str, stems: Sequence[str]) -> list[str]:
    """Return the words of a question that these tokens came from, as they were typed, each once.

    Unspaced characters are told in runs, without those at their ends that stand in a pair that is known.
    """
    typed = {token: word for word in re.findall(r"[^\W\d_]+|\w+", text) for token in tokens(word) if word.isascii()}
    words = [typed[stem] for stem in stems if stem in typed]
    runs: list[str] = []
    for stem in (stem for stem in stems if stem not in typed):
        if runs and len(stem) == 2 and runs[-1].endswith(stem[0]):
            runs[-1] += stem[1]
        else:
            runs.append(stem)
    asking = set(tokens(text)) - set(terms(text))
    known = "".join(token for token in (*naming(text), *asking) if token not in stems)
    strange = ((run, run.strip(known)) for run in runs)
    return list(dict.fromkeys([*words, *(rest if len(rest) > 1 else run for run, rest in strange if rest)]))


def _about_threshold(text: str, finding: Finding | None, limits: Limits) -> Iterator[Note]:
    """Say what became of the best answer."""
    if finding is None:
        return
    place, sure = finding.found.stored.chunk.place, finding.confidence
    if wanted(text) == "order":
        yield Note("threshold", "an order")
    if sure >= limits.quoted:
        yield Note("threshold", "quoted", (place, sure))
    elif sure >= limits.handed_on:
        yield Note("threshold", "not sure", (place, sure, limits.quoted, limits.passages))
    else:
        yield Note("threshold", "hopeless", (place, sure, limits.handed_on))


def _documents(library: Library, expect: str) -> list[Stored]:
    """Return the passages of a document by its name, its path, or the end of either."""
    return [
        stored
        for entry in library.documents()
        if expect in (entry.source, entry.origin) or f"/{entry.source}".endswith(f"/{expect}")
        for stored in library.store.of_document(entry.source, entry.collection)
    ]


def _absent(library: Library, expect: str, refused: str | None) -> Note:
    """Say why a document is not there."""
    if refused:
        return Note("expected", "refused", (expect, refused))
    near = get_close_matches(expect, [entry.source for entry in library.documents()], n=1)
    return Note("expected", "no such document", (expect, near[0] if near else ""))


def _about_expected(
    text: str, kept: Sequence[Stored], best: Standing, finding: Finding | None, limits: Limits
) -> Iterator[Note]:
    """Say how far a document came."""
    if finding is not None and finding.found.stored.document == best.document:
        sure = finding.confidence >= limits.quoted
        yield Note("expected", "is the answer" if sure else "is the best", (best.place,))
        if sure:
            return
    else:
        handed = "handed on" if best.sentences <= limits.passages else "too far down"
        yield Note("expected", handed, (best.place, best.sentences, best.words or "–", best.meaning or "–", best.fused))
    if best.sentences > best.fused:
        yield Note("expected", "lost by its sentences", (best.fused, best.sentences))
    missing = _as_asked(text, [word for word in naming(text) if word not in _said(kept)])
    if missing:
        yield Note("expected", "does not say", (best.document, ", ".join(missing)))


def _lost(text: str, language: str, expect: str, kept: Sequence[Stored], reads: Sequence[str]) -> Note:
    """Say why no passage of a document was among the candidates."""
    spoken = {stored.chunk.language for stored in kept}
    if language not in spoken and len(reads) < 2:
        return Note("expected", "other language", (expect, min(spoken), language))
    shared = [word for word in naming(text) if word in _said(kept)]
    if not shared:
        return Note("expected", "shares no word", (expect,))
    return Note("expected", "not a candidate", (expect, ", ".join(_as_asked(text, shared)), DEEP))


def _said(kept: Sequence[Stored]) -> frozenset[str]:
    return frozenset().union(
        *(vocabulary(f"{stored.chunk.title} {stored.chunk.question or ''} {stored.chunk.text}") for stored in kept)
    )
