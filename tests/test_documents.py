"""Files become documents, or one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.readers import read


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def document(path: Path, limit: int = 1_000_000) -> Document:
    return read(path, path.name, limit=limit)


def test_markdown_loses_its_markup_and_keeps_headings_lists_and_lines(tmp_path: Path) -> None:
    text = "# Router\n\n## Reset *it*\n\nHold the **small** `reset` [button](x.html).\n\n1. Unplug it.\n2. Wait.\n"

    kept = document(written(tmp_path, "router.md", text))

    assert (kept.title, kept.language) == ("Router", "en")
    assert [block.text for block in kept.blocks] == ["Hold the small reset button.", "1. Unplug it.\n2. Wait."]
    assert kept.blocks[0].headings == ("Reset it",)
    assert [(block.kind, block.line) for block in kept.blocks] == [("paragraph", 5), ("list", 7)]


def test_nested_lists_code_and_tables_stay_whole(tmp_path: Path) -> None:
    text = "- one\n  - inner\n- two\n\n```\nx = 1\n```\n\n| part | price |\n|---|---|\n| pump | 40 |\n"

    kept = document(written(tmp_path, "parts.md", text))

    assert [block.text for block in kept.blocks] == ["- one\n  - inner\n- two", "x = 1", "- part: pump; price: 40"]


def test_html_is_read_without_scripts_styles_and_comments(tmp_path: Path) -> None:
    page = (
        "<html><head><title>The pump</title><style>p {color: red}</style></head><body><script>alert('x')</script>"
        "<h1>Pump</h1><!-- secret --><p>It weighs <b>40</b> kilograms.</p>"
        "<ul><li>red</li><li>blue</li></ul></body></html>"
    )

    kept = document(written(tmp_path, "pump.html", page))

    assert kept.title == "Pump"
    assert [block.text for block in kept.blocks] == ["It weighs 40 kilograms.", "- red\n- blue"]


def test_a_pdf_is_read_page_by_page(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "pump.pdf", pdf("The pump weighs 40 kilograms.")))

    assert [(block.text, block.page) for block in kept.blocks] == [("The pump weighs 40 kilograms.", 1)]


def test_a_pdf_in_an_unknown_coding_is_refused(tmp_path: Path) -> None:
    content = pdf("The pump weighs 40 kilograms.").replace(b"<</Length ", b"<</Filter/Odd/Length ")
    path = written(tmp_path, "a.pdf", content)

    with pytest.raises(InputError, match="not a PDF that can be read"):
        document(path)


def test_a_protected_pdf_is_refused(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret", algorithm="RC4-128")
    path = tmp_path / "secret.pdf"
    with path.open("wb") as stream:
        writer.write(stream)

    with pytest.raises(InputError, match="protected by a password"):
        document(path)


def test_cards_are_read_from_csv_and_jsonl(tmp_path: Path) -> None:
    table = written(tmp_path, "cards.csv", "Question,Answer,Language\nWho are you?,A helper.,en\n你是谁？,助手。,zh\n")
    lines = written(tmp_path, "cards.jsonl", '{"question": "Who?", "answer": "Me.", "source": "me.md"}\n\n')

    assert [(card.question, card.answer, card.language) for card in document(table).cards] == [
        ("Who are you?", "A helper.", "en"),
        ("你是谁？", "助手。", "zh"),
    ]
    assert document(lines).cards[0].source == "me.md"


def test_the_language_is_recognised(tmp_path: Path) -> None:
    assert document(written(tmp_path, "a.txt", "路由器怎么重置？按住按钮五秒。")).language == "zh"
    assert document(written(tmp_path, "b.txt", "Hold the button.")).language == "en"


def test_broken_lines_are_joined_without_a_space_between_ideographs(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "a.txt", "按住按钮\n五秒。\n\nHold it\nfor long."))

    assert [block.text for block in kept.blocks] == ["按住按钮五秒。", "Hold it for long."]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.md", "  \n", "the file is empty"),
        ("program.txt", b"\x7fELF\x00\x01", "a binary file"),
        ("latin.txt", "Grüße".encode("latin-1"), "not UTF-8"),
        ("photo.png", b"\x89PNG", "not a kind of document"),
        ("broken.pdf", "not a pdf", "not a PDF that can be read"),
        ("broken.jsonl", "{]", "line 1 is not JSON"),
        ("list.jsonl", "[1]", "line 1 is not a JSON object"),
        ("cards.csv", "Frage,Antwort\nWer?,Ich.\n", "lacks a question or an answer"),
        ("deep.md", "> " * 3000 + "x", "there is no text"),
        ("rule.md", "---\n\n---\n", "there is no text"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    path = written(tmp_path, name, content)

    with pytest.raises(InputError, match=sentence) as caught:
        document(path)

    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than"):
        document(written(tmp_path, "long.txt", "word " * 100), limit=100)


def pdf(text: str) -> bytes:
    """Return a PDF of one page with one line, written by hand."""
    stream = f"BT /F1 12 Tf 20 50 Td ({text}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(content)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    return content + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start)


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    with pytest.raises(InputError, match="this is not a file"):
        document(tmp_path / "pipe.txt")
    with pytest.raises(InputError, match="there is no such file"):
        document(tmp_path / "missing")
