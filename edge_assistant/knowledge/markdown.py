"""Markdown read into blocks of plain text: markup gone, lists and code whole, every block under its headings."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from edge_assistant.errors import InputError
from edge_assistant.knowledge.documents import Block, Kind

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_LISTS = ("bullet_list", "ordered_list")
_DAYS: Final = ("last_modified", "modified", "updated", "revised", "date", "created")
"""What front matter calls the day of a document; the first that there is counts."""
_DAY: Final = re.compile(
    rf"^({'|'.join(_DAYS).replace('_', '[-_]')})\s*:\s*[\"']?(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})",
    re.MULTILINE | re.IGNORECASE,
)
_HEAD: Final = 4096
"""Bytes in which front matter is looked for."""


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text. Raises `InputError` where it is nested beyond reason."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    try:
        tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(_without_front_matter(text)))
        return _Reader().read(tree)
    except RecursionError as error:
        raise InputError("the text is nested too deeply") from error


class _Reader:
    """Walks the tree and remembers under which headings it is."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._found: list[Block] = []

    def read(self, tree: SyntaxTreeNode) -> tuple[Block, ...]:
        for node in tree.children:
            self._visit(node)
        return tuple(block for block in self._found if block.text.strip())

    def _visit(self, node: SyntaxTreeNode) -> None:
        if node.type == "heading":
            level = int(node.tag[1])
            self._headings = [heading for heading in self._headings if heading[0] < level]
            self._headings.append((level, _inline(node)))
        elif node.type == "blockquote":
            for child in node.children:
                self._visit(child)
        elif node.type in _LISTS:
            self._keep(_listed(node), "list", node)
        elif node.type in ("fence", "code_block"):
            self._keep(node.content.rstrip("\n"), "code", node)
        elif node.type == "table":
            self._keep(_table(node), "table", node)
        elif node.type == "paragraph":
            self._keep(_inline(node), "paragraph", node)

    def _keep(self, text: str, kind: Kind, node: SyntaxTreeNode) -> None:
        headings = tuple(name for _, name in self._headings)
        self._found.append(Block(text, headings, kind, line=node.map[0] + 1 if node.map else None))


def _inline(node: SyntaxTreeNode) -> str:
    """Return the words of a node without their markup."""
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return "\n"
    if node.type == "image":
        return node.content
    whole = "".join(_inline(child) for child in node.children)
    return _unbroken(whole) if node.type == "inline" else whole


def _unbroken(text: str) -> str:
    lines = text.split("\n")
    whole = lines[0]
    for line in lines[1:]:
        whole += line if whole[-1:] > "\u2fff" and line[:1] > "\u2fff" else f" {line}"
    return whole


def _listed(node: SyntaxTreeNode, depth: int = 0) -> str:
    """Return a list as lines: numbers where it counts, dashes where it does not."""
    first = int(node.attrs.get("start", 1) or 1)
    lines = []
    for number, item in enumerate(node.children, first):
        mark = f"{number}." if node.type == "ordered_list" else "-"
        head = [_inline(child) for child in item.children if child.type not in _LISTS and child.children]
        code = [child.content.rstrip("\n") for child in item.children if child.type in ("fence", "code_block")]
        lines.append("  " * depth + f"{mark} " + " ".join([*head, *code]))
        lines += [_listed(child, depth + 1) for child in item.children if child.type in _LISTS]
    return "\n".join(lines)


def _table(node: SyntaxTreeNode) -> str:
    """Return a table as one line per row, each cell under the name of its column."""
    rows = [[_inline(cell) for cell in row.children] for part in node.children for row in part.children]
    if len(rows) < 2:
        return "; ".join(rows[0]) if rows else ""
    names = rows[0]
    return "\n".join(
        "- " + "; ".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=False)) for row in rows[1:]
    )


def dated(content: bytes) -> float | None:
    """Return the day that YAML front matter names, in seconds since 1970; where it names two, that of the change."""
    text = content[:_HEAD].decode("utf-8-sig", "ignore").replace("\r\n", "\n")
    said = {found[1].lower().replace("-", "_"): found for found in _DAY.finditer(text[: _front_matter(text)])}
    found = next((said[name] for name in _DAYS if name in said), None)
    if found is None:
        return None
    year, month, day = map(int, found.group(2, 3, 4))
    try:
        return datetime(year, month, day, tzinfo=timezone.utc).timestamp()
    except ValueError:
        return None


def _front_matter(text: str) -> int:
    """Return where YAML front matter ends, or 0 where there is none."""
    if not text.startswith("---\n"):
        return 0
    end = text.find("\n---", 3)
    return 0 if end < 0 else end + 4


def _without_front_matter(text: str) -> str:
    """Blank out YAML front matter, so that line numbers stay right."""
    end = _front_matter(text)
    return "\n" * text.count("\n", 0, end) + text[end:]
