"""Load a manual into a knowledge base of its own, and ask it: python examples/load_a_manual.py MANUAL QUESTION…

MANUAL is a file or a folder: a PDF, a Word document, a book, Markdown. The knowledge base stays in
`manual-home`, so the second question starts at once.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from edge_assistant.adapters.reading import Reading
from edge_assistant.config import Config, Knowledge
from edge_assistant.knowledge import ingest
from edge_assistant.languages import detect
from edge_assistant.rooms import open_library
from edge_assistant.storage.database import Database


def main(manual: Path, questions: list[str], home: Path = Path("manual-home")) -> None:
    """Add the manual, and print for each question what it says and where."""
    with closing(Database(home / "assistant.db")) as database, closing(Reading()) as reading:
        library = open_library(Config(home=home, knowledge=Knowledge(starter=False)), database)
        report = ingest.add(library, [manual], limit=50_000_000, collection="manual", read=reading.read)
        print(
            f"{len(report.added)} added, {len(report.unchanged)} unchanged", *report.refused, sep="\n", file=sys.stderr
        )
        for question in questions:
            finding = library.answer(question, detect(question))
            if finding is None:
                print(f"{question}\n  the documents do not say")
            else:
                place = finding.found.stored.chunk.place
                print(f"{question}\n  {finding.text}\n  — {place}, probability {finding.confidence:.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
