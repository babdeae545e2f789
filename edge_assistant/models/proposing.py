"""What a wish may mean in this home, in the opinion of a language model: a choice among what is on offer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from edge_assistant.devices.home import Area, Home
from edge_assistant.devices.offers import Offer, Offers
from edge_assistant.devices.services import Command, Range
from edge_assistant.errors import TierError
from edge_assistant.models.rung import Rungs
from edge_assistant.models.spoken import Spoken
from edge_assistant.types import Limits, Message

FORCED: Final = math.log(0.01)
"""Below this log-probability a word was put into the model's mouth by the form: it meant something that is not here."""
_LONGEST: Final = 200
"""Tokens of a proposal."""
_SYSTEM: Final[Mapping[str, str]] = {
    "en": (
        "You turn a wish into orders for the devices of a home. Reply with a JSON list of orders; "
        "`which` and `except` hold rooms or devices. Use as few orders and devices as fulfil the wish, "
        "and reply [] where no device can.\n\n{devices}"
    ),
    "zh": (
        "你把一个愿望变成家里设备的命令。请用 JSON 列表回答；which 和 except 里写房间或设备。"
        "命令和设备越少越好；没有设备能做到时回答 []。\n\n{devices}"
    ),
}
_ASKED: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("Wish: {wish}", "The speaker is in: {area}. Wish: {wish}"),
    "zh": ("愿望：{wish}", "说话的人在：{area}。愿望：{wish}"),
}


_SHOWN: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en": (
        ("no light anywhere but in the {place}", '[{{"do": "{off}", "which": ["everywhere"], "except": ["{place}"]}}]'),
        ("light up the {place}", '[{{"do": "{on}", "which": ["{place}"], "except": []}}]'),
        ("set up my new phone", "[]"),
    ),
    "zh": (
        ("除了{place}哪里都不要灯", '[{{"do": "{off}", "which": ["全部"], "except": ["{place}"]}}]'),
        ("把{place}照亮", '[{{"do": "{on}", "which": ["{place}"], "except": []}}]'),
        ("帮我设置新手机", "[]"),
    ),
}
"""Without an example, models of 0.5B answer every wish with an empty list."""

_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "light": "lamps",
        "cover": "blinds and curtains; open lets the sun in, closed keeps it out",
        "fan": "moves the air",
        "climate": "heats and cools",
        "lock": "doors that lock",
        "media_player": "music and films",
        "vacuum": "cleans the floor",
        "switch": "machines that are on or off",
        "scene": "moods that were prepared",
    },
    "zh": {
        "light": "灯",
        "cover": "窗帘和百叶窗，打开让阳光进来，关上挡住阳光",
        "fan": "让空气流动",
        "climate": "升温降温",
        "lock": "门锁",
        "media_player": "音乐和电影",
        "vacuum": "打扫地面",
        "switch": "开着或关着的机器",
        "scene": "准备好的情景",
    },
}
"""What each kind of device is good for; small models do not know it by its name."""


class Proposer:
    """Asks the model that runs now. What it writes is read as a choice, and is never shown or said."""

    def __init__(self, rungs: Callable[[], Rungs]) -> None:
        """Take what decides which model is asked; it is made when it is first needed."""
        self._rungs = rungs

    async def commands(self, wish: str, language: str, area: str | None, home: Home) -> tuple[Command, ...]:
        """Return what could fulfil a wish; nothing where the model knows nothing that is here. Raises `TierError`."""
        rung, offers = await self._rungs().current(language), Offers(home, language)
        limits = Limits(max_tokens=_LONGEST, temperature=0.0, schema=offers.schema(), thoughts=0)
        asked = messages(wish, language, home.area(area), offers)
        told: list[Spoken] = []
        async with aclosing(rung.model.stream(asked, limits, told.append)) as words:
            written = "".join([word async for word in words])
        if any(likelihood < FORCED for spoken in told for likelihood in spoken.likelihoods):
            return ()
        try:
            return offers.chosen(written)
        except ValueError as error:
            raise TierError(f"{rung.described.name} proposed nothing that can be done: {error}") from error


def messages(wish: str, language: str, here: Area | None, offers: Offers) -> tuple[Message, ...]:
    """Return what makes a model choose: the home first, which rarely changes, so that a prefix cache holds."""
    alone, placed = _ASKED[language]
    asked = placed.format(wish=wish, area=offers.name(here)) if here else alone.format(wish=wish)
    lights = [offer for offer in offers if offer.service == "light.turn_on"]
    place = offers.place(lights[0]) if lights else ""
    shown: list[Message] = []
    for example, order in _SHOWN[language] if place else ():
        shown.append(Message("user", alone.format(wish=example.format(place=place))))
        shown.append(Message("assistant", order.format(place=place, on="light.turn_on", off="light.turn_off")))
    home = [*([offers.floors] if offers.floors else []), *_kinds(offers, language)]
    system = _SYSTEM[language].format(devices="\n".join(home))
    return (Message("system", system), *shown, Message("user", asked))


def _kinds(offers: Offers, language: str) -> list[str]:
    """Return a line for each kind of device: what it is good for, what it can be told, and which there are."""
    kinds: dict[str, list[Offer]] = {}
    for offer in offers:
        kinds.setdefault(offer.service.partition(".")[0], []).append(offer)
    good = _KINDS[language]
    return [
        f"{name} ({good.get(name, name)}): {', '.join(map(_told, kind))}: {_listed(kind, offers)}"
        for name, kind in kinds.items()
    ]


def _told(offer: Offer) -> str:
    if not offer.slot:
        return offer.service
    bounds = f"{offer.takes.low:g}-{offer.takes.high:g}" if isinstance(offer.takes, Range) else "..."
    return f"{offer.service} {offer.slot}={bounds}"


def _listed(kind: Sequence[Offer], offers: Offers) -> str:
    entities = {entity.id: entity for offer in kind for entity in offer.entities}
    return ", ".join(f"{offers.name(entity)}{offers.room(entity)}" for entity in entities.values())
