"""Templates as plain lists: small enough to keep as JSON, and all that the sieve needs to know of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

from edge_assistant.rules.word_index import squeezed

Node: TypeAlias = "str | list[Any]"
"""A template as plain lists: a literal, or a tag and its parts.

``s`` one after the other, ``a`` one of them, ``o`` one of these literals, ``p`` in any order, ``r`` an expansion
rule, ``l`` a list, ``#`` a number in digits, ``*`` anything.
"""
INLINE: Final[list[Any]] = ["*"]
"""What a list is that stands nowhere but in its template: ``{0..100:brightness}``."""
HOME_LISTS: Final = frozenset(("name", "area", "floor"))
"""The lists that the home at hand fills."""
MOST_ORDERS: Final = 4
"""Parts of a permutation from which on every order is let through."""


def catches(node: Node, rules: Mapping[str, Node], open_lists: Collection[str], known: dict[str, bool]) -> bool:
    """Return whether whatever a template stands for has open words in it; what is `known` of rules is kept."""
    if isinstance(node, str):
        return False
    tag = node[0]
    if tag == "l":
        return node[1] in open_lists
    if tag == "r":
        if node[1] not in known:
            known[node[1]] = catches(rules[node[1]], rules, open_lists, known)
        return known[node[1]]
    if tag in ("s", "p", "a"):
        each = (catches(part, rules, open_lists, known) for part in node[1:])
        return all(each) if tag == "a" else any(each)
    return False


def parted(node: Node) -> list[Node]:
    """Return the parts of a template, one after the other."""
    return [part for part in node[1:]] if isinstance(node, list) and node[0] == "s" else [node]


def program(expression: Any) -> Node:
    """Return an expression of hassil as plain lists."""
    from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference, TextChunk

    if isinstance(expression, TextChunk):
        return squeezed(expression.text)
    if isinstance(expression, RuleReference):
        return ["r", expression.rule_name]
    if isinstance(expression, ListReference):
        return ["l", expression.list_name]
    assert isinstance(expression, Group), f"hassil has no expression of the kind {type(expression).__name__}"
    tag = "a" if isinstance(expression, Alternative) else "p" if isinstance(expression, Permutation) else "s"
    parts = [program(item) for item in expression.items]
    if tag == "s":
        parts = [part for part in parts if part != ""]
    if tag == "a" and len(parts) > 1 and all(isinstance(part, str) for part in parts):
        return ["o", *parts]
    return parts[0] if len(parts) == 1 else [tag, *parts] if parts else ""


def list_program(slots: Any) -> Node:
    """Return a slot list of hassil as plain lists."""
    from hassil.intents import RangeSlotList, TextSlotList

    if isinstance(slots, RangeSlotList) and not slots.words:
        return ["#"]
    if isinstance(slots, TextSlotList):
        return ["a", *(program(value.text_in) for value in slots.values)]
    return ["*"]
