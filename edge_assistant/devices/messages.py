"""What is sent to a device: fixed topics and addresses, with values in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from edge_assistant.devices import colors
from edge_assistant.devices.links import MAX_PAYLOAD, HttpLink, MqttLink, Payload, Request, plain
from edge_assistant.errors import NotSent
from edge_assistant.types import Slot

PLACE: Final = re.compile(r"\{([a-z_]+)\}")
Message: TypeAlias = tuple[str, str]
"""Topic and payload."""
Fill: TypeAlias = Callable[[str, Mapping[str, Payload]], str]
"""Works a template out of values. Raises `ActionError`."""


class Absent(Exception):
    """A value that a message needs was not given; the message is left out."""


def _no_templates(template: str, values: Mapping[str, Payload]) -> str:
    raise NotSent("nothing here works templates out")


def messages(link: MqttLink, service: str, slots: Mapping[str, Slot], fill: Fill = _no_templates) -> list[Message]:
    """Return topic and payload of what carries out a service; `fill` works templates out.

    Raises `ActionError` where there is nothing to send, or where a value would be left unsaid.
    """
    values = link.dialect.spoken(slots)
    ready, told = [], set()
    for publish in link.send.get(service, ()):
        try:
            if publish.template:
                inside = filled(publish.payload, values)
                assert isinstance(inside, Mapping), "a template has named values"
                ready.append((publish.topic, fill(publish.template, inside)))
            else:
                ready.append((publish.topic, text(publish.payload, values)))
        except Absent:
            continue
        told |= places(publish.payload) & values.keys()
    if not ready:
        raise NotSent(f"nothing says how {service} is sent to this device")
    refuse_unsaid(slots, told)
    if any(len(payload.encode()) > MAX_PAYLOAD for _, payload in ready):
        raise NotSent(f"the message is larger than {MAX_PAYLOAD} bytes")
    return ready


def refuse_unsaid(slots: Mapping[str, Slot], told: set[str]) -> None:
    """Raise `NotSent` where a device would be told less than was asked for: on, but not red."""
    if unsaid := slots.keys() - colors.sources(told):
        raise NotSent(f"nothing says how {min(unsaid)} is sent to this device")


def requested(link: HttpLink, command_slots: Mapping[str, Slot], request: Request) -> dict[str, Slot]:
    """Return the values of a request as the device takes them. Raises `NotSent` where one would be left unsaid."""
    values = link.dialect.spoken(command_slots)
    said = places(request.url) | places(request.query) | places(request.json)
    refuse_unsaid(command_slots, said & values.keys())
    return values


def address(request: Request, values: Mapping[str, Slot]) -> str:
    """Return the address with values in it, each quoted; the host is the one that was written down."""
    whole = PLACE.sub(lambda place: quote(plain(_given(place[1], values)), safe=""), request.url)
    query = [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in _pairs(request.query, values)]
    whole += ("&" if "?" in whole else "?") + "&".join(query) if query else ""
    if urlsplit(whole)[:2] != urlsplit(request.url)[:2]:
        raise NotSent("the address leads elsewhere")
    return whole


def text(payload: Payload, values: Mapping[str, Slot]) -> str:
    """Return a payload with its values as text. Raises `Absent`."""
    if isinstance(payload, str):
        return PLACE.sub(lambda place: plain(_given(place[1], values)), payload)
    return json.dumps(filled(payload, values), ensure_ascii=False)


def filled(payload: Payload, values: Mapping[str, Slot]) -> Payload:
    """Return JSON with its values; keys whose value is not given are left out. Raises `Absent` where none is left."""
    if isinstance(payload, str):
        whole = PLACE.fullmatch(payload)
        return _given(whole[1], values) if whole else text(payload, values)
    if isinstance(payload, Mapping):
        kept = {key: value for key, inner in payload.items() for value in _kept(inner, values)}
        if payload and not kept:
            raise Absent
        return kept
    if isinstance(payload, Sequence):
        return [filled(inner, values) for inner in payload]
    return payload


def places(payload: Payload) -> set[str]:
    """Return the names of the values that a payload speaks of."""
    if isinstance(payload, str):
        return set(PLACE.findall(payload))
    inside = payload.values() if isinstance(payload, Mapping) else payload if isinstance(payload, Sequence) else ()
    return {name for inner in inside for name in places(inner)}


def _given(name: str, values: Mapping[str, Slot]) -> Slot:
    if name not in values:
        raise Absent
    return values[name]


def _kept(payload: Payload, values: Mapping[str, Slot]) -> list[Payload]:
    try:
        return [filled(payload, values)]
    except Absent:
        return []


def _pairs(query: Mapping[str, str], values: Mapping[str, Slot]) -> list[tuple[str, str]]:
    return [(name, plain(value)) for name, inner in query.items() for value in _kept(inner, values)]  # type: ignore[arg-type]
