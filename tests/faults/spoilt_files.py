"""Documents of every kind, spoilt by chance and by intent, taken into a library through the process that reads.

    python -m tests.faults.spoilt_files --times 5000 --seed 1

Every file is taken in or refused with one sentence, no process is lost, and the host can always do something else.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic, process_time
from typing import Final

from edge_assistant.adapters.reading import SCRIPT, Reading
from edge_assistant.knowledge import ingest
from edge_assistant.knowledge.library import Library
from tests import papers
from tests.bag_of_words import library
from tests.faults.test_damaged_index import mutated

_TEXT: Final = "The pump is red. 水泵是红色的。\n\nHold the button for 5 seconds, then let go.\n\n"
_ROWS: Final = [("Where is the valve?", "Behind the pump."), ("阀门在哪里？", '在"水泵"后面，左边。')]
_PAGE: Final = (
    f"<html><head><title>Pump</title></head><body><h1>Pump</h1><p>{_TEXT}</p><ul><li>one<li>two</ul>"
    "<table><tr><th>part<td>red</table><pre>a\n b</pre><!-- no --><script>x()</script></body></html>"
)
_PARTED: Final = (
    b"From: a@example.org\r\nSubject: =?utf-8?B?5rC05rO1?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="=="\r\n\r\n--==\r\nContent-Type: text/html; charset=gb18030\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\nPHA+VGhlIHB1bXAgaXMgcmVkLjwvcD4=\r\n--==\r\n"
    b"Content-Type: application/zip\r\nContent-Disposition: attachment; filename=x.zip\r\n\r\nPK\r\n--==--\r\n"
)
SOUND: Final[Mapping[str, tuple[bytes, ...]]] = {
    ".md": (f"# Pump\n\n{_TEXT}1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n".encode() * 5,),
    ".html": (_PAGE.encode(), (_PAGE * 20).encode()),
    ".pdf": (papers.pdf("The pump is red.", ["One line", "and another"]), papers.pdf(*["A page."] * 30)),
    ".docx": (papers.docx("水泵", ("Reset", ["Hold the button.", "按住按钮。"]), ("Bleed", ["Once a year."] * 40)),),
    ".epub": (papers.epub("Pumps", {f"{number}.xhtml": (f"Part {number}", _TEXT) for number in range(5)}),),
    ".csv": (
        ("question,answer\n" + "".join(f'"{q}","{a}"\n' for q, a in _ROWS) * 10).replace('"水泵"', '""水泵""').encode(),
        b"part;colour;weight\n" + b"pump;red;40\nvalve;green;2\n" * 20,
    ),
    ".jsonl": (b'{"question": "Where?", "answer": "Behind the pump.", "language": "en"}\n' * 20,),
    ".srt": (b"1\n00:00:01,000 --> 00:00:02,500\nThe pump is <i>red</i>.\n\n" * 20,),
    ".vtt": (b"WEBVTT\n\n00:01.000 --> 00:02.500 align:start\n<v Ann>The pump is red.</v>\n\n" * 20,),
    ".eml": (papers.mail("The pump", "ann@example.org", _TEXT), _PARTED),
}
"""Documents as they should be, by ending."""
_HOSTILE: Final = (
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1b]52;c;eA==\x07", b"\r", b"\x85", "\u2028".encode()),
    *(
        b"<div>",
        b"<!--",
        b"<![CDATA[",
        b"<script",
        b"<table><tr><td>",
        b"&#0;",
        b"&#xD800;",
        b"&#99999999999;",
        b"<svg>",
    ),
    *(b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>', b"&b;", b'<!ENTITY x SYSTEM "file:///etc/passwd">'),
    *(b"/Kids[2 0 R]", b"/Parent 2 0 R", b"/Length 99999999", b"/Count -1", b"/Filter/FlateDecode", b"/Encrypt 1 0 R"),
    *(
        b"/Prev 0",
        b"/Filter[/ASCIIHexDecode/LZWDecode/RunLengthDecode]",
        b"/W[1 9999999 1]",
        b"/ObjStm",
        b"endobj",
        b"<<",
    ),
    *(b"# ", b"> ", b"- ", b"```", b"| a ", b"[a](", b"![", b"**", b"\t", b"~~~", b"[^1]: ", b"***a ", b"`", b"1. "),
    *(
        b'"',
        b",",
        b";",
        b"{",
        b"[",
        b"[[",
        b'{"a":',
        b"1e999",
        b"NaN",
        b"\\u",
        b"9" * 5000,
        b"-->",
        b"99:99:99,999 --> ",
    ),
    *(b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", b"=?utf-8?B?////?=", b"charset=unknown-8bit"),
    *(b"Content-Transfer-Encoding: uuencode\r\n", b"Content-Type: message/rfc822\r\n\r\n", b'charset="idna"', b"=\r\n"),
)
"""What readers make something of."""
_BINARY: Final = (".pdf", ".docx", ".epub")
_AT_ONCE: Final = 250
"""Files in one folder."""


def spoilt(kind: str, random: Random) -> bytes:
    """Return a document of this kind with one to four faults in it."""
    content = random.choice(SOUND[kind])
    for _ in range(random.randint(1, 4)):
        inside = kind in (".docx", ".epub") and random.random() < 0.7
        content = _within(content, random) if inside else _faulty(content, random, 0.5 if kind in _BINARY else 0.1)
    return content


def _faulty(content: bytes, random: Random, blind: float) -> bytes:
    """Return other bytes: by chance with the probability `blind`, else with something in them that has a meaning."""
    if not content or random.random() < blind:
        return mutated(content or b"x", random)
    start, length = random.randrange(len(content)), random.randint(1, 200)
    piece = random.choice(_HOSTILE) if random.random() < 0.7 else content[start : start + length]
    times = random.choice((1, 1, 1, 10, 1000))
    return content[:start] + piece * min(times, 100_000 // len(piece)) + content[start:]


def _within(content: bytes, random: Random) -> bytes:
    """Return a zip file with one of its parts changed, gone, or under another name; other bytes where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, *_UNZIPPED):
        return mutated(content or b"x", random)
    if not parts:
        return content
    name = random.choice(list(parts))
    part = bytes(parts.pop(name))  # type: ignore[arg-type]
    kind = random.randrange(8)
    if kind:
        parts["../" * (kind == 1) + name] = part if kind == 1 else _faulty(part, random, 0.3)
    return papers.zipped(parts)


