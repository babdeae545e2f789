"""Connections as they stand in a `home.yaml`, checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from edge_assistant.devices.colors import Form, sources
from edge_assistant.devices.links import (
    Dialect,
    HttpLink,
    Link,
    MemoryLink,
    MqttLink,
    Presence,
    Publish,
    PythonLink,
    Reading,
    Request,
    plain,
)
from edge_assistant.devices.messages import PLACE, places
from edge_assistant.devices.services import SERVICES

_FORBIDDEN: Final = re.compile(r"[+#{}\x00-\x1f\x7f-\x9f]")
_METHODS = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_MAX_TOPIC: Final = 255


def fixed_topic(topic: str) -> str:
    """Return a topic that names one thing for ever. Raises `ValueError`."""
    if not 0 < len(topic) <= _MAX_TOPIC or _FORBIDDEN.search(topic) or topic.startswith("$"):
        raise ValueError("a topic is a plain path, without + # { } or control characters, and does not start with $")
    return topic


def _fixed_host(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("an address starts with http:// or https:// and a host")
    if "@" in host or PLACE.search(host) or _FORBIDDEN.search(PLACE.sub("", url)) or "\\" in url or " " in url:
        raise ValueError("the host of an address is fixed: values stand in the path, the query or the body")
    _ = parts.port  # raises ValueError where it is no number
    return url


Topic = Annotated[str, AfterValidator(fixed_topic)]
Url = Annotated[str, AfterValidator(_fixed_host)]


def _short(key: str) -> BeforeValidator:
    """Return what reads a lone text as a section with this one key."""
    return BeforeValidator(lambda said: {key: said} if isinstance(said, str) else said)


def _listed(said: object) -> object:
    return said if isinstance(said, list) else [said]


class _Listed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sent(_Listed):
    topic: Topic | None = None
    payload: Any
    template: str = ""

    @model_validator(mode="after")
    def _named(self) -> _Sent:
        if self.template and not isinstance(self.payload, dict):
            raise ValueError("the payload of a template is its values, by name")
        return self


class _Read(_Listed):
    topic: Topic | None = None
    path: str = ""
    template: str = ""
    form: Form | None = None
    when: dict[str, list[str]] = {}

    def reading(self, topic: str) -> Reading:
        when = {key: frozenset(said) for key, said in self.when.items()}
        return Reading(topic, _path(self.path), self.template, self.form, when)


class _Available(_Listed):
    topic: Topic
    path: str = ""
    template: str = ""
    online: str = "online"

    def presence(self) -> Presence:
        return Presence(Reading(self.topic, _path(self.path), self.template), self.online)


class _Dialect(_Listed):
    mireds: bool = False
    scale: dict[str, Annotated[float, Field(gt=0)]] = {}
    values: dict[str, dict[str, str | int | float | bool]] = {}

    def dialect(self) -> Dialect:
        words = {name: {ours: plain(theirs) for ours, theirs in each.items()} for name, each in self.values.items()}
        return Dialect(words, self.scale, self.mireds)


class _Mqtt(_Dialect):
    topic: Topic | None = None
    send: dict[str, Any] = {}
    state: Topic | None = None
    read: dict[str, Annotated[_Read, _short("path")]] = {}
    available: Annotated[list[Annotated[_Available, _short("topic")]], BeforeValidator(_listed)] = []
    anywhere: bool = False

    def link(self, domain: str) -> MqttLink:
        send = {f"{domain}.{verb}": self._sent(f"{domain}.{verb}", said) for verb, said in self.send.items()}
        present = tuple(each.presence() for each in self.available)
        link = MqttLink(send, self._readings(), self.dialect(), present, self.anywhere)
        told = {publish.topic for publishes in send.values() for publish in publishes}
        if echo := told & link.topics:
            raise ValueError(f"{echo.pop()} is both told and heard: the device would seem to obey by itself")
        return link

    def _sent(self, service: str, said: Any) -> tuple[Publish, ...]:
        listed = said if isinstance(said, list) else [{"payload": said}]
        publishes = []
        for each in map(_Sent.model_validate, listed):
            topic = each.topic or self.topic
            if topic is None:
                raise ValueError(f"no topic says where {service} is sent")
            _check(service, places(each.payload))
            publishes.append(Publish(topic, each.payload, each.template))
        return tuple(publishes)

    def _readings(self) -> dict[str, Reading]:
        listed = self.read or ({"state": _Read()} if self.state else {})
        readings = {}
        for name, each in listed.items():
            topic = each.topic or self.state
            if topic is None:
                raise ValueError(f"no topic says where {name} is read")
            readings[name] = each.reading(topic)
        return readings


class _Asked(_Listed):
    url: Url
    method: _METHODS | None = None
    query: dict[str, str | int | float] = {}
    json_: Any = Field(default=None, alias="json")

    def request(self, usual: _METHODS) -> Request:
        return Request(
            self.url, self.method or usual, {key: str(value) for key, value in self.query.items()}, self.json_
        )


class _Http(_Dialect):
    send: dict[str, Annotated[_Asked, _short("url")]] = {}
    state: Annotated[_Asked | None, _short("url")] = None
    read: dict[str, str] = {}
    token_env: str | None = None

    def link(self, domain: str) -> HttpLink:
        send = {f"{domain}.{verb}": said.request("POST") for verb, said in self.send.items()}
        for service, request in send.items():
            _check(service, places(request.url) | places(request.query) | places(request.json))
        state = self.state.request("GET") if self.state else None
        if state is not None and places(state.url) | places(state.query) | places(state.json):
            raise ValueError("the address where the state is read takes no values")
        read = self.read or ({"state": ""} if state else {})
        readings = {name: Reading(path=_path(path)) for name, path in read.items()}
        return HttpLink(send, state, readings, self.dialect(), self.token_env)


class _Link(_Listed):
    """How an entity is connected: through one of these, or not at all."""

    domain: str
    via: Literal["memory", "mqtt", "http", "python"] | None = None
    mqtt: _Mqtt | None = None
    http: _Http | None = None

    @model_validator(mode="after")
    def _one(self) -> _Link:
        given = [name for name in ("mqtt", "http") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError("a device is connected through mqtt or http, not both")
        if self.via in ("mqtt", "http") and given != [self.via]:
            raise ValueError(f"via {self.via} needs a section {self.via}")
        if self.via in ("memory", "python") and given:
            raise ValueError(f"via {self.via} needs no section {given[0]}")
        self.link()
        return self

    def link(self) -> Link | None:
        listed = self.mqtt or self.http
        if listed is not None:
            return listed.link(self.domain)
        return PythonLink() if self.via == "python" else MemoryLink() if self.via == "memory" else None


def read_link(domain: str, listed: Mapping[str, object]) -> Link | None:
    """Return how an entity of this domain is connected. Raises pydantic's `ValidationError`."""
    return _Link.model_validate({"domain": domain, **listed}).link()


def _check(service: str, names: set[str]) -> None:
    if service not in SERVICES:
        raise ValueError(f"there is no service {service}")
    if unknown := {name for name in names if not sources({name}) <= SERVICES[service].slots.keys()}:
        raise ValueError(f"{service} has no value {{{unknown.pop()}}}")


def _path(path: str) -> tuple[str, ...]:
    return tuple(path.split(".")) if path else ()
