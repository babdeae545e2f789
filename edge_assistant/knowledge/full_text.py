"""Passages by their words: SQLite FTS5, with a bound on what a question may cost."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate, islice
from typing import Final

from edge_assistant.knowledge.words import quoted
from edge_assistant.storage.database import Database

TITLE_WEIGHT: Final = 2.0
"""How much a word in a title counts beside one in the text."""
_LARGE: Final = 20_000
"""Passages from which on common words are counted beforehand."""
_COMMON: Final = 1_000
"""Passages that hold a word which is counted beforehand; counting fewer takes less than a millisecond."""
_VISITED: Final = 2_500
"""Passages that one question may rank in a large library, at 1.2 microseconds each; in others three times as many."""
_COUNTED: Final = 30_000
"""Entries of common words that are counted to weigh them, without ranking all passages that hold them."""
_REMEMBERED: Final = 50_000
"""Words whose number of passages is kept in memory; it holds while nothing is added."""
_SECONDS: Final = 0.2
"""After so long a tenth of the passages is ranked, in a quarter of the time; then words are left out."""
_WORDS: Final = 32
"""Words that one question may look for: 10,000 joined by OR take two seconds in FTS5."""

_log = logging.getLogger(__name__)


class FullText:
    """Ranks passages by bm25; the most common words are left out first where a question would visit too many."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, int] = {}
        self._total = 0
        self._seen = -1

    def matching(
        self,
        words: Sequence[str],
        limit: int,
        generation: int,
        passing: Callable[[Iterable[int]], Collection[int]] | None = None,
    ) -> dict[int, float]:
        """Return passages that hold any of the words, with their bm25: higher is better.

        `passing` says which of some passages are wanted; without it, all of them are.
        """
        query = self._affordable(words[:_WORDS], generation)
        if not query:
            return {}
        if passing is None:
            return self._ranked(query, limit)
        for most in (limit + limit // 4, self._most):
            ranked = self._ranked(query, most)
            wanted = passing(ranked)
            found = {number: score for number, score in ranked.items() if number in wanted}
            if len(found) >= limit or len(ranked) < most:
                break
        return dict(islice(found.items(), limit))

    def frequencies(self, words: Sequence[str], generation: int) -> tuple[dict[str, int], int]:
        """Return in how many passages each word stands, and how many passages there are."""
        self._refresh(generation)
        new = [word for word in words if word not in self._known]
        if new:
            holes = ",".join("?" * len(new))
            rows = self._database.rows(f"SELECT term, doc FROM vocabulary WHERE term IN ({holes})", new)  # noqa: S608
            self._known |= dict.fromkeys(new, 0) | {row["term"]: row["doc"] for row in rows}
        return {word: count for word in words if (count := self._known[word])}, self._total

    def count(self) -> None:
        """Count the common words of a large library; cheap where it has hardly grown since."""
        total = self._passages()
        row = self._database.row("SELECT value FROM knowledge WHERE name = 'counted'")
        counted = int(row["value"]) if row else 0
        if total < _LARGE or abs(total - counted) * 10 < counted:
            return
        rows = self._database.rows("SELECT term, doc FROM vocabulary WHERE doc >= ?", (_COMMON,))
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM common")
            connection.executemany("INSERT INTO common(term, passages) VALUES (?, ?)", map(tuple, rows))
            connection.execute("INSERT OR REPLACE INTO knowledge(name, value) VALUES ('counted', ?)", (str(total),))
        self._seen = -1

    @property
    def _most(self) -> int:
        return _VISITED if self._total >= _LARGE else 3 * _VISITED

    def _affordable(self, words: Sequence[str], generation: int) -> str:
        """Return a query that visits the passages of the rarest words, and weighs other words in them.

        Where even the rarest is everywhere, it visits those that hold the two rarest together.
        """
        frequencies, _ = self.frequencies(words, generation)
        rarest = sorted(frequencies, key=lambda word: frequencies[word])
        reach = list(accumulate(frequencies[word] for word in rarest))
        visited = rarest[: bisect_right(reach, self._most)]
        counted = rarest[: bisect_right(reach, _COUNTED)]
        if not visited:
            return " AND ".join(quoted([word]) for word in rarest[:2])
        return quoted(visited) if visited == counted else f"({quoted(visited)}) AND ({quoted(counted)})"

    def _ranked(self, query: str, limit: int) -> dict[int, float]:
        for seconds, most in ((_SECONDS, self._most), (_SECONDS / 4, self._most // 10)):
            rows = self._database.rows_within(
                seconds,
                "SELECT id, rank FROM (SELECT rowid AS id, bm25(search, ?, 1.0) AS rank FROM search "
                "WHERE search MATCH ? LIMIT ?) ORDER BY rank LIMIT ?",
                (TITLE_WEIGHT, query, most, limit),
            )
            if rows is not None:
                return {number: -rank for number, rank in rows}
        _log.warning("searching by words took more than %.2g seconds and is left out", 1.25 * _SECONDS)
        return {}

    def _refresh(self, generation: int) -> None:
        if generation == self._seen and len(self._known) < _REMEMBERED:
            return
        self._known = {row["term"]: row["passages"] for row in self._database.rows("SELECT * FROM common")}
        self._total = self._passages()
        self._seen = generation

    def _passages(self) -> int:
        row = self._database.row("SELECT count(*) AS total FROM chunks")
        return int(row["total"]) if row else 0
