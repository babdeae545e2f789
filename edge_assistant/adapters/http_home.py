"""Devices with an HTTP interface: fixed hosts, no redirects, and believed when they report it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import anyio

from edge_assistant.adapters import needs
from edge_assistant.devices.home import Entity
from edge_assistant.devices.links import MAX_PAYLOAD, HttpLink, Request
from edge_assistant.devices.messages import Absent, address, filled, requested
from edge_assistant.devices.services import Command, begun, goal
from edge_assistant.errors import ActionError, NotSent
from edge_assistant.types import Slot

if TYPE_CHECKING:
    import httpx

_PAUSE: Final = 0.2
"""Seconds between two looks at a state that is not yet as it was told to be."""
_LONGEST: Final = 5.0
_MARGIN: Final = 0.2


class HttpHome:
    """Tells devices by requests, and reads their state from them."""

    def __init__(self, entities: Collection[Entity]) -> None:
        self._links = {entity.id: _link(entity) for entity in entities}
        self._entities = {entity.id: replace(entity, state="unknown") for entity in entities}
        self._client: httpx.AsyncClient | None = None

    def entities(self) -> Mapping[str, Entity]:
        """Return the entities as they last reported themselves."""
        return self._entities

    async def refresh(self, ids: Collection[str]) -> None:
        """Read the states of these entities, side by side. Raises `ActionError`."""
        failures: list[ActionError] = []

        async def read(id: str) -> None:
            try:
                await self._read(id)
            except ActionError as error:
                failures.append(error)

        async with anyio.create_task_group() as group:
            for id in ids:
                group.start_soon(read, id)
        if failures:
            raise failures[0]

    async def call(self, command: Command) -> Entity:
        """Send the request of a service, and return the device as it reports itself. Raises `ActionError`."""
        link = self._links[command.entity]
        deadline = min(anyio.current_effective_deadline(), anyio.current_time() + _LONGEST) - _MARGIN
        request = link.send.get(command.service)
        if request is None:
            raise NotSent(f"nothing says how {command.service} is sent to this device")
        await self._asked(link, request, requested(link, command.slots, request))
        wanted = {name: value for name, value in goal(command).items() if name in link.read}
        if link.state is None or not wanted:
            return self._entities[command.entity].reporting(goal(command))
        while True:
            entity = await self._read(command.entity)
            has = {"state": entity.state, **entity.attributes}
            if all(link.dialect.same(name, value, has.get(name)) for name, value in wanted.items()):
                return entity.reporting(goal(command))
            if begun(entity, command) or anyio.current_time() + _PAUSE > deadline:
                return entity
            await anyio.sleep(_PAUSE)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _read(self, id: str) -> Entity:
        link = self._links[id]
        if link.state is None:
            return self._entities[id]
        self._entities[id] = replace(self._entities[id], state="unknown")
        text = await self._asked(link, link.state, {})
        said = {name: found for name, reading in link.read.items() if (found := reading.said(text)) is not None}
        heard = {name: link.dialect.heard(name, value) for name, value in said.items()}
        self._entities[id] = entity = self._entities[id].reporting(heard)
        return entity

    async def _asked(self, link: HttpLink, request: Request, values: Mapping[str, Slot]) -> str:
        """Send one request and return what was answered, if that was a success. Raises `ActionError`."""
        client = self._opened()
        import httpx

        token = os.environ.get(link.token_env) if link.token_env else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            url, body = address(request, values), filled(request.json, values)
            async with client.stream(
                request.method, url, json=body if request.json is not None else None, headers=headers
            ) as answer:
                text = await _limited(answer)
        except Absent as error:
            raise NotSent("the address needs a value that was not given") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ActionError(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise ActionError(f"the device answered {answer.status_code}")
        return text

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            with needs("httpx"):
                import httpx
            limits = httpx.Limits(keepalive_expiry=5.0)
            self._client = httpx.AsyncClient(timeout=_LONGEST, follow_redirects=False, trust_env=False, limits=limits)
        return self._client


async def _limited(answer: httpx.Response) -> str:
    """Return the text of an answer. Raises `ActionError` when it is longer than a device has to say."""
    whole = b""
    async for piece in answer.aiter_bytes():
        whole += piece
        if len(whole) > MAX_PAYLOAD:
            raise ActionError(f"the device answered more than {MAX_PAYLOAD} bytes")
    return whole.decode(errors="replace")


def _link(entity: Entity) -> HttpLink:
    assert isinstance(entity.link, HttpLink), "only these are handed in"
    return entity.link
