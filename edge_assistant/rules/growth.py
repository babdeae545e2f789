"""What a template grows to: everything that it mentions exists, and it stands for a bounded number of sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from edge_assistant.errors import ConfigError
from edge_assistant.rules.programs import HOME_LISTS, MOST_ORDERS

MAX_EXPANSION: Final = 1e9
"""Sentences that one template may stand for. Matching time grows with ambiguity, not with this number."""
MAX_TEMPLATE: Final = 1000


class Growth:
    """Counts the sentences that templates stand for, with these expansion rules and lists."""

    def __init__(self, expansions: Mapping[str, str], lists: Collection[str]) -> None:
        self._expansions = expansions
        self._lists = lists

    def wrong(self, text: str, inside: tuple[str, ...]) -> str | None:
        """Return why a template inside of these expansion rules cannot be used, if it cannot."""
        try:
            size = self._size(text, inside)
        except ConfigError as error:
            return str(error)
        return f"this stands for more than {MAX_EXPANSION:.0e} sentences" if size > MAX_EXPANSION else None

    def _size(self, text: str, inside: tuple[str, ...]) -> float:
        from hassil.parse_expression import parse_sentence
        from hassil.parser import ParseError

        if re.search(r"[(|]\s*\|\s*|\|\s*\)", text):
            raise ConfigError(f"{text!r} has an empty alternative: write [a|b] instead of (a|b|)")
        if len(text) > MAX_TEMPLATE:
            raise ConfigError(f"a template has at most {MAX_TEMPLATE} characters")
        try:
            return self._count(parse_sentence(text).expression, inside)
        except RecursionError as error:
            raise ConfigError("a template is nested too deeply") from error
        except (ParseError, ValueError, AssertionError, IndexError) as error:
            raise ConfigError(f"{text!r} is no sentence template: {error}") from error

    def _count(self, expression: Any, inside: tuple[str, ...]) -> float:
        from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference

        if isinstance(expression, Permutation) and len(expression.items) > MOST_ORDERS:
            raise ConfigError(f"at most {MOST_ORDERS} parts may stand in any order")
        if isinstance(expression, Group):
            sizes = [self._count(item, inside) for item in expression.items]
            size = float(sum(sizes)) if isinstance(expression, Alternative) else 1.0
            for one in sizes if not isinstance(expression, Alternative) else ():
                size *= one
            return size
        if isinstance(expression, ListReference):
            known = expression.is_inline_range or expression.list_name in HOME_LISTS
            if not known and expression.list_name not in self._lists:
                raise ConfigError(f"there is no list {{{expression.list_name}}}")
        elif isinstance(expression, RuleReference):
            return self._count_rule(expression.rule_name, inside)
        return 1.0

    def _count_rule(self, name: str, inside: tuple[str, ...]) -> float:
        if name not in self._expansions:
            raise ConfigError(f"there is no expansion rule <{name}>")
        if name in inside:
            raise ConfigError(f"the expansion rule <{name}> contains itself")
        return self._size(self._expansions[name], (*inside, name))