_UNZIPPED: Final = (ValueError, OSError, EOFError, NotImplementedError, RuntimeError, LookupError, zlib.error)


@dataclass(slots=True)
class Outcome:
    """What became of many files of one kind."""

    taken: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """How often for what reason."""
    wrong: list[str] = field(default_factory=list)
    stall: float = 0.0
    """The longest time in which the host could do nothing else, in seconds of the clock."""
    busy: float = 0.0
    """The most processor time of the host in which it did nothing else."""


async def taken_in(folder: Path, kind: str, times: int, random: Random, script: Path) -> Outcome:
    """Take so many spoilt files into a library while a loop turns beside it."""
    outcome = Outcome()
    turning = asyncio.create_task(_turn(outcome))
    await asyncio.to_thread(_take_all, folder, kind, times, random, script, outcome)
    turning.cancel()
    return outcome


def _take_all(folder: Path, kind: str, times: int, random: Random, script: Path, outcome: Outcome) -> None:
    kept = library(folder / "home")
    with closing(Reading(seconds=5, at_home=0, script=script)) as reading, closing(kept.store.database):
        for start in range(0, times, _AT_ONCE):
            files = _written(folder / f"{kind[1:]}{start}", kind, min(_AT_ONCE, times - start), random)
            _take(kept, reading, files, outcome)


def _written(folder: Path, kind: str, count: int, random: Random) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}{kind}").write_bytes(spoilt(kind, random))
    (folder / "sound.html").write_bytes(b"<p>The sound pump is blue.</p>")
    return folder


def _take(kept: Library, reading: Reading, files: Path, outcome: Outcome) -> None:
    report = ingest.add(kept, [files], limit=50_000_000, read=reading.read)
    outcome.taken += len(report.added) - ("sound.html" in report.added)
    for sentence in report.refused:
        name, _, reason = sentence.removeprefix(f"{files}/").partition(": ")
        outcome.refused[re.sub(r"\d+", "0", reason)] += 1
        odd = name == "sound.html" or "\n" in sentence or "lost" in reason or "Error" in reason or not reason
        outcome.wrong += [sentence] if odd else []
    count = len(list(files.iterdir()))
    if len(report.added) + len(report.unchanged) + len(report.moved) + len(report.refused) != count:
        outcome.wrong.append(f"{files}: {count} files, and not as many results")
    outcome.wrong += kept.verify()
    for entry in kept.documents():
        kept.remove(entry.source)


async def _turn(outcome: Outcome) -> None:
    """Note how long the loop is kept from turning."""
    clock, work = monotonic(), process_time()
    while True:
        await asyncio.sleep(0.005)
        outcome.stall = max(outcome.stall, monotonic() - clock - 0.005)
        outcome.busy = max(outcome.busy, process_time() - work)
        clock, work = monotonic(), process_time()


def run(kind: str, times: int, seed: int, script: Path = SCRIPT) -> Outcome:
    """Spoil so many files of one kind, and have a worker read them."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(taken_in(Path(folder), kind, times, Random(f"{kind} {seed}"), script))


def main() -> None:
    """Print a line for every kind, and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=list(SOUND))
    options = parser.parse_args()
    wrong: list[str] = []
    for kind in options.kinds:
        start, outcome = monotonic(), run(kind, options.times, options.seed)
        wrong += outcome.wrong
        print(f"{kind}: {options.times} files, {outcome.taken} taken in, {outcome.refused.total()} refused, ", end="")
        print(f"{len(outcome.wrong)} wrong, longest stall {outcome.stall:.3f} s ({outcome.busy:.3f} s busy), ", end="")
        print(f"{monotonic() - start:.0f} s")
        print("\n".join(f"  {count} {reason}" for reason, count in outcome.refused.most_common(12)), flush=True)
    print("\n".join(wrong[:20]))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
