"""Whatever stands in a file, it is taken in or refused with one sentence, and the host goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.errors import InputError
from edge_assistant.knowledge.readers import READERS
from tests import papers
from tests.faults import spoilt_files


@pytest.mark.faults
@pytest.mark.parametrize("kind", spoilt_files.SOUND)
def test_spoilt_files_are_taken_in_or_refused(kind: str) -> None:
    times = int(os.environ.get("FILES", "200"))

    outcome = spoilt_files.run(kind, times, seed=int(os.environ.get("SEED", "1")))

    assert outcome.wrong == []
    assert outcome.taken + outcome.refused.total() == times
    assert outcome.taken
    assert outcome.refused


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (".docx", papers.docx("x", ("Broken", ["&nothing;"]))),
        (".epub", papers.epub("x", {"a.xhtml": ("Broken", "<![/head>")})),
        (".html", b"<p>one<![/head>two"),
    ],
)
def test_what_parsers_choke_on_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(InputError, match="this is not "):
        READERS[kind](content)


def test_the_injector_notices_a_reader_that_is_lost() -> None:
    """A worker that ends before it has answered is what an error that nobody foresaw looks like."""
    assert any("lost" in sentence for sentence in spoilt_files.run(".pdf", 1, seed=1, script=Path(os.devnull)).wrong)
