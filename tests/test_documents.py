"""Files become documents, or one clear sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Document
from edge_assistant.knowledge.readers import read
from tests.papers import docx, epub, mail, pdf, zipped


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
        ("short.txt", "Größe".encode("latin-1"), "save it in UTF-8"),
        ("french.txt", "Une crème brûlée à l'été".encode("cp1252"), "not UTF-8"),
        ("japanese.txt", "ポンプは赤いです。".encode("shift_jis"), "not UTF-8"),
        ("photo.png", b"\x89PNG", "not a kind of document"),
        ("broken.pdf", "not a pdf", "not a PDF that can be read"),
        ("broken.jsonl", "{]", "line 1 is not JSON"),
        ("list.jsonl", "[1]", "line 1 is not a JSON object"),
        ("cards.jsonl", '{"question": "Who?"}', "lacks a question or an answer"),
        ("long.csv", f"question,answer\nWho?,{'me ' * 10_000}", "the answer is longer than 20,000 characters"),
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


def test_what_is_not_a_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")

    with pytest.raises(InputError, match="this is not a file"):
        document(tmp_path / "pipe.txt")
    with pytest.raises(InputError, match="there is no such file"):
        document(tmp_path / "missing")


def test_a_word_document_is_read_under_its_headings(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "pump.docx", docx("The pump", ("Reset", ["Hold the red button."]))))

    assert kept.title == "The pump"
    assert [(block.headings, block.text) for block in kept.blocks] == [(("Reset",), "Hold the red button.")]


def test_a_book_is_read_chapter_by_chapter_in_its_order(tmp_path: Path) -> None:
    book = epub("Pumps", {"two.xhtml": ("Care", "Oil it."), "one.xhtml": ("Reset", "Hold the red button.")})

    kept = document(written(tmp_path, "pumps.epub", book))

    assert kept.title == "Pumps"
    assert [(block.headings, block.text) for block in kept.blocks] == [
        (("Care",), "Oil it."),
        (("Reset",), "Hold the red button."),
    ]


def test_subtitles_become_sentences_with_their_times(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n00:12:30.000 --> 00:12:32.000 align:start\n<i>Hold the red</i>\n\n"
        "00:12:32.000 --> 00:12:34.000\nbutton.\n\n00:13.000 --> 00:14.000\nbutton.\nThen wait.\n"
    )

    kept = document(written(tmp_path, "film.vtt", text))

    assert [(block.text, block.place) for block in kept.blocks] == [
        ("Hold the red button.", "00:12:30"),
        ("Then wait.", "00:00:13"),
    ]


@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_a_table_without_questions_is_kept_row_by_row(tmp_path: Path, comma: str) -> None:
    rows = [["Part", "Price", "Room"], ["pump", "40", "cellar"], ["valve", "", "kitchen"]]

    kept = document(written(tmp_path, "parts.csv", "\n".join(comma.join(row) for row in rows)))

    assert [(block.text, block.place) for block in kept.blocks] == [
        ("- Part: pump; Price: 40; Room: cellar", "row-2"),
        ("- Part: valve; Room: kitchen", "row-3"),
    ]


def test_a_mail_is_read_without_what_it_answers(tmp_path: Path) -> None:
    words = "The pump is red.\n\n> What colour is it?\n\n-- \nAnn"

    kept = document(written(tmp_path, "pump.eml", mail("Re: 水泵 pump", "Ann <ann@example.org>", words)))

    assert kept.title == "Re: 水泵 pump"
    assert [block.text for block in kept.blocks] == ["- From: Ann <ann@example.org>", "The pump is red."]


def test_what_every_page_of_a_pdf_says_is_left_out(tmp_path: Path) -> None:
    pages = [["Pump manual", f"Fact {word} is told here.", f"Page {number}"] for number, word in enumerate("abcde")]

    kept = document(written(tmp_path, "manual.pdf", pdf(*pages)))

    assert [block.text for block in kept.blocks] == [f"Fact {word} is told here." for word in "abcde"]
    assert [block.page for block in kept.blocks] == [1, 2, 3, 4, 5]


def test_a_sentence_torn_by_a_page_break_is_joined(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "manual.pdf", pdf(["Hold the red but-", "ton for"], ["five seconds."])))

    assert [(block.text, block.page) for block in kept.blocks] == [("Hold the red button for five seconds.", 1)]


def test_the_bookmarks_of_a_pdf_are_its_headings(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    plain, path = written(tmp_path, "plain.pdf", pdf(["Preface.", "Reset", "Hold it."], ["Wait."])), tmp_path / "a.pdf"
    writer = PdfWriter()
    writer.append(PdfReader(plain))
    writer.add_outline_item(title="Reset", page_number=0)
    writer.write(path)

    assert [(block.headings, block.text, block.page) for block in document(path).blocks] == [
        ((), "Preface.", 1),
        (("Reset",), "Hold it.", 1),
        (("Reset",), "Wait.", 2),
    ]


@pytest.mark.parametrize("coding", ["gbk", "gb18030"])
def test_a_text_of_chinese_windows_is_read(tmp_path: Path, coding: str) -> None:
    text = "水泵的额定功率是 1.5 千瓦，重 12 kg。"

    kept = document(written(tmp_path, "水泵.txt", text.encode(coding)))

    assert (kept.blocks[0].text, kept.language) == (text, "zh")


def test_a_list_in_a_plain_text_stays_a_list(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "a.txt", "Do this:\n1. Open\n   the lid.\n2. Close it.\n\n– 1 – is a page."))

    assert [(block.kind, block.text, block.line) for block in kept.blocks] == [
        ("paragraph", "Do this:", 1),
        ("list", "1. Open the lid.\n2. Close it.", 2),
        ("paragraph", "– 1 – is a page.", 6),
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bomb.docx", zipped({"word/document.xml": "a" * 60_000_000}), "it unpacks to more"),
        ("many.epub", zipped({f"{number}.xhtml": "x" for number in range(1001)}), "it unpacks to more"),
        ("laughs.docx", zipped({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a/>'}), "entities of its own"),
        ("torn.docx", docx("Pump", ("Reset", ["Hold it."]))[:-40], "not a Word document that can be read"),
        ("other.epub", zipped({"a.xhtml": "<p>hello</p>"}), "not an EPUB that can be read"),
        ("none.eml", "\x01\x02", "not a mail that can be read"),
    ],
)
def test_archives_that_are_no_documents_are_refused(
    tmp_path: Path, name: str, content: str | bytes, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        document(written(tmp_path, name, content))


def test_an_endless_line_is_cut_into_blocks(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "line.txt", "x" * 900_000))

    assert [len(block.text) for block in kept.blocks] == [10_000] * 90


def test_halves_of_characters_are_replaced(tmp_path: Path) -> None:
    kept = document(written(tmp_path, "half.jsonl", '{"question": "\\ud800?", "answer": "\\ud800"}'))

    assert [(card.question, card.answer) for card in kept.cards] == [("??", "?")]
