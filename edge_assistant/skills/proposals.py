"""Wishes that no rule understands: a model chooses among what is on offer, and a person says yes to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import anyio

from edge_assistant.actuator import Actuator
from edge_assistant.devices.home import Home
from edge_assistant.devices.services import SERVICES, Command, fulfils, goal, risk
from edge_assistant.errors import TierError
from edge_assistant.rules.rulebook import Match, Rulebook
from edge_assistant.skills import Asked, Said, Work
from edge_assistant.skills.devices import Devices
from edge_assistant.skills.wishes import is_wish
from edge_assistant.types import Declined, Query

PATIENCE: Final = 40.0
"""Seconds that a model has to choose, loading included."""
PROPOSAL: Final = "Proposal"
"""The intent of a wish, and the table of the words in which commands are proposed."""
Choosing: TypeAlias = Callable[[str, str, "str | None", Home], Awaitable[Sequence[Command]]]
"""Chooses commands for a wish, its language, the speaker's room and a home. Raises `TierError`."""


class Proposals:
    """Puts what a model chose to the person who wished, in our own words; their yes is what acts."""

    def __init__(
        self, actuator: Actuator, choosing: Choosing, manner: Literal["confirm", "low-risk"] = "confirm"
    ) -> None:
        """Take who chooses; with ``low-risk``, commands without any risk are carried out at once."""
        self._actuator = actuator
        self._choosing = choosing
        self._devices = Devices(actuator)
        self._manner = manner

    def wanted(self, query: Query) -> bool:
        """Return whether a model is worth asking: only for what wants something done here, now."""
        return is_wish(query.text.strip(), query.language, self._actuator.home())

    def asked(self, query: Query, book: Rulebook) -> Asked:
        """Return what no rule said: that somebody wishes for something."""
        return Asked(Match(PROPOSAL, {}, "default", query.language, query.text, "", ""), query, book)

    async def offered(self, asked: Asked) -> Work | Declined:
        """Return the work of asking whether this is meant, or, where that is allowed, of doing it."""
        query, at, home = asked.query, self._actuator.now(), self._actuator.home()
        try:
            with anyio.fail_after(PATIENCE):
                chosen = await self._choosing(query.text, query.language, query.context.area, home)
        except TimeoutError:
            return Declined(f"no model chose what to do within {PATIENCE:g} s")
        except TierError as error:
            return Declined(str(error))
        commands = [command for command in chosen if _changes(command, home)]
        if not commands:
            return Declined("the model knows nothing to do about it")
        if (list_of := self._put(asked, commands)) is None:
            return Declined("there are no words for what the model chose")
        if self._manner == "low-risk" and all(_harmless(command, home) for command in commands):
            return self._devices.carrying_out(asked, commands, at, confirmed=False)

        async def ask() -> Said:
            self._actuator.hold(query.context, commands)
            return Said("ask", {"list": list_of}, table=PROPOSAL)

        return ask

    def _put(self, asked: Asked, commands: Sequence[Command]) -> str | None:
        """Return what would be done, each thing with its devices and its value; None where words are missing."""
        alike: dict[tuple[str, str], list[Command]] = {}
        for command in commands:
            alike.setdefault((command.service, str(sorted(command.slots.items()))), []).append(command)
        told = [self._told(asked, group) for group in alike.values()]
        return None if None in told else asked.join([said for said in told if said is not None])

    def _told(self, asked: Asked, commands: Sequence[Command]) -> str | None:
        home, first = self._actuator.home(), commands[0]
        found = [home.entity(command.entity) for command in commands]
        values: dict[str, object] = {**first.slots}
        if "color" in values:
            values["color"] = asked.book.word("Colour", str(values["color"]))
        values["names"] = asked.join([asked.name(entity) for entity in found if entity is not None])
        domain, _, verb = first.service.partition(".")
        parts = [(f"{domain}.{name}.{value}", f"{domain}.{name}") for name, value in first.slots.items()]
        told = [self._words(asked, keys, values) for keys in parts or [(first.service, verb)]]
        return None if None in told else asked.join([said for said in told if said is not None])

    def _words(self, asked: Asked, keys: Sequence[str], values: Mapping[str, object]) -> str | None:
        return next((said for key in keys if (said := asked.book.say(PROPOSAL, key, values))), None)


def _changes(command: Command, home: Home) -> bool:
    entity, wanted = home.entity(command.entity), goal(command)
    return entity is not None and not (wanted and fulfils(entity, wanted))


def _harmless(command: Command, home: Home) -> bool:
    entity = home.entity(command.entity)
    return entity is not None and SERVICES[command.service].risk == risk(command, entity) == "low"
