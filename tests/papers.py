"""Small documents of every kind, made by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage


def pdf(*pages: str | Sequence[str]) -> bytes:
    """Return a PDF; a page is one line, or several."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, page in enumerate(pages):
        lines = [page] if isinstance(page, str) else page
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = f"BT /F1 12 Tf 20 {20 + 14 * len(lines)} Td {shown} ET".encode()
        head = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
        parts += [
            (head % (5 + 2 * number)).encode(),
            b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        ]
    content, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(content))
        content += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(content)
    head_of_table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, start)
    return content + head_of_table + table + trailer


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip file of these parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def docx(title: str, *sections: tuple[str, Sequence[str]]) -> bytes:
    """Return a Word document: headings with their paragraphs."""
    space = "http://schemas.openxmlformats.org"
    body = "".join(
        _paragraph(heading, "Heading1") + "".join(map(_paragraph, paragraphs)) for heading, paragraphs in sections
    )
    document = f'<w:document xmlns:w="{space}/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    styles = '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>'
    wordprocessing = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
            f'<Override PartName="/word/document.xml" ContentType="{wordprocessing}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
            "word/document.xml": document,
            "word/styles.xml": f'<w:styles xmlns:w="{space}/wordprocessingml/2006/main">{styles}</w:styles>',
            "docProps/core.xml": f'<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></p>',
        }
    )


def _paragraph(text: str, style: str = "") -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}<w:r><w:t>{text}</w:t></w:r></w:p>"


def epub(title: str, chapters: Mapping[str, tuple[str, str]]) -> bytes:
    """Return a book of chapters, each with a heading and a paragraph, in this order."""
    items = "".join(f'<item id="{name}" href="{name}"/>' for name in sorted(chapters))
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/content.opf"/></rootfiles></container>'
    )
    pages = {
        f"OEBPS/{name}": f'<?xml version="1.0"?><html><head><title>x</title></head><body><h1>{heading}</h1>'
        f"<p>{text}</p></body></html>"
        for name, (heading, text) in chapters.items()
    }
    return zipped({"META-INF/container.xml": container, "OEBPS/content.opf": package, **pages})


def mail(subject: str, sender: str, text: str) -> bytes:
    """Return a message of plain text."""
    message = EmailMessage()
    message["Subject"], message["From"] = subject, sender
    message.set_content(text)
    return message.as_bytes()
