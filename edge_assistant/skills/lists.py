"""Lists: things are put on them, done, taken off, and read out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge_assistant.devices.home import fold
from edge_assistant.skills import Asked, Said, Skill, Work
from edge_assistant.skills.wording import as_said
from edge_assistant.storage.lists import Item, ListStore

SHOPPING: Final = "shopping"
MOST: Final = 200
"""Things on one list."""
_KINDS: Final = {
    SHOPPING: ("shopping", "grocery", "groceries", "购物", "采购", "买菜", "购买"),
    "to-do": ("to-do", "todo", "to do", "task", "tasks", "待办", "任务", "待办事项", "要做的事", "代办"),
}
_INSEPARABLE: Final = re.compile(
    r"\b(mac|salt|fish|bread|gin|half|rock|black|cookies|peanut butter) (?:and|&) (\w+)", re.IGNORECASE
)
_BETWEEN: Final = {"en": r"\s*(?:,|;)\s*(?:and\s+)?|\s+and\s+", "zh": r"\s*(?:[、，,;；]|以及|还有|和|跟)\s*"}


class Lists:
    """The abilities around lists."""

    def __init__(self, store: Callable[[], ListStore]) -> None:
        self._store = store

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        add, complete, remove = self._add, self._on_items(_completed), self._on_items(_removed)
        return {
            "HassShoppingListAddItem": add,
            "HassListAddItem": add,
            "HassShoppingListCompleteItem": complete,
            "HassListCompleteItem": complete,
            "HassListRemoveItem": remove,
            "ReadList": self._read,
            "ClearList": self._clear,
            "ListLists": self._names,
        }

    def _add(self, asked: Asked) -> Work:
        async def add() -> Said:
            store, name, things = self._store(), _name(asked), _things(asked)
            if len(store.items(name)) + len(things) > MOST:
                return Said("full", {"count": MOST}, table="List")
            new = store.add(name, things)
            values = {"items": asked.join(new or things), "list": _called(name, asked)}
            return Said("added" if new else "there", values, table="List")

        return add

    def _on_items(self, change: Callable[[ListStore, Sequence[Item]], str]) -> Skill:
        """Make the skill that changes the things that are named, if they are on the list."""

        def skill(asked: Asked) -> Work:
            async def work() -> Said:
                store, name = self._store(), _name(asked)
                wanted = {fold(thing) for thing in (*_things(asked), str(asked.match.slots["item"]))}
                found = [item for item in store.items(name) if fold(item.text) in wanted]
                if not found:
                    values = {"items": asked.join(_things(asked)), "list": _called(name, asked)}
                    return Said("missing", values, table="List")
                values = {"items": asked.join([item.text for item in found]), "list": _called(name, asked)}
                return Said(change(store, found), values, table="List")

            return work

        return skill

    def _read(self, asked: Asked) -> Work:
        async def read() -> Said:
            name = _name(asked)
            left = [item.text for item in self._store().items(name) if not item.done]
            values = {"items": asked.join(left), "count": len(left), "list": _called(name, asked)}
            return Said("empty" if not left else "one" if len(left) == 1 else "read", values, table="List")

        return read

    def _clear(self, asked: Asked) -> Work:
        """Empty a list; as nothing brings it back, only where the sentence itself says yes."""

        async def clear() -> Said:
            store, name = self._store(), _name(asked)
            found = store.items(name)
            values = {"count": len(found), "list": _called(name, asked)}
            if not found:
                return Said("empty", values, table="List")
            if asked.match.response != "sure":
                return Said("confirm", values, table="List")
            store.remove(found)
            return Said("cleared", values, table="List")

        return clear

    def _names(self, asked: Asked) -> Work:
        async def names() -> Said:
            found = [_called(name, asked) for name in self._store().names()]
            return Said("lists" if found else "no_lists", {"lists": asked.join(found)}, table="List")

        return names


def _completed(store: ListStore, items: Sequence[Item]) -> str:
    store.complete(items)
    return "completed"


def _removed(store: ListStore, items: Sequence[Item]) -> str:
    store.remove(items)
    return "removed"


def _name(asked: Asked) -> str:
    """Return the list that is meant, by one name in all languages where it is of a usual kind."""
    said = fold(str(asked.match.slots.get("name", SHOPPING))).removesuffix(" list")
    said = re.sub("(?:清单|列表|单)$", "", said)
    return next((kind for kind, names in _KINDS.items() if said in names), said)


def _called(name: str, asked: Asked) -> str:
    known = {SHOPPING: "shopping", "to-do": "todo"}.get(name)
    return asked.book.word("List", known) if known else asked.book.say("List", "other", {"name": name}) or name


def _things(asked: Asked) -> list[str]:
    """Return the single things of "milk, eggs and bread"."""
    language = asked.match.language
    said = _INSEPARABLE.sub(r"\1_&_\2", as_said(str(asked.match.slots["item"]), asked.query.text))
    parts = [part.replace("_&_", " and ").strip(" ,，.。") for part in re.split(_BETWEEN[language], said)]
    bare = [re.sub(r"^(?:some|the|a|an|any)\s+", "", part, flags=re.IGNORECASE) for part in parts]
    return list(dict.fromkeys(filter(None, bare)))
