"""Sentences that templates stand for, drawn by chance; and the same templates for plain hassil."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from edge_assistant.devices.home import Home
from edge_assistant.rules.draft import Rules
from edge_assistant.rules.matching import HomeNames


def full_lists(home: Home, language: str) -> dict[str, Any]:
    """Return every name of a home as slot lists of hassil."""
    names = HomeNames(home, language)
    return names.lists({slot: [(index, 0, 0) for index in range(count)] for slot, count in names.counts().items()})


def plain(rules: Rules, names: Mapping[str, Any]) -> Any:
    """Return all templates of a pack as hassil's own intents."""
    from hassil.intents import Intents

    blocks: dict[str, Any] = {}
    for template in rules.templates:
        block = {
            "sentences": [template.text],
            "slots": dict(template.slots),
            "response": template.response,
            "requires_context": dict(template.requires),
            "excludes_context": dict(template.excludes),
            "metadata": {"source": template.source, "text": template.text},
        }
        blocks.setdefault(template.intent, {"data": []})["data"].append(block)
    intents = Intents.from_dict(
        {
            "language": rules.language,
            "intents": blocks,
            "lists": rules.lists,
            "expansion_rules": rules.expansions,
            "settings": {"ignore_whitespace": rules.ignore_whitespace},
        }
    )
    intents.slot_lists.update(names)
    return intents


def drawn(intents: Any, random: Random, texts: Sequence[str]) -> Iterator[str]:
    """Yield one sentence for each of these templates."""
    from hassil.parse_expression import parse_sentence

    for text in texts:
        said = _said(parse_sentence(text).expression, intents, random)
        yield re.sub(r"\s+", " ", said).strip()


def _said(expression: Any, intents: Any, random: Random) -> str:
    from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference

    if isinstance(expression, RuleReference):
        return _said(intents.expansion_rules[expression.rule_name].expression, intents, random)
    if isinstance(expression, ListReference):
        return _listed(expression.list_name, intents, random)
    if isinstance(expression, Alternative):
        return _said(random.choice(expression.items), intents, random)
    if isinstance(expression, Group):
        parts = [_said(item, intents, random) for item in expression.items]
        if isinstance(expression, Permutation):
            random.shuffle(parts)
        return (" " if isinstance(expression, Permutation) else "").join(parts)
    return str(expression.text)


def _listed(name: str, intents: Any, random: Random) -> str:
    from hassil.intents import RangeSlotList, TextSlotList

    found = intents.slot_lists.get(name)
    if isinstance(found, TextSlotList):
        return _said(random.choice(found.values).text_in, intents, random)
    if isinstance(found, RangeSlotList):
        return str(random.randint(found.start, found.stop))
    return {"en": "pizza", "zh": "披萨"}[intents.language]
