"""Mail (.eml): who wrote when about what, and the words; no attachments, no quoted earlier mail."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, paragraphs
from edge_assistant.knowledge.readers.html import blocks_of_page
from edge_assistant.knowledge.readers.text import DAMAGE, Content


def mail(content: bytes) -> Content:
    """Read one message; its subject is the title."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain", "html"))
        text = str(body.get_content()) if body else ""
        page = body is not None and body.get_content_type() == "text/html"
        heads = [f"{name}: {message[name]}" for name in ("From", "To", "Date") if message[name]]
        subject = str(message["Subject"] or "")
    except DAMAGE as error:
        raise InputError("this is not a mail that can be read") from error
    words = blocks_of_page(text) if page else tuple(replace(one, line=None) for one in paragraphs(_own(text)))
    if not heads and not words:
        raise InputError("this is not a mail that can be read")
    return (*([Block(f"- {'; '.join(heads)}", kind="table")] if heads else []), *words), (), " ".join(subject.split())


def _own(text: str) -> str:
    """Return the words without those of earlier mail and without the signature."""
    lines = text.split("\n-- \n")[0].splitlines()
    return "\n".join(line for line in lines if not line.startswith(">"))
