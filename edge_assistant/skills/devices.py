"""Devices: told what to do, through the actuator, and nothing is claimed that no receipt shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from edge_assistant.actuator import Actuator, Receipt
from edge_assistant.devices.home import Entity
from edge_assistant.devices.services import Command
from edge_assistant.skills import Asked, Said, Skill, Work, saying
from edge_assistant.skills.delayed import parted
from edge_assistant.skills.states import state_word
from edge_assistant.skills.targets import INTENTS, command, is_door, lowers, targets
from edge_assistant.types import Declined

PIN: Final = "Pin"
"""The intent of a number that stands in for a yes."""
_UNPLACED: Final = frozenset(("WhichRoom", "WhichDoor"))
"""What is understood but for the place, which may wait as long as the order does."""
_ONE_IS_MEANT: Final = frozenset(
    ("HassClimateSetTemperature", "StepTemperature", "StepFan", "HassSetVolume", "HassSetVolumeRelative")
)


class Devices:
    """Everything that changes a device."""

    def __init__(self, actuator: Actuator) -> None:
        self._actuator = actuator

    @property
    def skills(self) -> Mapping[str, Skill]:
        """The intents that are answered here."""
        return {
            **dict.fromkeys(INTENTS, self._tell),
            "WhichRoom": lambda asked: saying("which_room", table="Device"),
            "UnknownDevice": lambda asked: saying("unknown_device", "Device", name=asked.match.slots["thing"]),
            "WhichDoor": self._which_door,
            "DelayedOrder": self._delayed,
            "Yes": self._yes,
            "No": self._no,
            PIN: self._pin,
        }

    def _tell(self, asked: Asked) -> Work:
        asked_at = self._actuator.now()
        if asked.match.asks not in ("", "confirm"):
            return saying(asked.match.asks, table="Device")
        area = asked.query.context.area
        found = targets(asked.match, self._actuator.home(), area)
        if not found:
            nothing = "nothing_plays" if asked.match.intent.startswith("HassMedia") else "none_there"
            return saying(nothing, table="Device")
        if len(found) > 1 and (asked.match.intent in _ONE_IS_MEANT or self._ambiguous(asked, found)):
            return saying(
                "which_one", "Device", names=asked.join([self._placed(entity, asked) for entity in found], "or")
            )

        async def tell() -> Said:
            await self._actuator.look([entity.id for entity in found])
            home = self._actuator.home()
            meant = [home.entity(entity.id) or entity for entity in found]
            awake = [entity for entity in meant if not (lowers(asked.match) and entity.state == "off")]
            if not awake:
                names = self._names(asked, [entity.id for entity in meant])
                return Said("is_off", {"names": names, "is": asked.verb(names)}, table="Device")
            commands = [command(asked.match, entity, home) for entity in awake]
            risky = commands if asked.match.asks == "confirm" else self._actuator.needs_yes(commands)
            if risky:
                self._actuator.hold(asked.query.context, commands)
                return self._question(asked, risky)
            receipts = await self._actuator.act(commands, asked=asked_at)
            return self._told(asked, receipts, asked.match.intent, asked.match.response)

        return tell

    def _which_door(self, asked: Asked) -> Work:
        """Ask which door: no guess opens one."""
        doors = [entity for entity in self._actuator.home().entities if is_door(entity)]
        if not doors:
            return saying("none_there", table="Device")
        return saying("which_one", "Device", names=asked.join([self._placed(entity, asked) for entity in doors], "or"))

    def _delayed(self, asked: Asked) -> Work | Declined:
        """Say that nothing is done later, and offer to remind of it."""
        parts = parted(str(asked.match.slots["order"]), asked.match.language)
        assert parts is not None, "the rule's check was passed"
        order, when, lasts = parts
        matches = asked.book.matches(order, self._actuator.home(), asked.query.context.area)
        if not any(match.intent in INTENTS or match.intent in _UNPLACED for match in matches):
            return Declined("what shall be done later is not understood")
        return saying("lasting" if lasts else "default", order=order, when=when)

    def _yes(self, asked: Asked) -> Work | Declined:
        asked_at = self._actuator.now()
        commands = self._actuator.release(asked.query.context)
        if not commands:
            return Declined("nothing waits for a yes")
        if self._actuator.pin is not None and self._actuator.needs_yes(commands):
            self._actuator.hold(asked.query.context, commands)
            return saying("say_pin", table="Device")
        return self.carrying_out(asked, commands, asked_at)

    def _pin(self, asked: Asked) -> Work | Declined:
        pin, asked_at = self._actuator.pin, self._actuator.now()
        if pin is None or not self._actuator.waits(asked.query.context):
            return saying("nothing_waits", table="Device")
        verdict = pin.check(asked.query.text)
        if verdict == "wrong":
            return saying("wrong_pin", table="Device")
        commands = self._actuator.release(asked.query.context)
        return (
            self.carrying_out(asked, commands, asked_at) if verdict == "right" else saying("pin_rests", table="Device")
        )

    def carrying_out(self, asked: Asked, commands: Sequence[Command], asked_at: float, confirmed: bool = True) -> Work:
        """Return the work of carrying out commands that need no sentence of their own."""

        async def carry_out() -> Said:
            receipts = await self._actuator.act(commands, asked=asked_at, confirmed=confirmed)
            services = dict.fromkeys(command.service for command in commands)
            kinds = [[receipt for receipt in receipts if receipt.command.service == service] for service in services]
            told = [self._told(asked, kind, "Done", kind[0].command.service) for kind in kinds]
            return told[0] if len(told) == 1 else _both(asked, told)

        return carry_out

    def _no(self, asked: Asked) -> Work | Declined:
        if not self._actuator.release(asked.query.context):
            return Declined("nothing waits for a no")
        return saying("declined", table="Device")

    def _ambiguous(self, asked: Asked, found: Sequence[Entity]) -> bool:
        """One name for several devices of different kinds or rooms, and no room to decide."""
        return "name" in asked.match.slots and "area" not in asked.match.slots

    def _placed(self, entity: Entity, asked: Asked) -> str:
        area = self._actuator.home().area(entity.area)
        name = asked.name(entity)
        return f"{name} ({area.called(asked.match.language)})" if area else name

    def _question(self, asked: Asked, risky: Sequence[Command]) -> Said:
        names = self._names(asked, [item.entity for item in risky])
        domain, _, verb = risky[0].service.partition(".")
        keys = (f"{domain}.{verb}", "change" if risky[0].slots else verb, "change")
        question = next((said for key in keys if (said := asked.book.say("Question", key, {"names": names}))), names)
        pin = self._actuator.pin is not None and self._actuator.needs_yes(risky)
        return Said("confirm_pin" if pin else "confirm", {"question": question}, table="Device")

    def _told(self, asked: Asked, receipts: Sequence[Receipt], intent: str, response: str) -> Said:
        """Say what the receipts show: what is done, what was so already, and what went wrong."""
        actions = tuple(receipt.action for receipt in receipts)
        done = [receipt for receipt in receipts if receipt.status == "done"]
        already = [receipt for receipt in receipts if receipt.status == "already"]
        wrong = [receipt for receipt in receipts if receipt.status in ("failed", "refused")]
        started = [receipt for receipt in receipts if receipt.status == "started"]
        good = self._done(asked, done, intent, response) if done else self._already(asked, already) if already else ""
        good = " ".join(filter(None, (good, self._started(asked, started) if started else "")))
        if not wrong:
            return Said("told", {"said": good}, actions, table="Device")
        trouble = self._trouble(asked, wrong)
        if not good:
            return Said("told", {"said": trouble}, actions, table="Device")
        return Said(
            "partly",
            {"done": good, "trouble": trouble[:1].lower() + trouble[1:] if good else trouble},
            actions,
            table="Device",
        )

    def _started(self, asked: Asked, receipts: Sequence[Receipt]) -> str:
        names = self._names(asked, [receipt.command.entity for receipt in receipts])
        state = state_word(receipts[0].entity, asked.book) if receipts[0].entity else ""
        values = {"names": names, "is": asked.verb(names), "state": state}
        return asked.book.say("Device", "under_way", values) or f"{names}: {state}"

    def _done(self, asked: Asked, receipts: Sequence[Receipt], intent: str, response: str) -> str:
        values: dict[str, object] = {**asked.match.slots, **receipts[0].command.slots}
        if "color" in values:
            values["color"] = asked.book.word("Colour", str(values["color"]))
        if room := self._actuator.home().area(str(values.get("area", ""))):
            called = room.called(asked.match.language)
            values["room"] = called.lower() if asked.match.language == "en" else called
        names = self._names(asked, [receipt.command.entity for receipt in receipts])
        values |= {"names": names, "is": asked.verb(names)}
        said = asked.book.say(intent, response, values) or asked.book.say(intent, "default", values)
        service = receipts[0].command.service
        keys = (service, "change" if receipts[0].command.slots else service.partition(".")[2], "change")
        return said or next((done for key in keys if (done := asked.book.say("Done", key, values))), names)

    def _already(self, asked: Asked, receipts: Sequence[Receipt]) -> str:
        words = {state_word(receipt.entity, asked.book) for receipt in receipts if receipt.entity is not None}
        if receipts[0].command.slots or len(words) != 1:
            return asked.book.say("Device", "already_set", {}) or ""
        key = "already" if len(receipts) == 1 else "already_many"
        names = self._names(asked, [receipt.command.entity for receipt in receipts])
        return asked.book.say("Device", key, {"names": names, "state": words.pop(), "is": asked.verb(names)}) or ""

    def _trouble(self, asked: Asked, receipts: Sequence[Receipt]) -> str:
        first = receipts[0]
        low, _, high = first.detail.partition(" ")
        names = self._names(asked, [receipt.command.entity for receipt in receipts if receipt.reason == first.reason])
        values: dict[str, object] = {
            "names": names,
            "is": asked.verb(names),
            "state": state_word(first.entity, asked.book) if first.entity else "",
            "low": low,
            "high": high,
            "detail": first.detail,
        }
        return asked.book.say("Device", first.reason, values) or first.reason

    def _names(self, asked: Asked, entities: Sequence[str]) -> str:
        home = self._actuator.home()
        found = [home.entity(id) for id in entities]
        return asked.join([asked.name(entity) for entity in found if entity is not None])


def _both(asked: Asked, told: Sequence[Said]) -> Said:
    texts = [asked.book.say("Device", said.response, said.values) or "" for said in told]
    actions = tuple(action for said in told for action in said.actions)
    said = asked.book.word("Word", "then").join(text[:1].upper() + text[1:] for text in texts)
    return Said("told", {"said": said}, actions, table="Device")
