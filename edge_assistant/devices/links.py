"""How a device is told and heard: topics and addresses that are fixed when the home is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from edge_assistant.devices import colors
from edge_assistant.safe_text import safe_text
from edge_assistant.types import Slot

Payload: TypeAlias = "str | int | float | bool | Sequence[Payload] | Mapping[str, Payload] | None"
"""What is sent: a text, or JSON; ``{brightness}`` stands for a value, and what lacks its value is left out."""

MAX_PAYLOAD: Final = 65_536
"""Bytes; a device that says more is not listened to."""
MAX_STATE: Final = 255
"""Characters of a state or a value."""
_LARGEST: Final = 10**15
"""No device counts further, and infinity is no brightness."""
UNKNOWN: Final = "unknown"
"""What is not known of a device, because it said something that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a device calls our values."""

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By state or attribute: our value, as text, and the device's word for it."""
    scale: Mapping[str, float] = field(default_factory=dict)
    """By attribute: the device's number for 100 %."""
    mireds: bool = False
    """Whether it counts the temperature of its light in mireds instead of kelvins."""

    def spoken(self, slots: Mapping[str, Slot]) -> dict[str, Slot]:
        """Return values as the device takes them."""
        return {name: self._spoken(name, value) for name, value in colors.counted(slots).items()}

    def _spoken(self, name: str, value: Slot) -> Slot:
        word = self.words.get(name, {}).get(plain(value))
        if word is not None:
            return word
        if name in self.scale and isinstance(value, int | float):
            return round(value * self.scale[name] / 100)
        return value

    def heard(self, name: str, said: Slot) -> Slot:
        """Return what a device said as our value."""
        ours = {word.casefold(): value for value, word in self.words.get(name, {}).items()}
        text = ours.get(plain(said).casefold())
        if name == "state":
            return text if text is not None else plain(said).casefold()
        value = _value(text if text is not None else said)
        if isinstance(value, int | float) and not abs(value) < _LARGEST:
            return UNKNOWN
        if name == "temperature" and self.mireds and isinstance(value, int | float) and value > 0:
            return round(1_000_000 / value)
        if name in self.scale and isinstance(value, int | float) and not isinstance(value, bool):
            return round(value * 100 / self.scale[name])
        return value

    def same(self, name: str, wanted: Slot, has: Slot | None) -> bool:
        """Return whether a device that counts in its own steps can mean what was wanted."""
        if name == "color":
            return colors.same(wanted, has)
        if name == "temperature" and self.mireds and isinstance(has, int | float) and isinstance(wanted, int | float):
            return abs(1_000_000 / has - 1_000_000 / wanted) <= 1
        if name not in self.scale or isinstance(has, str) or has is None or isinstance(wanted, str):
            return has == wanted
        return abs(has - wanted) <= max(1.0, 50 / self.scale[name])


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a state or an attribute is read: a topic (MQTT), and the place in its JSON."""

    topic: str = ""
    path: tuple[str, ...] = ()
    template: str = ""
    """What works it out, instead of a path; only an adapter can."""
    form: colors.Form | None = None
    """How a colour is counted that stands there."""
    when: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Keys beside it, and what they must say, if they are there, for this to be true of the device."""

    def said(self, text: str) -> Slot | None:
        """Return what stands there; None where nothing does, and `UNKNOWN` where it is not true at the moment."""
        if not self.path:
            return self.meant(safe_text(text)[:MAX_STATE])
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError):
            return None
        beside = whole if isinstance(whole, dict) else {}
        if any(key in beside and str(beside[key]) not in said for key, said in self.when.items()):
            return UNKNOWN
        found = whole
        for key in self.path:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):
            return self.meant(safe_text(found)[:MAX_STATE])
        return self.meant(found)

    def meant(self, found: object) -> Slot | None:
        """Return the value of what stands there: a colour has a name."""
        if self.form is not None and found is not None:
            return colors.name(self.form, found) or UNKNOWN
        return found if isinstance(found, str | bool | int | float) else None


@dataclass(frozen=True, slots=True)
class Publish:
    """One message to one topic."""

    topic: str
    payload: Payload
    template: str = ""
    """What works the message out of the payload's values; only an adapter can."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Where a device says that it is there."""

    reading: Reading
    online: str = "online"


@dataclass(frozen=True, slots=True)
class MqttLink:
    """A device behind an MQTT broker."""

    send: Mapping[str, tuple[Publish, ...]] = field(default_factory=dict)
    """By service."""
    read: Mapping[str, Reading] = field(default_factory=dict)
    """By `state` or attribute; empty for a device that does not report."""
    dialect: Dialect = Dialect()
    present: tuple[Presence, ...] = ()
    """Where it says that it is there: at all of these, or at one."""
    anywhere: bool = False
    """Whether one of these is enough."""

    @property
    def topics(self) -> set[str]:
        """Return what must be listened to."""
        heard = {reading.topic for reading in self.read.values()}
        return heard | {presence.reading.topic for presence in self.present}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; values stand in the path, the query or the JSON body, never in the host."""

    url: str
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)
    json: Payload = None


@dataclass(frozen=True, slots=True)
class HttpLink:
    """A device with an HTTP interface."""

    send: Mapping[str, Request] = field(default_factory=dict)
    state: Request | None = None
    read: Mapping[str, Reading] = field(default_factory=dict)
    dialect: Dialect = Dialect()
    token_env: str | None = None
    """The environment variable with a bearer token."""


@dataclass(frozen=True, slots=True)
class PythonLink:
    """A device behind a Python callable of the program that embeds us."""


@dataclass(frozen=True, slots=True)
class MemoryLink:
    """A device that only this program knows."""


Link: TypeAlias = MqttLink | HttpLink | PythonLink | MemoryLink


def plain(value: Slot) -> str:
    """Return a value as text: 50, 21.5, true, red."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _value(said: Slot) -> Slot:
    """Return a number or a truth value where the text is one."""
    if not isinstance(said, str):
        return said
    if said.casefold() in ("true", "false"):
        return said.casefold() == "true"
    try:
        number = float(said)
    except ValueError:
        return said
    return int(number) if number.is_integer() else number
